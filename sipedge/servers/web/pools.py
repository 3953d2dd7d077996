"""Pools of servers behind the edge, as plain values: from ``[web]`` and what the DNS has said of service records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sipedge.web_settings import MeetingServer, Publish, Web
from zones.dns import SrvRecord
from zones.names import host_name

SERVICE = "_cms-web._tls"
SLOTS = 8
"""Addresses of a guest URI without service records that are used."""
MOST_TARGETS = 32
"""Service records of one guest URI that are followed."""
LARGEST_WEIGHT = 256
"""HAProxy's; a service record may say 65535."""
NO_TARGET = f"its records {SERVICE} name no host"
DISCOVER = "lyncdiscover."
"""Mobile clients ask such a name over HTTP, too, before they have anything to trust."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the DNS has said of one guest URI's service records."""

    records: tuple[SrvRecord, ...] = ()
    problem: str = ""
    """Why it is not known whether there are any; one sentence."""


@dataclass(frozen=True, slots=True)
class Member:
    """A server of a pool, or ``slots`` of them, which are the addresses of one name."""

    name: str
    """As the engine calls it: in log, status and questions."""
    host: str
    port: int
    certified: str
    """What its certificate must name."""
    weight: int = 1
    backup: bool = False
    slots: int = 1
    plain_port: int = 0
    """Where it serves without TLS; 0: nowhere."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One backend."""

    backend: str
    title: str
    """Guest URI or name of the rule."""
    names: tuple[str, ...]
    """Public ones."""
    address: str
    """Where they are published."""
    members: tuple[Member, ...]
    sticky: bool
    health_check: bool
    read_timeout: float
    asks_by_name: bool
    """Its servers are told which name is wanted (SNI); the external web site of a Lync server is not."""
    keeps_apart: bool
    """A connection to a server serves one client's connection only: NTLM logs in connections, not requests."""
    plain_names: tuple[str, ...] = ()
    """Those that are served without TLS, too."""
    problem: str = ""
    """Why it has no members."""


def pools_of(web: Web, services: Mapping[str, Services]) -> tuple[Pool, ...]:
    """``services``: by guest URI."""
    meetings = [_meeting(entry, web, services.get(entry.guest_uri, Services())) for entry in web.meeting_servers]
    return (*meetings, *(_published(rule, web) for rule in web.publish))


def _meeting(entry: MeetingServer, web: Web, services: Services) -> Pool:
    members = () if services.problem else _bridges(entry, services.records)
    return Pool(
        backend=f"cms:{entry.guest_uri}",
        title=entry.guest_uri,
        names=(entry.guest_uri,),
        address=entry.address or web.address,
        members=members,
        sticky=entry.sticky,
        health_check=entry.health_check,
        read_timeout=entry.read_timeout,
        asks_by_name=True,
        keeps_apart=False,
        problem=services.problem or ("" if members else NO_TARGET),
    )


def _bridges(entry: MeetingServer, records: Sequence[SrvRecord]) -> tuple[Member, ...]:
    """Rule (b) of the guide: a service record's target has to be named by its certificate. Rule (a): without records,
    the guest URI. None: the service is not there, as a record with the target "." says (RFC 2782)."""
    if not records:
        return (Member(entry.guest_uri, entry.guest_uri, entry.port, entry.guest_uri, slots=SLOTS),)
    usable = [record for record in records if host_name(record.target) and record.port]
    usable = sorted(usable, key=lambda record: (record.priority, record.target.lower(), record.port))[:MOST_TARGETS]
    if not usable:
        return ()
    first, heaviest = min(record.priority for record in usable), max(record.weight for record in usable)
    found: dict[str, Member] = {}
    for record in usable:
        target = host_name(record.target)
        name = f"{target}:{record.port}" if record.port != entry.port else target
        weight = max(1, record.weight * LARGEST_WEIGHT // heaviest) if heaviest else 1
        found.setdefault(name, Member(name, target, record.port, target, weight, record.priority > first))
    return tuple(found.values())


def _published(rule: Publish, web: Web) -> Pool:
    others = [member for other in web.publish if other.name == rule.backup for member in _servers(other)]
    backups = [replace(member, backup=True) for member in others if member.name not in rule.servers]
    return Pool(
        backend=f"rule:{rule.public_names[0]}",
        title=rule.name,
        names=rule.public_names,
        address=rule.address or web.address,
        members=(*_servers(rule), *backups),
        sticky=rule.sticky,
        health_check=rule.health_check,
        read_timeout=rule.read_timeout,
        asks_by_name=False,
        keeps_apart=True,
        plain_names=tuple(name for name in rule.public_names if rule.plain_port and name.startswith(DISCOVER)),
    )


def _servers(rule: Publish) -> list[Member]:
    plain = rule.plain_port
    return [Member(server, server, rule.port, rule.verify_name or server, plain_port=plain) for server in rule.servers]
