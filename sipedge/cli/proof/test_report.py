"""What became of the cases and claims of one plan: for people, and as a JUnit suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from dialplan.cases.claims_proof import ClaimAnswer, ClaimVerdict
from dialplan.cases.coverage import Coverage, coverage
from sipedge.cli import junit
from sipedge.cli.explain import explanation_text, print_explanation
from sipedge.printable import escaped
from sipedge.queries.testing import CaseResult, Suite
from sipedge.queries.trees.explained import places_of

COUNTEREXAMPLE = "the counter-example"
DIFF_COLOURS = {"-": "red", "+": "green"}


@dataclass(frozen=True, slots=True)
class Results:
    suite: Suite
    answers: Sequence[CaseResult]
    claims: Sequence[ClaimAnswer]

    @property
    def name(self) -> str:
        return ", ".join(self.suite.names)

    @property
    def failed(self) -> list[CaseResult]:
        """Of cases that do not hold."""
        return [answer for answer in self.answers if answer.differences]


def print_claims(results: Results) -> bool:
    """Print what is not proved, with its counter-example, and what a proof is worth little for; whether all are."""
    for answer in results.claims:
        claim = answer.claim
        if answer.verdict is not ClaimVerdict.PROVED:
            click.echo(click.style(f"{claim.location}: {answer.verdict.value}: {claim.text}", bold=True))
        elif answer.reason:
            click.echo(f"{claim.location}: note: {claim.text}")
        if answer.reason:
            click.echo(f"    {answer.reason}")
        if answer.counterexample:
            print_explanation(answer.counterexample, COUNTEREXAMPLE, places_of(results.suite.settings))
            click.echo()
    proved = sum(answer.verdict is ClaimVerdict.PROVED for answer in results.claims)
    if results.claims:
        click.echo(f"{results.name}: {proved} of {len(results.claims)} claims proved")
    return proved == len(results.claims)


def print_cases(results: Results, fail_under: float | None) -> bool:
    """Print failures and coverage; whether that is good. ``fail_under``: percent of the plan that must be reached."""
    for answer in results.failed:
        _print_failure(results.suite, answer)
    held = len(results.answers) - len(results.failed)
    click.echo(f"{results.name}: {held} of {len(results.answers)} cases hold")
    dialplan = results.suite.settings.plan.dialplan
    covered = coverage(dialplan, [answer.explanation for answer in results.answers])
    _print_coverage(covered)
    enough = fail_under is None or covered.percent >= fail_under
    if not enough:
        click.echo(click.style(f"  less than {fail_under:g} % reached", fg="red"))
    return enough and not results.failed


def _print_failure(suite: Suite, answer: CaseResult) -> None:
    case = answer.question.case
    click.echo(click.style(f'{case.location}: "{case.name}" fails', bold=True))
    for line in answer.differences:
        click.echo(click.style(f"    {line}", fg=DIFF_COLOURS.get(line[:1])))
    print_explanation(answer.explanation, answer.question.evidence, places_of(suite.settings))
    click.echo()


def _print_coverage(covered: Coverage) -> None:
    total = len(covered.entries)
    reached, decided = len(covered.reached), len(covered.decided)
    click.echo(f"  {reached} of {total} transforms and rules reached ({covered.percent:.0f} %), {decided} decided")
    for entry in covered.missed:
        click.echo(f'  not reached: {entry.location}: "{entry.name}"')


def junit_suite(results: Results) -> junit.Suite:
    """One test case for each case and claim; a failure holds the diff and the explanation."""
    cases = [_junit_case(results.suite, answer) for answer in results.answers]
    claims = [_junit_claim(results.suite, answer) for answer in results.claims]
    return junit.Suite(results.name, cases + claims)


def _junit_case(suite: Suite, answer: CaseResult) -> junit.Case:
    case = answer.question.case
    failure = None
    if answer.differences:
        tree = explanation_text(answer.explanation, answer.question.evidence, places_of(suite.settings))
        text = "\n".join([*map(escaped, answer.differences), "", tree])
        failure = junit.Failure("; ".join(answer.differences), text)
    return junit.Case(case.name, failure, case.location)


def _junit_claim(suite: Suite, answer: ClaimAnswer) -> junit.Case:
    failure = None
    if answer.verdict is not ClaimVerdict.PROVED:
        counterexample, places = answer.counterexample, places_of(suite.settings)
        text = explanation_text(counterexample, COUNTEREXAMPLE, places) if counterexample else ""
        failure = junit.Failure(f"{answer.verdict.value} {answer.reason}".strip(), text)
    return junit.Case(answer.claim.text, failure, answer.claim.location)
