"""Where a 3xx leads (RFC 3261 8.1.3.4, 20.10)."""

from __future__ import annotations

from sipedge.sip.message import Message
from sipedge.sip.uri import Uri, UriError, parse_uri
from sipedge.sip.values import parse_address, split_commas

MOST = 5
"""Contacts that are tried for one call."""


def targets(response: Message, scheme: str) -> list[Uri]:
    """The Contacts of a 3xx that are URIs of this scheme, the likeliest first."""
    found: list[tuple[float, Uri]] = []
    for value in response.values("contact") if "contact" in response.index else ():
        for item in split_commas(value):
            address = parse_address(item)
            try:
                uri = parse_uri(address.uri.partition("?")[0])
            except UriError:
                continue
            if uri.scheme == scheme:
                found.append((_preference(dict(address.parameters).get("q") or ""), uri))
    return [uri for _, uri in sorted(found, key=lambda pair: -pair[0])]


def _preference(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
