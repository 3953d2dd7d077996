"""SIP and SIPS URIs (RFC 3261 section 19.1), read without changing a byte of what is forwarded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from zones.names import plain_host

SIP_SCHEMES = ("sip", "sips")
_UNUSUAL = re.compile('[\x00-\x20\x7f-\x9f<>"]')
"""What no URI holds: blanks, brackets, quotes, control characters."""
DEFAULT_PORTS = {"tls": 5061, "tcp": 5060, "udp": 5060}


class UriError(ValueError):
    """A URI that cannot be read; ``str()`` is one sentence for a person."""


@dataclass(slots=True, unsafe_hash=True)  # not frozen: that would make it cost 1 % of a proxied MESSAGE
class Uri:
    """One URI, split; read only.

    ``user`` keeps its escapes and password; ``host`` is in its one spelling (zones.names).
    """

    text: str
    scheme: str
    user: str | None = None
    host: str = ""
    port: int | None = None
    parameters: tuple[tuple[str, str | None], ...] = ()
    headers: str | None = None

    @property
    def is_sip(self) -> bool:
        return self.scheme in SIP_SCHEMES

    def parameter(self, name: str) -> str | None:
        """The value of a URI parameter ('' when it has none), None when absent. Names are case-insensitive."""
        for key, value in self.parameters:
            if key == name:
                return value or ""
        return None

    @property
    def transport(self) -> str | None:
        """The transport asked for, lower case, without the quotes Lync writes; SIPS means TLS (RFC 3261 26.2.2)."""
        value = self.parameter("transport")
        if value:
            return value.strip('"').lower()
        return "tls" if self.scheme == "sips" else None

    @property
    def is_loose(self) -> bool:
        return any(key == "lr" for key, _ in self.parameters)


LONGEST_REMEMBERED = 256
"""Characters; what is longer is split anew each time, so that strangers cannot fill the memory."""


def parse_uri(text: str) -> Uri:
    """Split a URI. Schemes other than sip and sips keep only ``scheme`` and ``text``.

    Raises UriError where there is no scheme, an empty host, a bad port or an unclosed IPv6 bracket.
    """
    return _remembered(text) if len(text) <= LONGEST_REMEMBERED else _parse_uri(text)


_PLAIN = re.compile(r"(sips?):(?:([\w.!~*'()%&=+$,-]*)@)?([a-z0-9-]+(?:\.[a-z0-9-]+)*)", re.ASCII)
"""Nearly all that are new: no port, no parameters, and a host in its one spelling. Reads it in a third of the time."""


@lru_cache(maxsize=4096)
def _remembered(text: str) -> Uri:
    plain = _PLAIN.fullmatch(text)
    return _parse_uri(text) if plain is None else Uri(text, plain[1], plain[2], plain[3])


def _parse_uri(text: str) -> Uri:
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or not scheme or not scheme[0].isalpha() or not all(c.isalnum() or c in "+-." for c in scheme):
        raise UriError(f"'{text[:80]}' has no scheme such as sip: or sips:")
    if scheme not in SIP_SCHEMES:
        return Uri(text, scheme)
    if _UNUSUAL.search(rest) and not _quotes_only_in_parameters(rest):
        raise UriError(f"'{text[:80]}' holds a blank, control character, quote or angle bracket")
    user, host_part = _split_user(rest)
    if "@" in host_part:  # illegal unescaped; taking the first or the last for the one would be a guess
        raise UriError(f"'{text[:80]}' has more than one @")
    host_part, _, headers = host_part.partition("?")
    host_port, *raw_parameters = host_part.split(";")
    host, port = split_host_port(host_port)
    host = plain_host(host)
    if not host:
        raise UriError(f"'{text[:80]}' has no host")
    parameters = tuple(map(_parameter, filter(None, raw_parameters)))
    return Uri(text, scheme, user, host, port, parameters, headers or None)


def _split_user(rest: str) -> tuple[str | None, str]:
    """The user part ends at the ``@``: ``;``, ``?`` and ``/`` are legal inside it."""
    user, at, host_part = rest.partition("@")
    return (user, host_part) if at else (None, rest)


_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()")


def plain_user(user: str) -> str:
    """A user part with the escapes undone that mean nothing (RFC 3261 19.1.4): %61lice is alice, %40 stays."""
    return _ESCAPE.sub(_plain_character, user) if "%" in user else user


def _plain_character(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _parameter(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name.lower(), value if equals else None


def _quotes_only_in_parameters(rest: str) -> bool:
    """Lync writes ``;transport="tcp"``: quotes are let through after the first semicolon, blanks and brackets never."""
    return not _UNUSUAL.search(rest.replace('"', "")) and '"' not in rest.partition(";")[0]


def split_host_port(text: str) -> tuple[str, int | None]:
    """``host[:port]`` with IPv6 in brackets; raises UriError for a port that is no number from 1 to 65535."""
    if text.startswith("["):
        host, bracket, tail = text[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            raise UriError(f"'{text[:80]}' is not an IPv6 address in brackets with an optional port")
        port_text = tail[1:]
    else:
        host, colon, port_text = text.partition(":")
        if colon and not port_text:
            raise UriError(f"'{text[:80]}' has a colon but no port")
    if not port_text:
        return host.lower(), None
    if not (port_text.isascii() and port_text.isdigit() and len(port_text) <= 5 and 0 < int(port_text) < 65536):
        raise UriError(f"'{text[:80]}' has a port that is not a number from 1 to 65535")
    return host.lower(), int(port_text)
