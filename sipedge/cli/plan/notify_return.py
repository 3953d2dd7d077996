"""``sipedge check`` of several edges: does every NOTIFY find its way back through a pair of them?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sipedge.cli.configuration import load

if TYPE_CHECKING:
    from sipedge.notify_return import Gap, GivenNames, LinkReport

LOST = 3
"""Exit status, as for the linter's findings."""
COLOURS = {"error": "red", "warning": "yellow"}


def check_pairs(files: Sequence[str], routing: Sequence[str], partners: Sequence[str], as_json: bool) -> int:
    """Print a report for each pair of edges; the exit status. ``routing``: FQDN or ZONE=FQDN."""
    from sipedge.notify_return import edges_of, links_of, prove

    edges = edges_of([(file, load(file)) for file in files])
    links, problems = links_of(edges)
    if not links and not problems:
        problems = ["none of these configurations has a traversal client zone, so no two of them are a pair"]
    told = _told(routing, partners)
    for zone in told.federation_routing:
        if zone and not any(zone in edge.zones for edge in edges):
            raise click.UsageError(f'--federation-routing: no zone is called "{zone}"')
    reports = [prove(link, told) for link in links]
    if as_json:
        for report in reports:
            click.echo(json.dumps(report.to_json()))
    else:
        for report in reports:
            _print(report)
    for problem in problems:
        click.echo(problem, err=True)
    return 0 if not problems and all(report.passed for report in reports) else LOST


def _told(routing: Sequence[str], partners: Sequence[str]) -> GivenNames:
    from sipedge.notify_return import GivenNames

    by_zone: dict[str, tuple[str, ...]] = {}
    for entry in routing:
        zone, _, name = entry.rpartition("=")
        by_zone[zone] = (*by_zone.get(zone, ()), _host_name("--federation-routing", name))
    return GivenNames(by_zone, tuple(_host_name("--partner", name) for name in partners))


def _host_name(option: str, text: str) -> str:
    from zones.names import to_ascii

    name = to_ascii(text)
    if not name:
        raise click.UsageError(f'{option}: "{text}" is not a host name')
    return name


def _print(report: LinkReport) -> None:
    click.echo(click.style(f"{report.link}", bold=True))
    if not report.subscriptions and not report.unproved:
        click.echo("  no SUBSCRIBE gets through this pair, in either direction")
    for one in report.subscriptions:
        way = one.passage
        arrow = f'"{one.source}" ({way.first.name}) -> "{one.target}" ({way.second.name})'
        click.echo(f"  SUBSCRIBE gets through: {arrow}, {one.traffic.value}, for example {one.witness.alias}")
    for note in report.notes:
        click.echo(f"  {note}")
    for gap in report.gaps:
        _print_gap(gap)
    for text in report.unproved:
        click.echo(f"  {click.style('not proved', fg='red')}: {text}")
    if report.passed:
        click.echo("  proved: every NOTIFY to a subscriber's Contact finds its way back")


def _print_gap(gap: Gap) -> None:
    from dialplan.language.format import write_entry

    level = click.style(gap.level.value, fg=COLOURS[gap.level.value])
    first = gap.losses[0]
    click.echo(f'{click.style(gap.edge.name, bold=True)}: {level}: NOTIFY from zone "{first.query.source}" is lost')
    for loss in gap.losses:
        authenticated = ", authenticated" if loss.query.authenticated else ""
        sure = "" if loss.notify.certain else ", if the peer record-routes SUBSCRIBE"
        click.echo(f"    NOTIFY to {loss.notify.label}{sure}: searched as {loss.query.alias}{authenticated}")
        click.echo(f"      {loss.reason}")
    one = first.subscription
    start = f'zone "{one.source}" of {one.passage.first.name}'
    click.echo(f"    it answers SUBSCRIBE {one.witness.alias} from {start}")
    if gap.rule is None:
        click.echo(f"    {gap.advice}")
        return
    click.echo("    this rule carries it:\n")
    for line in write_entry(gap.rule).splitlines():
        click.echo(f"    {line}")
    click.echo()
