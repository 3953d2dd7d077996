"""Names in certificates and in the DNS: their one spelling, and whether a certificate carries an expected one.

RFC 6125 and RFC 5922 section 7. A name that is not clean ASCII never matches: a certificate writes international names
as A-labels, so whatever else it holds is a mistake or an attack (a NUL that cuts the name short, a look-alike letter).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from .addresses import canonical_address

LONGEST_NAME = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PLAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_HOST_CHARACTERS = re.compile(r"[\w.:\[\]-]+")
_SHOWN_NAMES = 8
_SHOWN_LENGTH = 100
_NONE: frozenset[str] = frozenset()


def host_name(text: str) -> str:
    """An ASCII host name in lower case without its last dot; '' when the text is none (an address is none)."""
    name = text.removesuffix(".").lower()
    if len(name) > LONGEST_NAME or not text.isascii() or not _HOST_NAME.fullmatch(name):
        return ""
    return "" if name.rpartition(".")[2].isdigit() else name


def to_ascii(text: str) -> str:
    """A configured name with its international labels as A-labels, then as ``host_name``."""
    if text.isascii() or len(text) > LONGEST_NAME:
        return host_name(text)
    try:
        return host_name(text.encode("idna").decode("ascii"))
    except UnicodeError:
        return ""


def plain_host(text: str) -> str:
    """The one spelling of a host in a URI: lower case, without escapes, brackets and last dot, U-labels as A-labels.

    An address is as RFC 5952 has it. What is no host at all stays as it is, in lower case, and equals no clean name.
    """
    if _PLAIN.fullmatch(text):
        return text
    unescaped = unquote(text) if "%" in text else text
    if _HOST_CHARACTERS.fullmatch(unescaped):
        text = unescaped
    return canonical_address(text) or to_ascii(text) or text.lower().removesuffix(".")


class PeerNames:
    """The names of one peer's certificate, made ready once for many questions."""

    __slots__ = ("_exact", "_parents")

    def __init__(self, presented: Iterable[str]) -> None:
        names = tuple(presented)
        plain = (canonical_address(name) or host_name(_without_scheme(name)) for name in names)
        self._exact = frozenset(filter(None, plain)) or _NONE
        parents = (host_name(name[2:]) for name in names if name.startswith("*."))
        self._parents = frozenset(filter(None, parents)) or _NONE

    def carries(self, host: str, wildcards: bool) -> bool:
        """As ``name_matches``, for a host in its one spelling (``plain_host``)."""
        if host in self._exact:
            return True
        parent = host.partition(".")[2]
        return wildcards and "." in parent and parent in self._parents

    def __bool__(self) -> bool:
        return bool(self._exact or self._parents)


@lru_cache(maxsize=512)
def peer_names(presented: tuple[str, ...]) -> PeerNames:
    """Of connections: those of one certificate share them, which saves 1 KB each."""
    return PeerNames(presented)


def name_matches(expected: str, presented: str, wildcards: bool) -> bool:
    """Whether a name in a certificate is the expected one, which an administrator wrote or a URI asked for.

    ``presented`` may be a SIP URI without user part (RFC 5922 7.1). A wildcard counts only when ``wildcards``, as the
    whole left-most label, for exactly one label, and never for a host directly below a top-level domain.
    """
    address = canonical_address(expected)
    if address:
        return address == canonical_address(presented)
    wanted = to_ascii(expected)
    if not wanted:
        return False
    if presented.startswith("*."):
        parent = wanted.partition(".")[2]
        return wildcards and "." in parent and parent == host_name(presented[2:])
    return wanted == host_name(_without_scheme(presented))


def _without_scheme(presented: str) -> str:
    scheme, colon, rest = presented.partition(":")
    return rest if colon and scheme.lower() in ("sip", "sips") else presented


def any_match(expected: Iterable[str], presented: Iterable[str], wildcards: bool) -> bool:
    """Whether a certificate with the ``presented`` names carries at least one of the ``expected``."""
    shown = tuple(presented)
    return any(name_matches(name, other, wildcards) for name in expected for other in shown)


def show_names(names: Iterable[str]) -> str:
    """Names for a log line: control characters spelled out, each cut, only the first few."""
    listed = tuple(names)
    text = ", ".join(ascii(name[:_SHOWN_LENGTH])[1:-1] for name in listed[:_SHOWN_NAMES])
    more = f" and {len(listed) - _SHOWN_NAMES} more" if len(listed) > _SHOWN_NAMES else ""
    return f"{text}{more}" or "none"
