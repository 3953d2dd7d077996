"""Findings about one configuration or dial plan; several configurations go to ``notify_return``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import click

from dialplan.check import Finding, Level, finding_of, findings, query_text
from dialplan.notes import source_line
from dialplan.problem import DialplanError, Problem
from sipedge.cli.files import read_text
from sipedge.cli.plans import load_plan
from sipedge.cli.printing import amount, print_json
from sipedge.cli.problems import LEVEL_COLOURS, caret_in_red, fail
from sipedge.config import ConfigError
from sipedge.queries.engine_costs import engine_costs
from sipedge.queries.new_defaults import new_defaults
from sipedge.queries.open_zones import open_zones
from sipedge.queries.startup import startup_findings

from .notify_return import check_pairs

BROKEN = 1
"""Exit status: whether the files are good is what was asked."""
WARNINGS = 3
"""Exit status when the worst are warnings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    files: tuple[str, ...]
    as_json: bool
    federation_routing: tuple[str, ...]
    """FQDN or ZONE=FQDN; like ``partner`` only where there are several files."""
    partner: tuple[str, ...]
    """SIP domains."""


def run(options: Options) -> int:
    """The exit status: 0 good, 1 errors or a lost NOTIFY, 3 warnings. A broken file ends with 1, too."""
    if len(options.files) > 1:
        passed = check_pairs(options.files, options.federation_routing, options.partner, options.as_json)
        return 0 if passed else 1
    if options.federation_routing or options.partner:
        raise click.UsageError("--federation-routing and --partner are for several CONFIGs: name the other edge, too")
    return _check(options.files[0], options.as_json)


def _check(file: str, as_json: bool) -> int:
    try:
        loaded = load_plan(file)
    except (ConfigError, DialplanError) as error:
        if as_json:
            _print_json([finding_of(problem) for problem in error.problems])
        fail(error.problems, BROKEN)
    sources = dict(loaded.plan.dialplan.sources)
    results = findings(loaded.plan, loaded.senders)
    if loaded.senders is not None:
        sources[file] = read_text(file)
        results = [*startup_findings(file), *new_defaults(file), *open_zones(file), *results]
    levels = {finding.level for finding in results}
    serious = bool(levels - {Level.NOTE})
    if as_json:
        _print_json(results)
    else:
        _print(results, sources)
        costs = [] if loaded.settings is None else engine_costs(loaded.settings)
        for note in (*loaded.notes, *costs):
            click.echo(f"{file}: {click.style('note', fg=LEVEL_COLOURS['note'])}: {note}")
        click.echo(f"{file}: {_counts(results) if serious else 'good'} ({loaded.about})")
    return 1 if Level.ERROR in levels else WARNINGS if serious else 0


def _print_json(results: Sequence[Finding]) -> None:
    for finding in results:
        print_json(finding.to_json())


def _print(results: Sequence[Finding], sources: Mapping[str, str]) -> None:
    """Place, level, what is wrong and the id; the line with a caret; what to do; a request that shows it."""
    for finding in results:
        line = source_line(sources, finding.location)
        head, *rest = str(Problem(finding.location, finding.why, finding.mend, line)).split("\n")
        place = str(finding.location)
        level = click.style(finding.level.value, fg=LEVEL_COLOURS[finding.level.value])
        click.echo(f"{click.style(place, bold=True)}: {level}: {head[len(place) + 2 :]} [{finding.id}]")
        for text in rest:
            click.echo(caret_in_red(text))
        if finding.witness:
            click.echo(click.style(f"    for example {query_text(finding.witness)}", dim=True))


def _counts(results: Sequence[Finding]) -> str:
    """``1 error, 2 notes``."""
    counts = Counter(finding.level.value for finding in results)
    return ", ".join(amount(counts[level], level) for level in LEVEL_COLOURS if level in counts)
