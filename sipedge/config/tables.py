"""From the raw tables of ``edge.toml`` to the frozen records, each checked on its own.

A table with an error is reported and left out, so that one reading finds every error; ``checks`` compares what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, TypeVar

from pydantic import BaseModel

from dialplan.model import Variables
from sipedge.settings import (
    Certificate,
    DnsSettings,
    DoctorSettings,
    Limits,
    Listener,
    Log,
    MetricsSettings,
    Timers,
    Tls,
    Xmpp,
)
from sipedge.web_settings import Turn, Web
from zones.calls import CallPolicy
from zones.zone import (
    DEFAULT_ZONE,
    AccessRule,
    AnyZone,
    Credential,
    DefaultZone,
    DnsZone,
    NeighborZone,
    RatePolicy,
    TlsPolicy,
    TraversalClientZone,
    TraversalServerZone,
)

from .console_table import read_console_table
from .engines.turn import read_turn
from .engines.web import read_web
from .engines.xmpp import read_xmpp
from .log_table import read_log
from .patterns import access_pattern
from .reading.files import check_certificate, check_crl, check_trusted, in_folder_of, read_password
from .reading.positions import Path
from .reading.problems import did_you_mean
from .reading.reader import Reader
from .reading.schema import (
    DNS,
    DOCTOR,
    LIMITS,
    LISTENER,
    METRICS,
    TIMERS,
    ZONES,
    AccessRuleTable,
    CertificateTable,
    CredentialTable,
    EdgeTable,
    TlsTable,
)

Record = TypeVar("Record")

TABLES = (
    "edge",
    "tls",
    "listener",
    "zone",
    "credential",
    "limits",
    "timers",
    "dns",
    "log",
    "metrics",
    "doctor",
    "xmpp",
    "web",
    "turn",
    "console",
)
FIRST_TRAVERSAL_PORT = 7001

_RECORDS: dict[str, Callable[..., AnyZone]] = {
    "neighbor": NeighborZone,
    "traversal server": TraversalServerZone,
    "traversal client": TraversalClientZone,
    "dns": DnsZone,
    "default": DefaultZone,
}


@dataclass(slots=True)
class Tables:
    """What could be read; the paths say where each record is written."""

    edge: EdgeTable | None
    tls: Tls
    limits: Limits
    timers: Timers
    dns: DnsSettings
    log: Log
    metrics: MetricsSettings
    doctor: DoctorSettings
    xmpp: Xmpp | None
    web: Web | None
    turn: Turn | None
    listeners: list[tuple[Path, Listener]] = field(default_factory=list)
    """With those of the traversal server zones, whose path is the zone's."""
    zones: list[tuple[Path, AnyZone]] = field(default_factory=list)
    usernames: dict[Path, str] = field(default_factory=dict)
    """Of the traversal zones, to be found among the credentials."""
    credentials: list[tuple[Path, Credential]] = field(default_factory=list)


def read_tables(reader: Reader) -> Tables:
    reader.only_known(TABLES)
    tables = Tables(
        edge=reader.validate(EdgeTable, reader.table("edge"), ("edge",), "[edge]"),
        tls=_tls(reader),
        limits=_mirrored(reader, "limits", LIMITS, Limits),
        timers=_mirrored(reader, "timers", TIMERS, Timers),
        dns=_mirrored(reader, "dns", DNS, DnsSettings),
        log=read_log(reader),
        metrics=_mirrored(reader, "metrics", METRICS, MetricsSettings),
        doctor=_mirrored(reader, "doctor", DOCTOR, DoctorSettings),
        xmpp=read_xmpp(reader),
        web=read_web(reader),
        turn=read_turn(reader),
    )
    read_console_table(reader)  # another process obeys it; here its mistakes are found
    for path, raw in reader.array("credential"):
        _credential(reader, tables, path, raw)
    for path, raw in reader.array("listener"):
        listener = reader.validate(LISTENER, raw, path, _label("listener", raw))
        if listener:
            tables.listeners.append((path, Listener(**listener.model_dump())))
    # The Default Zone comes last: its patterns may name any address of this edge.
    for path, raw in sorted(reader.array("zone"), key=lambda item: item[1].get("type") == "default"):
        _zone(reader, tables, path, raw)
    if not any(zone.name == DEFAULT_ZONE for _, zone in tables.zones):
        tables.zones.append((("zone",), DefaultZone()))
    return tables


def variables_of(tables: Tables) -> Variables:
    """``%ip%`` and its like: the addresses under [edge], then those of the listeners, wildcards left out."""
    edge = tables.edge
    own = dict.fromkeys([*(edge.addresses if edge else ()), *(item.address for _, item in tables.listeners)])
    addresses = [address for address in map(ip_address, own) if not address.is_unspecified]
    return Variables(
        ipv4=tuple(str(address) for address in addresses if address.version == 4),
        ipv6=tuple(str(address) for address in addresses if address.version == 6),
        domains=edge.domains if edge else (),
        system_name=edge.system_name if edge else "",
    )


def names_written(reader: Reader, array: str, key: str = "name") -> list[str]:
    """All names of an array of tables, those of broken tables too: a broken zone is still a known zone."""
    raw = reader.data.get(array, [])
    names = [entry.get(key) for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []
    return [name for name in names if isinstance(name, str)]


def _mirrored(reader: Reader, name: str, model: type[BaseModel], record: type[Record]) -> Record:
    table = reader.validate(model, reader.table(name), (name,), f"[{name}]")
    return record(**table.model_dump()) if table else record()


def _tls(reader: Reader) -> Tls:
    table = reader.validate(TlsTable, reader.table("tls"), ("tls",), "[tls]")
    if table is None:
        return Tls()
    server = tuple(_certificate(reader, entry, ("tls", "server", index)) for index, entry in enumerate(table.server))
    client = _certificate(reader, table.client, ("tls", "client")) if table.client else None
    trusted = in_folder_of(reader.file, table.trusted) if table.trusted else ""
    if trusted:
        check_trusted(reader, ("tls", "trusted"), trusted)
    return Tls(server, client, trusted, table.minimum_version, table.crl_interval)


def _certificate(reader: Reader, table: CertificateTable, path: Path) -> Certificate:
    certificate = Certificate(in_folder_of(reader.file, table.certificate), in_folder_of(reader.file, table.key))
    check_certificate(reader, path, certificate)
    return certificate


def _credential(reader: Reader, tables: Tables, path: Path, raw: dict[str, Any]) -> None:
    table = reader.validate(CredentialTable, raw, path, "[[credential]]")
    if table is None:
        return
    if (table.password is None) == (table.password_file is None):
        hint = "a password in the file itself, or the name of a file whose first line is the password"
        reader.problem(path, '[[credential]] needs either "password" or "password_file"', hint, at_key=True)
        return
    password = table.password
    if table.password_file is not None:
        password = read_password(reader, (*path, "password_file"), in_folder_of(reader.file, table.password_file))
    if password is not None:
        tables.credentials.append((path, Credential(table.username, password)))


def _zone(reader: Reader, tables: Tables, path: Path, raw: dict[str, Any]) -> None:
    label = _label("zone", raw)
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in ZONES:
        if "type" in raw:
            reader.problem((*path, "type"), f'"{kind}" is not a type of zone', did_you_mean(str(kind), ZONES))
        else:
            reader.problem(path, f'{label} lacks "type"', did_you_mean("", ZONES), at_key=True)
        return
    rules = _access_rules(reader, variables_of(tables), path, raw) if kind == "default" else ()
    model = reader.validate(ZONES[kind], raw, path, label)
    if model is None:
        return
    fields = model.model_dump(exclude={"type", "access_rule", "address", "username", "tls", "rate", "b2bua"})
    fields["tls"] = _policy(reader, path, model.model_dump(include={"tls"})["tls"])
    fields["rate"] = RatePolicy(**model.model_dump(include={"rate"})["rate"])
    fields["b2bua"] = CallPolicy(**model.model_dump(include={"b2bua"})["b2bua"])
    extra = model.model_dump(include={"address", "username"})
    if kind.startswith("traversal"):
        tables.usernames[path] = extra["username"]
    if kind == "default":
        fields["access_rules"] = rules
    if kind == "traversal server":
        fields |= {"username": extra["username"], "port": _traversal_port(tables, fields["port"])}
    zone = _RECORDS[kind](**fields)
    tables.zones.append((path, zone))
    if isinstance(zone, TraversalServerZone):
        listener = Listener(zone.name, extra["address"], zone.port, zone.transport, zone.name, zone.tls.verify)
        tables.listeners.append((path, listener))


def _policy(reader: Reader, path: Path, written: dict[str, Any]) -> TlsPolicy:
    policy = TlsPolicy(**written)
    places = tuple(in_folder_of(reader.file, place) for place in policy.crl)
    for index, place in enumerate(places):
        check_crl(reader, (*path, "tls", "crl", index), place)
    return replace(policy, crl=places)


def _traversal_port(tables: Tables, written: int | None) -> int:
    """The written port, else the first one from 7001 that no traversal server zone above has."""
    taken = {zone.port for _, zone in tables.zones if isinstance(zone, TraversalServerZone)}
    if written is not None:
        return written
    return next(port for port in range(FIRST_TRAVERSAL_PORT, 65536) if port not in taken)


def _access_rules(reader: Reader, variables: Variables, path: Path, raw: dict[str, Any]) -> tuple[AccessRule, ...]:
    rules, names = [], []
    for rule_path, entry in reader.array("access_rule", path) if "access_rule" in raw else ():
        table = reader.validate(AccessRuleTable, entry, rule_path, _label("access rule", entry))
        if table is None:
            continue
        names.append(((*rule_path, "name"), table.name))
        matches = access_pattern(reader, (*rule_path, "pattern"), table, variables)
        if matches:
            written = (table.pattern_type.value, table.pattern)
            rules.append(AccessRule(table.name, table.priority, matches, table.action, table.enabled, *written))
    unique(reader, "access rules", names)
    return tuple(sorted(rules, key=lambda rule: rule.priority))


def _label(what: str, raw: dict[str, Any]) -> str:
    name = raw.get("name")
    return f'{what} "{name}"' if isinstance(name, str) and name else f"this {what}"


def unique(reader: Reader, what: str, names: Iterable[tuple[Path, str]]) -> None:
    """Names are compared without regard to case, as everything an Expressway compares."""
    seen: dict[str, str] = {}
    for path, name in names:
        folded = name.casefold()
        if folded in seen:
            reader.problem(
                path, f'there are two {what} with the name "{seen[folded]}"', "give one of them another name"
            )
        seen.setdefault(folded, name)
