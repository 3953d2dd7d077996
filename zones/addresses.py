"""IP addresses as text: one spelling for each, and which of them a stranger's DNS may send the edge to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_LONGEST = 80
"""Longer than any address with brackets and scope."""
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_PRIVATE: tuple[IPv4Network | IPv6Network, ...] = (
    *map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15")),
    *map(IPv4Network, ("192.0.0.0/24", "240.0.0.0/4")),
    *map(IPv6Network, ("fc00::/7", "fec0::/10", "64:ff9b:1::/48")),
)
"""RFC 1918, 6598, 2544, 6890, 1112, 4193, 3879, 8215: networks that the Internet does not lead to."""
_NAT64 = IPv6Network("64:ff9b::/96")
_FIRST_USER_PORT, _HTTPS = 1024, 443
_BROADCAST = IPv4Address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be connected to beside addresses of the Internet."""

    loopback: bool = False
    """This host and this link."""
    private: bool = False
    low_ports: bool = False
    """Ports below 1024 beside 443: SIP is not spoken there, but SSH, SMTP and the like are."""


PUBLIC = Allowed()
ANYWHERE = Allowed(loopback=True, private=True, low_ports=True)
"""For what an administrator has configured."""


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


def source_of(address: str) -> str:
    """The source that an address counts for: itself, or the /64 of an IPv6 site. Raises ValueError for no address."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return address


def forbidden(address: str, allowed: Allowed) -> str:
    """Why an address from the DNS or from a message is not one to connect to, in a few words; '' when it is.

    Never: multicast, broadcast, unspecified, "this network" (Linux takes 0.0.0.0 for itself). IPv6 addresses that have
    an IPv4 address in them are as good as that one: DNS64 makes NAT64 addresses of all the Internet.
    """
    parsed = _embedded(_parse(address))
    if parsed is None:
        return "no address"
    if parsed.is_multicast or parsed.is_unspecified or parsed == _BROADCAST or _is_in(parsed, (_THIS_NETWORK,)):
        return "no address of a host"
    if parsed.is_loopback or parsed.is_link_local:
        return "" if allowed.loopback else "an address of this host or link (allow_loopback lets it pass)"
    if _is_in(parsed, _PRIVATE):
        return "" if allowed.private else "a private address (allow_private lets it pass)"
    return ""


def forbidden_port(port: int, allowed: Allowed) -> str:
    """Why a port is not one to connect to, in a few words; '' when it is."""
    if not 0 < port < 65536:
        return "no port"
    low = port < _FIRST_USER_PORT and port != _HTTPS
    return "a port of another service" if low and not allowed.low_ports else ""


def _is_in(address: IPv4Address | IPv6Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _embedded(address: IPv4Address | IPv6Address | None) -> IPv4Address | IPv6Address | None:
    """The IPv4 address in a NAT64, 6to4, Teredo or IPv4-compatible one (RFC 6052, 3056, 4380, 4291); else itself."""
    if not isinstance(address, IPv6Address):
        return address
    number = int(address)
    if address in _NAT64 or 0xFFFF < number < 1 << 32:
        return IPv4Address(number & 0xFFFFFFFF)
    return address.sixtofour or (address.teredo[1] if address.teredo else address)


def same_scope(one: str, other: str) -> bool:
    """Whether packets can go from one address to the other: same family, and both on loopback or neither."""
    first, second = _parse(one), _parse(other)
    if first is None or second is None or first.version != second.version:
        return False
    return first.is_loopback == second.is_loopback
