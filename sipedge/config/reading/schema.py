"""The tables and keys of ``edge.toml``: types, ranges and defaults.

Names and defaults of zones, limits, timers and DNS are those of the frozen records (zones.zone, sipedge.settings):
``mirror`` reads them there, so that they are written once. What differs from the record stands here.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import MISSING, fields
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from dialplan.model import PatternType
from dialplan.problem import listing
from sipedge.settings import (
    BY_HAND,
    DnsSettings,
    DoctorSettings,
    Hep,
    Limits,
    Listener,
    Log,
    MetricsSettings,
    Timers,
    Xmpp,
    XmppRoute,
)
from zones.calls import CallPolicy
from zones.zone import (
    DEFAULT_ZONE,
    AccessAction,
    DefaultZone,
    DnsZone,
    NeighborZone,
    RatePolicy,
    TlsPolicy,
    TlsVersion,
    TraversalClientZone,
    TraversalServerZone,
)

SHORTEST_USER_PART = 100
"""The edge's own token with a handle behind it."""
_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


def fail(sentence: str, hint: str = "") -> PydanticCustomError:
    """For a validator to raise: what is wrong, and what would be right."""
    return PydanticCustomError("sentence", "{sentence}", {"sentence": sentence, "hint": hint})


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address(text: str) -> str:
    if not _is_address(text):
        raise fail(f'"{text}" is not an IPv4 or IPv6 address', "write it like 192.0.2.10, 0.0.0.0 or 2001:db8::10")
    return text


def _host_name(text: str) -> str:
    labels = text.removesuffix(".").split(".")
    legal = all(0 < len(label) < 64 and label.replace("-", "").replace("_", "").isalnum() for label in labels)
    if not (legal and text.isascii() and len(text) <= 128 and not any(label.startswith("-") for label in labels)):
        raise fail(f'"{text}" is not a host name', "write it like edge.example.com, without port, scheme or wildcard")
    return text


def _peer(text: str) -> str:
    return text if _is_address(text) else _host_name(text)


def _dns_server(text: str) -> str:
    host, colon, port = text.rpartition(":")
    bracketed = text.startswith("[")
    if bracketed:
        host, _, port = text[1:].partition("]:")
    if _is_address(text) or (
        (bracketed or colon) and _is_address(host) and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536
    ):
        return text
    raise fail(
        f'"{text}" is not the address of a DNS server', "write it like 192.0.2.53, 192.0.2.53:5353 or [::1]:5353"
    )


def listening_place(text: str) -> str:
    """``address:port``. Raises PydanticCustomError."""
    host, _, port = text.removeprefix("[").rpartition("]:" if text.startswith("[") else ":")
    if _is_address(host) and (":" in host) == text.startswith("[") and port.isascii() and port.isdigit():
        if int(port[:6]) < 65536:
            return text
    raise fail(f'"{text}" is not an address with a port', "write it like 127.0.0.1:9100 or [::1]:9100")


def _user_part(longest: int) -> int:
    if 0 < longest < SHORTEST_USER_PART:
        hint = f"write {SHORTEST_USER_PART} or more, or 0 for any number"
        raise fail(f"{longest} characters are too few for the edge's own Record-Route", hint)
    return longest


def _service(text: str) -> str:
    labels = text.split(".")
    if text and not (len(labels) == 2 and all(len(label) > 1 and label.startswith("_") for label in labels)):
        raise fail(f'"{text}" is not a service and protocol', "write it like _sips._tcp")
    return text


def _control(value: object) -> object:
    if value is False or isinstance(value, str):
        return value
    raise fail('"control" must be a path or false', "write the path of a socket in quotes, or false for none")


def _domain(text: str) -> str:
    """Compared exactly, so kept in small letters. No wildcards, no patterns: neither has Expressway."""
    return _host_name(text).removesuffix(".").lower()


def _loopback(text: str) -> str:
    if not ipaddress.ip_address(_address(text)).is_loopback:
        raise fail(f'"{text}" is not a loopback address', "write 127.0.0.1, or another one of this host alone")
    return text


def _restart_time(text: str) -> str:
    if text not in ("", BY_HAND) and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise fail(f'"{text}" is not a time of day', f'write it like "03:00", in UTC, or "{BY_HAND}"')
    return text


def _name(text: str) -> str:
    if not text.isprintable() or text.strip() != text or '"' in text or "\\" in text:
        raise fail(
            f"the name {text!r} holds a character that does not belong in a name",
            "no quotes, backslashes or control characters, no blank at either end",
        )
    return text


Address = Annotated[str, AfterValidator(_address)]
HostName = Annotated[str, AfterValidator(_host_name)]
Peer = Annotated[str, AfterValidator(_peer)]
DnsServers = Annotated[tuple[Annotated[str, AfterValidator(_dns_server)], ...], Field(strict=False)]
Domain = Annotated[str, AfterValidator(_domain)]
AddressOrNone = Annotated[str, AfterValidator(lambda text: text and _address(text))]
DomainOrNone = Annotated[str, AfterValidator(lambda text: text and _domain(text))]
"""'' where there is none."""
Name = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_name)]
OwnPort = Annotated[int, Field(ge=0, le=65535)]
"""0 lets the system choose one (for tests)."""
Port = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0, le=604800)]
Rate = Annotated[float, Field(ge=0, le=1_000_000)]
"""Requests a second; 0 is no bound."""


ARRAY = Field(strict=False)
"""An array of the file becomes a tuple; its elements stay strict."""


class CertificateTable(BaseModel):
    model_config = _STRICT
    certificate: str
    key: str


class EdgeTable(BaseModel):
    model_config = _STRICT
    system_name: HostName
    domains: Annotated[tuple[HostName, ...], ARRAY, Field(min_length=1, max_length=200)]
    dialplans: Annotated[tuple[str, ...], ARRAY] = ()
    names: Annotated[tuple[HostName, ...], ARRAY] = ()
    addresses: Annotated[tuple[Address, ...], ARRAY] = ()
    secret_file: str = ""
    former_secret_files: Annotated[tuple[str, ...], ARRAY, Field(max_length=8)] = ()
    journal: str = ""
    control: Annotated[Any, AfterValidator(_control)] = ""
    keep_uri_parameters: bool = False
    undo_escapes: bool = True
    workers: Annotated[int, Field(ge=0, le=8)] = 0
    history: Annotated[int, Field(ge=0, le=100_000)] = 255
    route_age: Annotated[float, Field(ge=0, le=315_360_000)] = 30 * 86400.0
    route_grace: date | None = None


class TlsTable(BaseModel):
    model_config = _STRICT
    server: Annotated[tuple[CertificateTable, ...], ARRAY] = ()
    client: CertificateTable | None = None
    trusted: str = ""
    minimum_version: TlsVersion = "1.2"
    crl_interval: Seconds = 300.0


class CredentialTable(BaseModel):
    model_config = _STRICT
    username: Annotated[str, Field(min_length=1, max_length=128)]
    password: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    password_file: str | None = None


class AccessRuleTable(BaseModel):
    model_config = _STRICT
    name: Name
    priority: Annotated[int, Field(ge=1, le=65534)]
    pattern_type: Annotated[PatternType, Field(strict=False)] = PatternType.PREFIX
    pattern: Annotated[str, Field(min_length=1)]
    action: Annotated[AccessAction, Field(strict=False)]
    enabled: bool = True


_TYPES: dict[str, Any] = {
    "name": Name,
    "longest_user_part": Annotated[int, Field(ge=0, le=4096), AfterValidator(_user_part)],
    "hop_count": Annotated[int, Field(ge=1, le=255)],
    "subject_names": Annotated[tuple[Peer, ...], ARRAY],
    "peers": Annotated[tuple[Peer, ...], ARRAY, Field(min_length=1, max_length=6)],
    "from_domains": Annotated[tuple[HostName, ...], ARRAY, Field(max_length=1000)],
    "federation_routing": Annotated[tuple[HostName, ...], ARRAY],
    "port": Port,
    "service": Annotated[str, Field(min_length=1), AfterValidator(_service)],
    "microsoft_service": Annotated[str, AfterValidator(_service)],
    "modify_dns_request": Annotated[str, AfterValidator(lambda text: text and _host_name(text))],
    "address": Address,
    "username": Annotated[str, Field(min_length=1, max_length=128)],
    "servers": DnsServers,
    "attempts": Annotated[int, Field(ge=1, le=10)],
    "cache": Annotated[int, Field(ge=0, le=1_000_000)],
    "c": Annotated[float, Field(gt=180, le=604800)],
    "messages_per_second": Rate,
    "per_peer": Rate,
    "per_domain": Rate,
    "burst": Annotated[float, Field(gt=0, le=60)],
    "subscribe_targets": Annotated[int, Field(ge=0, le=100_000)],
    "pace": Rate,
    "pace_wait": Annotated[float, Field(gt=0, le=25)],
    "ban_after": Annotated[int, Field(ge=0)],
    "own_connection_after": Annotated[int, Field(ge=0)],
}
"""What a key may hold, where the record's type says too little."""


def mirror(record: type, omit: tuple[str, ...] = (), **more: Any) -> type[BaseModel]:
    """A strict model with the fields and defaults of a frozen record; ``more`` are (type, default) as pydantic's."""
    hints = get_type_hints(record)
    model_fields: dict[str, Any] = {}
    for entry in fields(record):
        if entry.name not in omit:
            default = entry.default if entry.default_factory is MISSING else entry.default_factory()
            model_fields[entry.name] = (
                _TYPES.get(entry.name) or _by_type(hints[entry.name]),
                ... if default is MISSING else default,
            )
    return create_model(record.__name__, __config__=_STRICT, **(model_fields | more))


def _by_type(hint: Any) -> Any:
    if get_origin(hint) is tuple:
        return Annotated[hint, ARRAY]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Annotated[hint, Field(strict=False)]
    return {int: Positive, float: Seconds}.get(hint, hint)


def _zone(record: type, kind: str, omit: tuple[str, ...] = (), **more: Any) -> type[BaseModel]:
    """``record``: its own default of ``rate`` is that of each key in it."""
    default = next(entry.default for entry in fields(record) if entry.name == "rate")
    policy = mirror(TlsPolicy)
    rate = mirror(RatePolicy, **{name: (_TYPES[name], getattr(default, name)) for name in _RATES})
    own = {"type": (Literal[kind], ...), "tls": (policy, policy()), "rate": (rate, rate()), "b2bua": (CALLS, CALLS())}
    return mirror(record, (*omit, *own), **own, **more)


CALLS = mirror(
    CallPolicy,
    session_timer=(Annotated[int, Field(ge=0, le=86400)], CallPolicy().session_timer),
    username=(Annotated[str, Field(max_length=128)], ""),
)
_RATES = tuple(entry.name for entry in fields(RatePolicy))
_REQUIRED_PEERS = (_TYPES["peers"], ...)
_REQUIRED_USER = (_TYPES["username"], ...)

ZONES: dict[str, type[BaseModel]] = {
    "neighbor": _zone(NeighborZone, "neighbor", peers=_REQUIRED_PEERS),
    "traversal server": _zone(
        TraversalServerZone,
        "traversal server",
        ("credential",),
        address=(Address, "0.0.0.0"),
        port=(OwnPort | None, None),
        username=_REQUIRED_USER,
    ),
    "traversal client": _zone(
        TraversalClientZone, "traversal client", ("credential",), peers=_REQUIRED_PEERS, username=_REQUIRED_USER
    ),
    "dns": _zone(DnsZone, "dns"),
    "default": _zone(
        DefaultZone,
        "default",
        ("access_rules",),
        name=(Literal[DEFAULT_ZONE], DEFAULT_ZONE),
        access_rule=(list[Any], []),
    ),
}
"""By the value of ``type``. Access rules are read one by one, by AccessRuleTable."""


def zones_with(key: str) -> str:
    """Where a key belongs that a zone does not have, as a hint; '' where nobody knows it."""
    if key in ("password", "password_file"):
        return "write it under [[credential]], with the username of the zone"
    kinds = [f'"{kind}"' for kind, model in ZONES.items() if key in model.model_fields]
    return f"it belongs to zones of type {listing(kinds)}" if kinds else ""


LISTENER = mirror(Listener, ("zone",), port=(OwnPort, ...))
LIMITS = mirror(
    Limits,
    remembered=(Annotated[int, Field(ge=0, le=1_000_000)], Limits().remembered),
    busy_poll=(Annotated[float, Field(ge=0, le=1)], Limits().busy_poll),
)
TIMERS = mirror(Timers)
DNS = mirror(DnsSettings)
METRICS = mirror(
    MetricsSettings, listen=(Annotated[str, AfterValidator(lambda text: text and listening_place(text))], "")
)
DOCTOR = mirror(
    DoctorSettings,
    interval=(Annotated[float, Field(ge=0, le=604800)], 0.0),
    partners=(Annotated[tuple[HostName, ...], ARRAY, Field(max_length=200)], ()),
    inside_dns=(_TYPES["servers"], ()),
)
Domains = Annotated[tuple[Domain, ...], ARRAY, Field(max_length=1000)]

XMPP_ROUTE = mirror(XmppRoute, domain=(Domain, ...), address=(Peer, ...))
XMPP = mirror(
    Xmpp,
    ("routes",),
    domains=(Annotated[Domains, Field(min_length=1)], ...),
    chat_node_aliases=(Domains, ()),
    address=(Address, ""),
    inside_address=(Address, ""),
    peer_address=(Address, ""),
    peer_port=(Port, 7400),
    peer_subject_name=(HostName, ""),
    servers=(Annotated[tuple[Peer, ...], ARRAY, Field(max_length=20)], ()),
    allow=(Domains, ()),
    deny=(Domains, ()),
    link_address=(Annotated[str, AfterValidator(_loopback)], "127.0.0.1"),
    link_port=(Annotated[int, Field(ge=1, le=65533)], 5347),
    restart_time=(Annotated[str, AfterValidator(_restart_time)], ""),
    route=(list[Any], []),
)
"""Routes are read one by one, by XMPP_ROUTE."""
HEP = mirror(
    Hep,
    address=(Peer, ...),
    capture_id=(Annotated[int, Field(ge=0, lt=2**32)], 1),
    password=(Annotated[str, Field(min_length=1, max_length=128)] | None, None),
    password_file=(str | None, None),
)
LOG = mirror(Log, rotate_count=(Annotated[int, Field(ge=1, le=1000)], 10), hep=(HEP | None, None))
