"""``sipedge test``: does the plan do what its cases say?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sipedge.cli.configuration import fail
from sipedge.cli.files import read_text

if TYPE_CHECKING:
    from dialplan.cases.claims_proof import ClaimAnswer
    from dialplan.cases.coverage import Coverage
    from sipedge.queries.testing import Answer, Suite


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False))
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False), help="Write the results as JUnit XML.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="N",
    help="Fail when less than N percent of a plan's transforms and rules are reached.",
)
@click.option("--mutate", is_flag=True, help="Put small mistakes into the plan and list those that no case notices.")
def command(files: tuple[str, ...], junit: str | None, fail_under: float | None, mutate: bool) -> int:
    """Run the cases in FILES (*.cases) against the plans they name, with the search that the edge itself uses; prove
    the claims in them (never, only, always).

    Exit status: 0 all cases hold and all claims are proved, 1 not (or a file has a mistake, or the coverage is too
    low), 2 a file cannot be read.
    """
    from dialplan.problem import DialplanError
    from sipedge.config import ConfigError
    from sipedge.queries.testing import load_suites

    try:
        suites = load_suites([(file, read_text(file)) for file in files])
    except (DialplanError, ConfigError) as error:
        fail(error)
    results = [(suite, suite.answers(), suite.claim_answers()) for suite in suites]
    good = True
    for suite, answers, claims in results:
        proved = _claims(suite, claims)
        good = _report(suite, answers, fail_under) and proved and good
        if mutate and proved and not any(answer.differences for answer in answers):
            _mutate(suite)
    if junit:
        from .junit import write_junit

        write_junit(junit, results, files)
    return 0 if good else 1


def _claims(suite: Suite, answers: Sequence[ClaimAnswer]) -> bool:
    """Print what is not proved, with its counter-example, and what a proof is worth little for; whether all are."""
    from dialplan.cases.claims_proof import ClaimVerdict
    from sipedge.cli.explain import places_of, print_explanation

    for answer in answers:
        claim = answer.claim
        if answer.verdict is not ClaimVerdict.PROVED:
            click.echo(click.style(f"{claim.location}: {answer.verdict.value}: {claim.text}", bold=True))
        elif answer.reason:
            click.echo(f"{claim.location}: note: {claim.text}")
        if answer.reason:
            click.echo(f"    {answer.reason}")
        if answer.counterexample:
            print_explanation(answer.counterexample, "the counter-example", places_of(suite.settings))
            click.echo()
    proved = sum(answer.verdict is ClaimVerdict.PROVED for answer in answers)
    if answers:
        click.echo(f"{', '.join(suite.names)}: {proved} of {len(answers)} claims proved")
    return proved == len(answers)


def _report(suite: Suite, answers: Sequence[Answer], fail_under: float | None) -> bool:
    """Print failures and coverage; whether that is good."""
    from dialplan.cases.coverage import coverage

    failed = [answer for answer in answers if answer.differences]
    for answer in failed:
        _failure(suite, answer)
    click.echo(f"{', '.join(suite.names)}: {len(answers) - len(failed)} of {len(answers)} cases hold")
    covered = coverage(suite.settings.plan.dialplan, [answer.explanation for answer in answers])
    _coverage(covered)
    enough = fail_under is None or covered.percent >= fail_under
    if not enough:
        click.echo(click.style(f"  less than {fail_under:g} % reached", fg="red"))
    return enough and not failed


def _failure(suite: Suite, answer: Answer) -> None:
    from sipedge.cli.explain import places_of, print_explanation

    case = answer.question.case
    click.echo(click.style(f'{case.location}: "{case.name}" fails', bold=True))
    for line in answer.differences:
        click.echo(click.style(f"    {line}", fg={"-": "red", "+": "green"}.get(line[:1])))
    print_explanation(answer.explanation, answer.question.evidence, places_of(suite.settings))
    click.echo()


def _coverage(covered: Coverage) -> None:
    total = len(covered.entries)
    reached, decided = len(covered.reached), len(covered.decided)
    click.echo(f"  {reached} of {total} transforms and rules reached ({covered.percent:.0f} %), {decided} decided")
    for entry in covered.missed:
        click.echo(f'  not reached: {entry.location}: "{entry.name}"')


def _mutate(suite: Suite) -> None:
    """Each mistake that no case notices, with a request that would be a case for it."""
    from dialplan.cases.mutation import mutation_score
    from dialplan.check import query_text
    from sipedge.queries.senders import senders_of_zones

    zones = suite.settings.zones
    score = mutation_score(suite.settings.plan, suite.holds, senders_of_zones(zones) if zones else None)
    unnoticeable = f"; {score.same} change nothing and do not count" if score.same else ""
    click.echo(f"  {score.killed} of {score.total} mistakes noticed ({score.percent:.0f} %{unnoticeable})")
    for survivor in score.survivors:
        click.echo(f"  not noticed: {survivor.mutant}")
        if survivor.witness:
            click.echo(click.style(f"      for example {query_text(survivor.witness)}", dim=True))
