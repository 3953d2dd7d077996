"""The state of a running edge, as text in sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from time import time

import click

from sipedge.cli.printing import amount, print_json
from sipedge.control.requests import Status
from sipedge.control.times import moment, span_text
from sipedge.control.values import (
    BanJson,
    CertificateJson,
    ConnectionJson,
    PeerJson,
    ServerJson,
    ServiceJson,
    StatusJson,
    StreamJson,
    ZoneJson,
)
from sipedge.control.words import short
from sipedge.printable import escaped

from .asking import ask


def run(config: str, as_json: bool) -> int:
    connections, status = ask(config, Status(), as_json)
    status["connections"] = connections
    if as_json:
        print_json(status)
    else:
        click.echo("\n".join(map(escaped, _lines(status, time()))))
    return 0


def _lines(status: StatusJson, now: float) -> Iterator[str]:
    yield from _head(status, now)
    listeners = status["listeners"]
    yield from _section("listeners", ([each["name"], each["transport"], each["address"]] for each in listeners))
    yield "zones"
    for zone in status["zones"]:
        yield from _zone(zone, now)
    for service in status["services"]:
        yield from _service(service)
    yield from _section("connections", (_connection(each, now) for each in status["connections"]))
    yield from _section("own certificates", (_certificate(each) for each in status["certificates"]))
    yield from _section("refused", ([str(each["count"]), each["reason"], each["zone"]] for each in status["refused"]))
    yield from _section("banned", (_ban(each) for each in status["bans"]))
    yield from _section("lost lines", ([str(count), output] for output, count in status["dropped"].items() if count))
    if status["decisions"]:
        yield f"decisions: the last record is number {status['decisions']}"
    dns, open_ones = status["dns"], status["transactions"]
    yield f"transactions: {open_ones.get('server', 0)} of peers, {open_ones.get('client', 0)} of the edge"
    yield _remembered(status["remembered"])
    yield f"questions to the DNS: {dns.get('asked', 0)} asked, {dns.get('waiting', 0)} waiting, {dns['spared']} spared"


def _remembered(counts: dict[str, int]) -> str:
    rate = (
        f", {counts['hits'] / counts['asked']:.1%} of {counts['asked']} requests found theirs,"
        f" {counts['short']} went on by the short way"
        if counts["asked"]
        else ""
    )
    return f"verdicts remembered: {counts['verdicts']}{rate}"


def _head(status: StatusJson, now: float) -> Iterator[str]:
    began, ending = status["since"], ", ending" if status["ending"] else ""
    yield f"{status['system_name']}: sipedge {status['version']}, process {status['pid']}{ending}"
    yield f"  up {span_text(now - began)}, since {moment(began)}"
    since = moment(status["in_force_since"])
    yield f"  revision {short(status['revision'])} of {status['config']}, in force since {since}"
    if status["unconfirmed"] is not None:
        left, back = span_text(status["unconfirmed"]["left"]), short(status["unconfirmed"]["back_to"])
        yield f"  not confirmed: back to revision {back} in {left}"
    if (gone := status["went_back"]) is not None:
        yield f"  revision {short(gone['revision'])} was undone at {moment(gone['at'])}: {gone['why']}"
    if (refused := status["refused_load"]) is not None:
        mistakes = (problem.partition("\n")[0] for problem in refused["problems"])
        yield "; ".join(
            [f"  nothing was changed by a reload at {moment(refused['at'])}: {refused['sentence']}", *mistakes]
        )
    for finding in status["doctor"]:
        yield f"  doctor: {finding['check']} of {finding['about']}: {finding['seen'] or finding['verdict']}"


def _zone(zone: ZoneJson, now: float) -> Iterator[str]:
    up = {True: ", up", False: ", down", None: ""}[zone["up"]]
    yield f"  {zone['name']}: {zone['kind']}, {amount(zone['connections'], 'connection')}{up}"
    yield from (f"    {_peer(peer, now)}" for peer in zone["peers"])
    yield from (f"    {problem}" for problem in zone["problems"])


def _peer(peer: PeerJson, now: float) -> str:
    since = f" for {span_text(now - peer['since'])}" if peer["since"] is not None else ""
    problem = f": {peer['problem']}" if peer["problem"] else ""
    waiting = f"; {peer['waiting']} requests wait for it" if peer["waiting"] else ""
    return f"{peer['peer']} {peer['state']}{since}{problem}{waiting}"


def _connection(each: ConnectionJson, now: float) -> list[str]:
    return [
        *(str(each["connection"]), each["peer"], each["zone"]),
        f"{each['transport']} {each['tls_version']}".strip(),
        *(f"opened by the {each['opened_by']}", span_text(now - each["since"])),
        *(amount(each["transactions"], "transaction"), " ".join(each["names"])),
    ]


def _service(service: ServiceJson) -> Iterator[str]:
    """Its streams are what an Expressway shows as federated connections."""
    state = "Active" if service["active"] else f"Inactive: {service['reason']}"
    yield f"{service['name']}: {state}"
    processes = ", ".join(str(number) if number else "none" for number in service["processes"])
    restarts = f", started again {amount(service['restarts'], 'time')}" if service["restarts"] else ""
    yield f"  version {service['version'] or 'unknown'}, processes {processes}{restarts}"
    if service["restart"]:
        yield f"  changes wait for the restart {service['restart']}"
    elif service["pending"]:
        yield "  changes are not in force yet"
    yield from _section("  streams", map(_stream, service["streams"]))
    if service["allocations"] is not None:
        yield f"  {amount(service['allocations'], 'allocation')}"
    for pool in service["pools"]:
        yield f"  {pool['name']}: {pool['problem'] or ', '.join(pool['names'])}"
        yield from (f"    {_server(server)}" for server in pool["servers"])


def _server(server: ServerJson) -> str:
    name = f"{server['name']} ({server['address']})" if server["address"] else server["name"]
    backup = " (backup)" if server["backup"] else ""
    reason = f": {server['reason']}" if server["reason"] else ""
    counts = f", {amount(server['total'], 'request')}, {server['sessions']} under way"
    return f"{name}{backup} {server['status']}{reason}{counts}"


def _stream(each: StreamJson) -> list[str]:
    return [
        *("", each["address"], each["direction"].capitalize(), each["domain"], each["own"]),
        "TLS" if each["secure"] else "no TLS",
    ]


def _ban(each: BanJson) -> list[str]:
    return [each["source"], each["reason"], f"for {span_text(each['left'])} more", f"ban {each['times']} in a row"]


def _certificate(each: CertificateJson) -> list[str]:
    days = each["days_left"]
    left = f"{days:.0f} days left" if days >= 0 else f"expired {-days:.0f} days ago"
    return [each["file"], left, f"ends {moment(each['ends'])}"]


def _section(title: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Nothing where there are no rows."""
    rows = [[escaped(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if rows:
        yield title
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
