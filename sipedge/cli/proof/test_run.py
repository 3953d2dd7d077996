"""Cases run and claims proved, plan by plan."""

from __future__ import annotations

from dataclasses import dataclass

import click

from dialplan.cases.mutation import mutation_score
from dialplan.check import query_text
from dialplan.problem import DialplanError
from sipedge.cli import junit
from sipedge.cli.files import read_text
from sipedge.cli.problems import fail
from sipedge.config import ConfigError
from sipedge.queries.senders import senders_of_zones
from sipedge.queries.testing import Suite, load_suites

from .test_report import Results, junit_suite, print_cases, print_claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    files: tuple[str, ...]
    junit: str | None
    """File to write; None for none."""
    fail_under: float | None
    """Percent."""
    mutate: bool


def run(options: Options) -> int:
    """The exit status: 0 all is as the files say, 1 not. A file with a mistake ends with 2."""
    try:
        suites = load_suites([(file, read_text(file)) for file in options.files])
    except (DialplanError, ConfigError) as error:
        fail(error.problems)
    results = [Results(suite, suite.answers(), suite.claim_answers()) for suite in suites]
    good = True
    for result in results:
        proved = print_claims(result)
        good = print_cases(result, options.fail_under) and proved and good
        if options.mutate and proved and not result.failed:
            _mutate(result.suite)
    if options.junit:
        junit.write_junit(options.junit, list(map(junit_suite, results)), options.files)
    return 0 if good else 1


def _mutate(suite: Suite) -> None:
    """Each mistake that no case notices, with a request that would be a case for it."""
    zones = suite.settings.zones
    score = mutation_score(suite.settings.plan, suite.holds, senders_of_zones(zones) if zones else None)
    unnoticeable = f"; {score.same} change nothing and do not count" if score.same else ""
    click.echo(f"  {score.killed} of {score.total} mistakes noticed ({score.percent:.0f} %{unnoticeable})")
    for survivor in score.survivors:
        click.echo(f"  not noticed: {survivor.mutant}")
        if survivor.witness:
            click.echo(click.style(f"      for example {query_text(survivor.witness)}", dim=True))
