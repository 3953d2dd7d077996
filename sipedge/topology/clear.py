"""A text with the tokens of hidden zones in it -> the same text with what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .call_ids import PREFIX as CALL_ID
from .contacts import DIGEST_BYTES, IN_URI
from .contacts import PREFIX as CONTACT
from .handles import LENGTH, MARK
from .seals import Kind, Seals

MARKS = (CALL_ID, IN_URI, ":e-")
"""A text without any of these has nothing to open."""

_TOKEN = rf"(?:[A-Za-z0-9_-]{{{LENGTH + 1},}}|{re.escape(MARK)}[A-Za-z0-9_-]{{{LENGTH}}})"
"""Or the handle of one."""
_CALL_ID = re.compile(rf"\b{CALL_ID}({_TOKEN})")
_CONTACT = re.compile(rf"\bsips?:{CONTACT}({_TOKEN})@[^\s<>;,?\"]+(?:;transport=\w+)?")
_ROUTE = re.compile(rf"<sips?:(e-[A-Za-z0-9_-]+)\.({_TOKEN})@[^<>]*>")


class Clear:
    """Reads what an edge has sealed, for whoever has its secret."""

    def __init__(self, seals: Seals, zones: Iterable[str]) -> None:
        """``zones``: the names of all zones, hidden or not."""
        self._seals = seals
        self._zones = tuple(zones)

    def text(self, text: str) -> str:
        """Contacts become the URI that was sealed, Call-IDs what they were, sealed Routes stand behind their token."""
        text = _CALL_ID.sub(self._call_id, text)
        text = _CONTACT.sub(self._contact, text)
        return _ROUTE.sub(self._route, text)

    def _call_id(self, found: re.Match[str]) -> str:
        ways = (f"{way} {zone}" for zone in self._zones for way in ("out", "in"))
        opened = self._opened(Kind.CALL_ID, ways, found[1])
        return found[0] if opened is None else self.text(opened)  # between two hidden zones: one token in another

    def _contact(self, found: re.Match[str]) -> str:
        opened = self._opened(Kind.CONTACT, ("", *self._zones), found[1])
        return found[0] if opened is None else opened[2 * DIGEST_BYTES :]

    def _route(self, found: re.Match[str]) -> str:
        following = self._seals.open(Kind.ROUTES, found[1], found[2])
        if following is None:
            return found[0]
        own = found[0].replace(f".{found[2]}", "", 1)
        return ", ".join((own, *following.split("\n")))

    def _opened(self, kind: Kind, contexts: Iterable[str], token: str) -> str | None:
        """What a token stands for; None where nobody here sealed it."""
        candidates = (self._seals.open(kind, context, token) for context in contexts)
        return next((text for text in candidates if text is not None), None)
