"""Contacts of a hidden zone: the URI sealed into one of the edge's own, which leads back to it (RFC 3261 8.1.1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s

from sipedge.sip.uri import Uri, UriError, parse_uri
from sipedge.sip.values import parse_address, split_commas

from .seals import Kind, Seals

PREFIX = "c-"
IN_URI = f":{PREFIX}"
"""In the text of every sealed URI."""
VISIBLE = ("gr", "gruu", "opaque", "isfocus", "method", "user")
"""URI parameters that peers decide by and that name no host: GRUUs (RFC 5627, MS-SIPRE), conferences (RFC 4579)."""
HIDDEN_PARAMETERS = ("received", "pub-gruu", "temp-gruu", "+sip.instance", "reg-id")
"""Header parameters that hold addresses, URIs or the number of a device."""
DIGEST_BYTES = 6
MOST, LONGEST = 1024, 256
"""Sealed URIs that are remembered, because a party has one Contact for all that it sends, and their characters."""


@dataclass(frozen=True, slots=True)
class Seat:
    """How the edge is called where the sealed URI will be used."""

    host_port: str
    transport: str
    """Lower case."""
    side: str
    """The zone that may use it; all zones outside are one, ''."""
    longest: int = 0
    """Characters of a user part that its peers take; 0: any number."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a sealed URI stands for."""

    zone: str
    text: str


class Contacts:
    """Seals and opens the Contacts of all hidden zones."""

    def __init__(self, seals: Seals, zones: tuple[str, ...], domains: frozenset[str]) -> None:
        """``domains``: the edge's own SIP domains, which are public: URIs there stay as they are."""
        self._seals, self._domains = seals, domains
        self._digests = {zone: blake2s(zone.encode(), digest_size=DIGEST_BYTES).hexdigest() for zone in zones}
        self._zones = {digest: zone for zone, digest in self._digests.items()}
        self._remembered = lru_cache(maxsize=MOST)(self._made)

    def sealed(self, text: str, zone: str, seat: Seat) -> str:
        """A URI as the others see it; what is no SIP URI, or names only a domain of ours, stays.

        Header components (``?Replaces=...``) stay behind it: they are for who sends a request there.
        """
        is_usual = not seat.longest and len(text) <= LONGEST  # else a handle may have to be noted
        return (self._remembered if is_usual else self._made)(text, zone, seat)

    def _made(self, text: str, zone: str, seat: Seat) -> str:
        bare, headers = split_headers(text)
        try:
            uri = parse_uri(bare)
        except UriError:
            return text
        if not uri.is_sip or uri.host in self._domains:
            return text
        longest = max(seat.longest - len(PREFIX), 0)
        token = self._seals.seal(Kind.CONTACT, seat.side, self._digests[zone] + bare, longest)
        transport = [] if uri.scheme == "sips" else [f"transport={seat.transport}"]
        return ";".join((f"{uri.scheme}:{PREFIX}{token}@{seat.host_port}", *transport, *_seen(uri))) + headers

    def opened(self, uri: Uri, side: str) -> Opened | None:
        """What a Request-URI with one of these tokens stands for; None for any other, or from another side."""
        if not is_sealed(uri):
            return None
        text = self._seals.open(Kind.CONTACT, side, (uri.user or "")[len(PREFIX) :])
        if text is None:
            return None
        zone = self._zones.get(text[: 2 * DIGEST_BYTES])
        return None if zone is None else Opened(zone, text[2 * DIGEST_BYTES :])

    def sealed_value(self, value: str, zone: str, seat: Seat, hosts: frozenset[str] | None = None) -> str:
        """A whole header value: all its items, each with the parameters that may be seen.

        ``hosts``: seal only URIs of these hosts; None: all.
        """
        return ", ".join(self._sealed_item(item, zone, seat, hosts) for item in split_commas(value))

    def _sealed_item(self, item: str, zone: str, seat: Seat, hosts: frozenset[str] | None) -> str:
        address = parse_address(item)
        if address.uri in ("", "*") or (hosts is not None and host_of(address.uri) not in hosts):
            return item
        kept = [
            f";{name}" if value is None else f";{name}={value}"
            for name, value in address.parameters
            if name not in HIDDEN_PARAMETERS
        ]
        display = f"{address.display} " if address.display else ""
        return f"{display}<{self.sealed(address.uri, zone, seat)}>{''.join(kept)}"


def visible_parameters(text: str) -> list[str]:
    """Of a SIP URI, those that stay visible, as they are written; none of anything else."""
    try:
        return _seen(parse_uri(split_headers(text)[0]))
    except UriError:
        return []


def _seen(uri: Uri) -> list[str]:
    return [name if value is None else f"{name}={value}" for name, value in uri.parameters if name in VISIBLE]


def is_sealed(uri: Uri) -> bool:
    """Whether a URI looks like one of these."""
    return uri.user is not None and uri.user.startswith(PREFIX)


def host_of(text: str) -> str:
    """The host of a SIP URI in its one spelling, '' for anything else."""
    try:
        return parse_uri(split_headers(text)[0]).host
    except UriError:
        return ""


def split_headers(text: str) -> tuple[str, str]:
    """A SIP URI and its header components with their ``?``; a question mark in the user part begins none."""
    start = text.find("?", text.find("@") + 1)
    return (text, "") if start < 0 else (text[:start], text[start:])
