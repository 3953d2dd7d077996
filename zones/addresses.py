"""IP addresses as text: one spelling for each, and which of them a stranger's DNS may send the edge to."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

_LONGEST = 80
"""Longer than any address with brackets and scope."""
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_BROADCAST = IPv4Address("255.255.255.255")


@lru_cache(maxsize=4096)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    if not text or len(text) > _LONGEST:
        return None
    if text[0] == "[" and text[-1] == "]":
        text = text[1:-1]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def canonical_address(text: str) -> str:
    """The one spelling of an address (RFC 5952, no brackets, IPv4-mapped as IPv4); '' when the text is no address."""
    address = _parse(text)
    return str(address) if address is not None else ""


def host_port(host: str, port: int | None = None) -> str:
    """``host[:port]`` as URIs, Via headers and logs have it (RFC 3261 25.1 hostport): IPv6 stands in brackets.

    ``host``: a name or an address without brackets.
    """
    text = f"[{host}]" if ":" in host else host
    return text if port is None else f"{text}:{port}"


def may_connect(address: str, *, allow_loopback: bool) -> bool:
    """Whether an address from the DNS or from a message is one to connect to.

    Never: multicast, broadcast, unspecified, "this network" (Linux takes 0.0.0.0 for itself).
    Only with ``allow_loopback``: this host and this link.
    """
    parsed = _parse(address)
    if parsed is None or parsed.is_multicast or parsed.is_unspecified or parsed == _BROADCAST:
        return False
    if isinstance(parsed, IPv4Address) and parsed in _THIS_NETWORK:
        return False
    return allow_loopback or not (parsed.is_loopback or parsed.is_link_local)


def same_scope(one: str, other: str) -> bool:
    """Whether packets can go from one address to the other: same family, and both on loopback or neither."""
    first, second = _parse(one), _parse(other)
    if first is None or second is None or first.version != second.version:
        return False
    return first.is_loopback == second.is_loopback
