"""The tables ``[web]`` and ``[turn]`` with those in them: types, ranges and defaults."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sipedge.web_settings import PRIVATE, MeetingServer, Publish, Turn, Web

from .schema import ARRAY, Address, AddressOrNone, DnsServers, Domain, DomainOrNone, Peer, Port, fail, mirror


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise fail(f'"{text}" is not a network', "write it like 10.0.0.0/8, 192.0.2.7 or fc00::/7") from None


def _range(ports: tuple[int, ...]) -> tuple[int, ...]:
    if len(ports) != 2 or not 1024 <= ports[0] <= ports[1] <= 65535:
        raise fail(f"{list(ports)} is not a range of ports", "write the first and the last one: [24000, 29999]")
    return ports


def _username(text: str) -> str:
    if not text.isascii() or not text.isprintable() or set(text) & set(" :,=#\"'\\"):
        raise fail(f"{text!r} is not a user name for TURN", "write letters, digits, dots and dashes")
    return text


_AnyPort = Annotated[int, Field(ge=0, le=65535)]
_Quota = Annotated[int, Field(ge=0, le=1_000_000)]
_Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], ARRAY, Field(max_length=100)]

MEETING_SERVER = mirror(MeetingServer, guest_uri=(Domain, ...), address=(AddressOrNone, ""))
PUBLISH = mirror(
    Publish,
    public_names=(Annotated[tuple[Domain, ...], ARRAY, Field(min_length=1, max_length=100)], ...),
    servers=(Annotated[tuple[Peer, ...], ARRAY, Field(min_length=1, max_length=20)], ...),
    address=(AddressOrNone, ""),
    plain_port=(_AnyPort, 8080),
    verify_name=(DomainOrNone, ""),
)
WEB = mirror(
    Web,
    ("meeting_servers",),
    plain_port=(_AnyPort, 80),
    dns_servers=(DnsServers, ()),
    meeting_server=(list[Any], []),
    publish=(list[Any], []),
)
"""Meeting servers and rules are read one by one, by MEETING_SERVER and PUBLISH."""


class TurnUserTable(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    username: Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_username)]
    password_file: str


TURN = mirror(
    Turn,
    ("users",),
    address=(Address, ...),
    realm=(Domain, ...),
    outside_address=(AddressOrNone, ""),
    further_ports=(Annotated[tuple[Port, ...], ARRAY, Field(max_length=16)], ()),
    tls_port=(_AnyPort, 0),
    ports=(Annotated[tuple[int, ...], ARRAY, AfterValidator(_range)], (24000, 29999)),
    user_quota=(_Quota, 0),
    total_quota=(_Quota, 1200),
    deny_peers=(_Networks, PRIVATE),
    allow_peers=(_Networks, ()),
    user=(list[Any], []),
)
"""Users are read one by one, by TurnUserTable."""
