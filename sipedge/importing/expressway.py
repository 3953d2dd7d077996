"""The whole of an Expressway's ``xConfiguration`` -> ``edge.toml``, a dial plan and a report. Pure but for the stand-in
key and passwords, which are random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dialplan.importers.expressway import ImportedPlan, import_plan
from dialplan.importers.xconfiguration import Dump, read_dump
from dialplan.language.format import write_entry
from dialplan.model import Entry, SearchRule, Transform

from .edge import (
    Box,
    ask_no_certificates,
    credentials,
    edge_table,
    listener_tables,
    minimum_version,
    other_tables,
    password_file,
    read_box,
)
from .report import write_report
from .stand_in_files import certificate, password
from .toml import Table, write_toml
from .web import TURN_PASSWORD, guest_uris, turn_tables, web_tables
from .xmpp import LINK_SECRET, xmpp_tables
from .zones import STAND_IN, Zones

CONFIG, PLAN, REPORT = "edge.toml", "edge.dialplan", "report.txt"
CERTIFICATE, KEY, TRUSTED = "server.pem", "server.key", "trusted.pem"


@dataclass(slots=True)
class Imported:
    files: dict[str, str] = field(default_factory=dict)
    """Name -> text, with the report."""
    secret: set[str] = field(default_factory=set)
    """Those of the files that only their owner should read."""
    refused: int = 0
    """Transforms and rules without which decisions differ."""
    remarks: int = 0
    settings: int = 0
    """In the dump."""
    unused: int = 0


@dataclass(frozen=True, slots=True)
class Parts:
    """A dump read, before anything is written."""

    box: Box
    listeners: list[Table]
    zones: Zones
    plan: ImportedPlan


def parts_of(dump: Dump) -> Parts:
    box = read_box(dump)
    listeners = listener_tables(dump, box)
    zones = Zones(dump, box.tcp, box.variables, {int(str(table.keys["port"])) for table in listeners})
    return Parts(box, listeners, zones, import_plan(dump, zones.named, box.variables, box.system_name or box.host_name))


def import_expressway(text: str, name: str, certificates: str = "") -> Imported:
    """``text``: what the box prints; the others as for ``import_dump``."""
    return import_dump(read_dump(text), name, certificates)


def import_dump(dump: Dump, name: str, certificates: str = "", notes: Sequence[str] = ()) -> Imported:
    """``name``: of the dump, for comments. ``notes``: what the report says first.

    ``certificates``: the folder with server.pem, server.key and trusted.pem, as the configuration is to name it; when
    it is '', stand-ins are made.
    """
    parts = parts_of(dump)
    box, listeners, zones, plan = parts.box, parts.listeners, parts.zones, parts.plan
    imported = Imported(refused=len(plan.refused), settings=len(dump.settings))
    if any(zone.keys.get("mutual_tls") is False for zone in zones.zones):
        ask_no_certificates(listeners)
    web = web_tables(guest_uris(dump), box)
    tls = _tls(dump, box, certificates, imported, [str(table.keys["guest_uri"]) for table in web[1:]])
    tables = [edge_table(box, PLAN), *tls, *other_tables(dump), *listeners]
    tables += _credentials(dump, box, zones, imported)
    tables += [table for zone in zones.zones for table in zone.tables()]
    tables += [*web, *_turn(dump, box, imported)]
    tables += _xmpp(dump, box, imported)
    imported.files[CONFIG] = write_toml(_head(name, certificates), tables)
    imported.files[PLAN] = _plan_text(plan, name)
    remarks = [*box.remarks, *zones.remarks, *plan.remarks]
    imported.remarks = len(remarks)
    refused = [(_what(entry), why) for entry, why in plan.refused]
    unused = dump.unused()
    imported.unused = len(unused)
    imported.files[REPORT] = write_report(_counts(plan, zones, box), notes, refused, remarks, dump.remarks, unused)
    return imported


def _credentials(dump: Dump, box: Box, zones: Zones, imported: Imported) -> list[Table]:
    tables = []
    taken: set[str] = set()
    for username, known in credentials(dump, zones.usernames, box).items():
        file = password_file(username, taken)
        imported.files[file] = password(known)
        imported.secret.add(file)
        tables.append(Table("[[credential]]", {"username": username, "password_file": file}))
        if known is None:
            tables[-1].notes["password_file"] = "holds a random stand-in: write the password into it"
    return tables


def _turn(dump: Dump, box: Box, imported: Imported) -> list[Table]:
    tables = turn_tables(dump, box)
    if tables:
        imported.files[TURN_PASSWORD] = password(None)
        imported.secret.add(TURN_PASSWORD)
    return tables


def _xmpp(dump: Dump, box: Box, imported: Imported) -> list[Table]:
    tables = xmpp_tables(dump, box)
    if tables:
        imported.files[LINK_SECRET] = password(None)
        imported.secret.add(LINK_SECRET)
    return tables


def _tls(dump: Dump, box: Box, certificates: str, imported: Imported, names: Sequence[str]) -> list[Table]:
    """``names``: that the certificate needs beside the edge's own."""
    folder = f"{certificates.rstrip('/')}/" if certificates else ""
    trusted = Table("[tls]", {"trusted": folder + TRUSTED})
    server = Table("[[tls.server]]", {"certificate": folder + CERTIFICATE, "key": folder + KEY})
    version = minimum_version(dump, box)
    if version != "1.2":
        trusted.keys["minimum_version"] = version
    if not certificates:
        trusted.comments = ["Stand-ins that nobody trusts: put the edge's own certificate, its key and the CAs here."]
        leaf, key = certificate(box.host_name, *names)
        imported.files |= {CERTIFICATE: leaf, KEY: key, TRUSTED: leaf}
        imported.secret.add(KEY)
    return [trusted, server]


def _head(name: str, certificates: str) -> list[str]:
    lines = [f"Made from {name} by sipedge import expressway; {REPORT} says what differs."]
    return lines if certificates else [*lines, "Certificates and passwords are stand-ins until you replace them."]


def _plan_text(plan: ImportedPlan, name: str) -> str:
    blocks = [f"# Made from {' '.join(name.split())} by sipedge import expressway.\n"]
    by_priority = sorted(plan.entries, key=lambda entry: (isinstance(entry, SearchRule), entry.priority))
    blocks += [write_entry(entry) for entry in by_priority]
    for entry, why in plan.refused:
        lines = [f"Not possible here: {why}", *write_entry(entry).splitlines()]
        blocks.append("".join(f"# {line}\n" for line in lines))
    return "\n".join(blocks)


def _what(entry: Entry) -> str:
    return entry.name if isinstance(entry, Transform) else f'rule "{entry.name}"'


def _counts(plan: ImportedPlan, zones: Zones, box: Box) -> list[tuple[int, str]]:
    rules = sum(isinstance(entry, SearchRule) for entry in plan.entries)
    stand_ins = sum(zone.keys.get("peers") == [STAND_IN] for zone in zones.zones)
    return [
        (rules, "search rules"),
        (len(plan.entries) - rules, "transforms"),
        (len(zones.zones) - stand_ins, "zones"),
        (stand_ins, "stand-ins for zones"),
        (len(box.domains), "SIP domains"),
    ]
