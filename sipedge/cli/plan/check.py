"""``sipedge check``: is this configuration good, and does its dial plan do what it seems to?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from sipedge.cli.configuration import fail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dialplan.check import Finding

COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
FINDINGS = 3
"""Exit status."""


@click.command()
@click.argument("files", metavar="CONFIG...", nargs=-1, required=True, type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each finding (pair of edges).")
@click.option("--federation-routing", multiple=True, metavar="[ZONE=]FQDN", help="With a pair: what NOTIFY is for.")
@click.option("--partner", multiple=True, metavar="DOMAIN", help="With a pair: a SIP domain of the other side.")
def command(
    files: tuple[str, ...], as_json: bool, federation_routing: tuple[str, ...], partner: tuple[str, ...]
) -> int:
    """Read CONFIG and everything it names; say all that is wrong, and what of the dial plan will surprise.

    CONFIG may also be one dial plan (*.dialplan): then any zone may exist, and %localdomains% has some value.

    Several CONFIGs are edges of one federation: instead, prove that for every SUBSCRIBE that gets through a pair of
    them the NOTIFY finds its way back, or print the rule that is missing (docs/notify-return.md).

    Exit status: 0 good (notes at most), 1 broken, 3 errors or warnings of the linter, or a NOTIFY is lost.
    """
    if len(files) > 1:
        from .notify_return import check_pairs

        return check_pairs(files, federation_routing, partner, as_json)
    if federation_routing or partner:
        raise click.UsageError("--federation-routing and --partner are for several CONFIGs: name the other edge, too")
    return _check(files[0], as_json)


def _check(file: str, as_json: bool) -> int:
    from dialplan.check import Level, finding_of, findings
    from dialplan.problem import DialplanError
    from sipedge.cli.plans import load_plan
    from sipedge.config import ConfigError

    try:
        loaded = load_plan(file)
    except (ConfigError, DialplanError) as error:
        if as_json:
            _print_json([finding_of(problem) for problem in error.problems])
        fail(error)
    found = findings(loaded.plan, loaded.senders)
    serious = any(finding.level is not Level.NOTE for finding in found)
    if as_json:
        _print_json(found)
    else:
        _print(found, loaded.plan.dialplan.sources)
        click.echo(f"{file}: {_count(found) if serious else 'good'} ({loaded.about})")
    return FINDINGS if serious else 0


def _print_json(found: Sequence[Finding]) -> None:
    for finding in found:
        click.echo(json.dumps(finding.to_json()))


def _print(found: Sequence[Finding], sources: Mapping[str, str]) -> None:
    """Place, level, what is wrong and the id; the line with a caret; what to do; a request that shows it."""
    from dialplan.check import query_text
    from dialplan.notes import source_line
    from dialplan.problem import Problem

    for finding in found:
        line = source_line(sources, finding.location)
        head, *rest = str(Problem(finding.location, finding.why, finding.mend, line)).split("\n")
        place = str(finding.location)
        level = click.style(finding.level.value, fg=COLOURS[finding.level.value])
        click.echo(f"{click.style(place, bold=True)}: {level}: {head[len(place) + 2 :]} [{finding.id}]")
        for text in rest:
            click.echo(click.style(text, fg="red") if text.strip() == "^" else text)
        if finding.witness:
            click.echo(click.style(f"    for example {query_text(finding.witness)}", dim=True))


def _count(found: Sequence[Finding]) -> str:
    counts: dict[str, int] = {}
    for finding in found:
        counts[finding.level.value] = counts.get(finding.level.value, 0) + 1
    return ", ".join(
        f"{counts[level]} {level}{'s' if counts[level] > 1 else ''}" for level in COLOURS if level in counts
    )
