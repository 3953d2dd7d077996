"""Who is named by a URI, a header with one, or an alias; and what a filter demands of those."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

_NAME_ADDR = re.compile(r'\s*((?:"(?:[^"\\]|\\.)*"|[^"<>])*)<([^<>]*)>')
"""RFC 3261 25.1: a display name, then the URI in brackets."""
_SCHEME = re.compile(r"\s*(sips?|tel|pres|im|xmpp|mailto):", re.IGNORECASE)
_HOST = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?\.?)"
_BEHIND = r"(:[0-9]{1,5})?\s*(?:[;?].*)?"
_USER_HOST = re.compile(rf"([^@]*)@{_HOST}{_BEHIND}", re.DOTALL)
_HOST_ALONE = re.compile(rf"{_HOST}{_BEHIND}", re.DOTALL)
_DOMAIN = re.compile(r"\[.*\]|[0-9]{1,3}(\.[0-9]{1,3}){3}|.*\.([A-Za-z]{2,}|[Xx][Nn]--[A-Za-z0-9-]+)\.?")
"""Told from a name without a domain, such as ``alice`` or ``4711``."""
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Address(NamedTuple):
    scheme: str
    """With its colon; '' where none is written."""
    user: str
    """In one spelling: escapes undone, ASCII letters small. All of the text where it is no address; '' for a domain."""
    host: str
    """'' where there is none."""
    port: str = ""
    """With its colon, as it is written."""


class Exactly(NamedTuple):
    """A demand on an address: on its whole user, its whole host, or both."""

    user: str
    """As in ``Address``; '' demands nothing."""
    host: str
    """ASCII letters small; '' demands nothing."""

    def fits(self, text: str) -> bool:
        """``text``: as ``address_of`` takes it."""
        if not self.user and not _begins(self.host).search(text):
            return False  # four times as fast: somebody may ask for what a million texts hold a part of
        found = address_of(text)
        fits_user = not self.user or found.user == self.user
        return fits_user and (not self.host or found.host.translate(_LOWER) == self.host)

    @property
    def part(self) -> str:
        """Text that stands in whatever fits, where no escape does; ASCII letters of either case."""
        return f"{self.user}@{self.host}" if self.user and self.host else self.user or self.host


def address_of(text: str) -> Address:
    """Of a URI, a From or To header, an alias. What stands behind the host is left out: it may name somebody."""
    bracketed = _NAME_ADDR.match(text)
    uri = bracketed[2] if bracketed else text
    found = _SCHEME.match(uri)
    scheme, rest = (found[1].lower() + ":", uri[found.end() :]) if found else ("", uri)
    if scheme == "tel:":
        return Address(scheme, _plain(rest.partition(";")[0]), "")
    if both := _USER_HOST.fullmatch(rest.strip()):
        return Address(scheme, _plain(both[1]), both[2], both[3] or "")
    alone = _HOST_ALONE.fullmatch(rest.strip())
    if alone and _DOMAIN.fullmatch(alone[1]):
        return Address(scheme, "", alone[1], alone[2] or "")
    return Address(scheme, _plain(rest), "")


def display_of(header: str) -> str:
    """The display name of a From or To header, without its quotes; ''."""
    found = _NAME_ADDR.match(header)
    return found[1].strip().strip('"') if found else ""


def domain_of(text: str) -> str:
    """``example.com`` or ``@example.com``, a port may follow -> the domain, ASCII letters small; '' for all else."""
    found = _HOST_ALONE.fullmatch(text.strip().removeprefix("@"))
    alone = found is not None and found[0] == found[1] + (found[2] or "")
    return found[1].translate(_LOWER) if found and alone else ""


def without_scheme(text: str) -> str:
    """``<sip:user@example.com>`` -> ``user@example.com``."""
    inner = text.strip().removeprefix("<").removesuffix(">")
    found = _SCHEME.match(inner)
    return inner[found.end() :] if found else inner


@lru_cache(100)
def _begins(host: str) -> re.Pattern[str]:
    """Where a host may begin that is this one."""
    return re.compile(rf"(?:^|[@:<\s]){re.escape(host)}(?!\.?[A-Za-z0-9_-])", re.IGNORECASE)


def _plain(user: str) -> str:
    return unquote(user.strip(), errors="surrogateescape").translate(_LOWER)
