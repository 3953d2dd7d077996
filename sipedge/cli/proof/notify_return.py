"""Several edges checked: does every NOTIFY find its way back through each pair of them?"""

from __future__ import annotations

from collections.abc import Sequence

import click

from dialplan.language.format import write_entry
from sipedge.cli.configuration import load
from sipedge.cli.notify_names import given_names
from sipedge.cli.printing import print_json
from sipedge.cli.problems import LEVEL_COLOURS
from sipedge.notify_return import Gap, GapLevel, LinkReport, Refused, edges_of, links_of, prove
from sipedge.notify_return.refusals import ADVICE
from sipedge.notify_return.subscriptions import Subscription


def check_pairs(files: Sequence[str], routing: Sequence[str], partners: Sequence[str], as_json: bool) -> bool:
    """Print a report for each pair of edges; whether no NOTIFY is lost. ``routing``: FQDN or ZONE=FQDN."""
    edges = edges_of([(file, load(file)) for file in files])
    links, problems = links_of(edges)
    if not links and not problems:
        problems = ["none of these configurations has a traversal client zone, so no two of them are a pair"]
    names = given_names(routing, partners)
    for zone in names.federation_routing:
        if zone and not any(zone in edge.zones for edge in edges):
            raise click.UsageError(f'--federation-routing: no zone is called "{zone}"')
    reports = [prove(link, names) for link in links]
    for report in reports:
        if as_json:
            print_json(report.to_json())
        else:
            _print(report)
    for problem in problems:
        click.echo(problem, err=True)
    return not problems and all(report.passed for report in reports)


def _print(report: LinkReport) -> None:
    click.echo(click.style(f"{report.link}", bold=True))
    if not report.subscriptions and not report.unproved:
        click.echo("  no SUBSCRIBE gets through this pair, in either direction")
    for subscription in report.subscriptions:
        _print_subscription(subscription)
    for note in report.notes:
        click.echo(f"  {note}")
    for refused in report.refused:
        _print_refused(refused)
    for gap in report.gaps:
        _print_gap(gap)
    for text in report.unproved:
        click.echo(f"  {click.style('not proved', fg='red')}: {text}")
    if report.passed:
        click.echo("  proved: every NOTIFY to a subscriber's Contact finds its way back")


def _print_subscription(subscription: Subscription) -> None:
    passage = subscription.passage
    arrow = f'"{subscription.source}" ({passage.first.name}) -> "{subscription.target}" ({passage.second.name})'
    example = f"{subscription.traffic.value}, for example {subscription.witness.alias}"
    click.echo(f"  SUBSCRIBE gets through: {arrow}, {example}")


def _print_refused(refused: Refused) -> None:
    level = click.style(GapLevel.ERROR.value, fg=LEVEL_COLOURS[GapLevel.ERROR.value])
    click.echo(f'{click.style(refused.edge.name, bold=True)}: {level}: NOTIFY from zone "{refused.zone}" is lost')
    click.echo(f"    NOTIFY with From sip:USER@{refused.domain}: refused: {refused.reason}")
    _print_answered(refused.subscription)
    click.echo(f"    {ADVICE}")


def _print_answered(subscription: Subscription) -> None:
    start = f'zone "{subscription.source}" of {subscription.passage.first.name}'
    click.echo(f"    it answers SUBSCRIBE {subscription.witness.alias} from {start}")


def _print_gap(gap: Gap) -> None:
    level = click.style(gap.level.value, fg=LEVEL_COLOURS[gap.level.value])
    first = gap.losses[0]
    click.echo(f'{click.style(gap.edge.name, bold=True)}: {level}: NOTIFY from zone "{first.query.source}" is lost')
    for loss in gap.losses:
        authenticated = ", authenticated" if loss.query.authenticated else ""
        sure = "" if loss.notify.certain else ", if the peer record-routes SUBSCRIBE"
        click.echo(f"    NOTIFY to {loss.notify.label}{sure}: searched as {loss.query.alias}{authenticated}")
        click.echo(f"      {loss.reason}")
    _print_answered(first.subscription)
    if gap.rule is None:
        click.echo(f"    {gap.advice}")
        return
    click.echo("    this rule carries it:\n")
    for line in write_entry(gap.rule).splitlines():
        click.echo(f"    {line}")
    click.echo()
