"""Decisions as somebody sees them who is not to know whom they are about: users are pseudonyms, domains stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .addresses import address_of, display_of
from .pseudonyms import Pseudonyms

HIDDEN = "(hidden)"
"""In the place of a name in a sentence of the edge."""
_SHORTEST = 3
"""Letters of a part of a name that is looked for by itself."""
_NAMED = re.compile(
    r"(?:sips?|tel|pres|im):[^\s\"'<>;,]+|[^\s\"'<>=;,(]+@[^\s\"'<>;,)]+|\+[0-9]{5,}|\b[0-9]{7,}\b", re.I
)
"""What looks like an address or a number in the telephone network."""
_CODE = re.compile(r"\s*[0-9]{0,9}")
"""The number of a cause, with which ms-diagnostics begins."""


class Masking:
    """Of one console."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self.pseudonyms = pseudonyms

    def alias(self, text: str) -> str:
        """An alias or a URI: the user as a pseudonym, the domain with its port; without any parameters and headers."""
        found = address_of(text)
        if not found.user:
            return f"{found.scheme}{found.host}{found.port}"
        at = f"@{found.host}{found.port}" if found.host else ""
        return f"{found.scheme}{self.pseudonyms.of(found.user)}{at}"

    def made(self, text: str) -> str:
        """What a plan made of an alias: what looks like a domain may be a user whose domain was taken off."""
        found = address_of(text)
        return self.alias(text) if found.user or not text else self.pseudonyms.of(text)

    def header(self, text: str) -> str:
        """A From or To header: without its display name and parameters."""
        return f"<{self.alias(text)}>" if text else ""

    def record(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A decision as the edge writes it (docs/traces.md), so, too. Of an answer of somebody else it has the numbers
        alone: nobody knows whom the words name."""
        names = _names_in(fields)
        alias, searched = fields["alias"], fields["searched"]
        masked = {name: self.alias(fields[name]) for name in ("alias", "request_uri", "also")}
        masked |= {name: self.header(fields[name]) for name in ("from", "to")}
        masked |= {name: _without(fields[name], names) for name in ("evidence", "cseq")}
        return {
            **fields,
            **masked,
            "call_id": self.pseudonyms.mark(fields["call_id"]),
            "searched": searched and self.after(alias, searched),
            "rules": [{**rule, "alias": self.after(alias, rule["alias"])} for rule in fields["rules"]],
            "hops": [{**hop, "reason": _without(hop["reason"], names)} for hop in fields["hops"]],
            "reason": _without(fields["reason"], names) if fields["own"] else "",
            "diagnostics": [_CODE.match(each)[0] for each in fields["diagnostics"]],  # type: ignore[index]
        }

    def after(self, alias: str, text: str) -> str:
        """``text``: what became of ``alias``, which may be itself."""
        return self.alias(text) if text == alias else self.made(text)


def _names_in(fields: Mapping[str, Any]) -> list[str]:
    """Who is named by a decision, in all that is known; the longest first."""
    texts = [fields[name] for name in ("alias", "request_uri", "also", "searched", "from", "to")]
    texts += [rule["alias"] for rule in fields["rules"]]
    found = set[str]()
    for text in filter(None, texts):
        found |= {address_of(text).user, display_of(text)}
    parts = {part for name in found for part in re.split(r"[\W_]+", name)}
    return sorted({each for each in (*found, *parts) if len(each) >= _SHORTEST}, key=lambda each: (-len(each), each))


def _without(text: str, names: Iterable[str]) -> str:
    hidden = _NAMED.sub(HIDDEN, text)
    for name in names:
        hidden = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", HIDDEN, hidden, flags=re.IGNORECASE)
    return hidden
