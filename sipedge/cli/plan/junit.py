"""Test results as JUnit XML, as build servers read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from sipedge.cli.explain import explanation_text, places_of
from sipedge.cli.files import new_file
from sipedge.printable import escaped

if TYPE_CHECKING:
    from dialplan.cases.claims_proof import ClaimAnswer
    from sipedge.queries.testing import Answer, Suite

Results = Sequence[tuple["Suite", Sequence["Answer"], Sequence["ClaimAnswer"]]]


def write_junit(file: str, results: Results, inputs: Sequence[str]) -> None:
    """One test suite for each plan, one test case for each case and claim; a failure holds the diff and the
    explanation."""
    failures = [_failures(answers, claims) for _, answers, claims in results]
    root = Element("testsuites", _counts([failed for one in failures for failed in one]))
    for (suite, answers, claims), failed in zip(results, failures, strict=True):
        name = ", ".join(suite.names)
        node = SubElement(root, "testsuite", {"name": name, **_counts(failed)})
        for answer in answers:
            _case(node, name, suite, answer)
        for proof in claims:
            _claim(node, name, suite, proof)
    indent(root)
    with new_file(file, inputs) as output:
        ElementTree(root).write(output, encoding="utf-8", xml_declaration=True)


def _failures(answers: Sequence[Answer], claims: Sequence[ClaimAnswer]) -> list[bool]:
    from dialplan.cases.claims_proof import ClaimVerdict

    cases = [bool(answer.differences) for answer in answers]
    return cases + [proof.verdict is not ClaimVerdict.PROVED for proof in claims]


def _counts(failed: Sequence[bool]) -> dict[str, str]:
    return {"tests": str(len(failed)), "failures": str(sum(failed))}


def _case(parent: Element, plan: str, suite: Suite, answer: Answer) -> None:
    case = answer.question.case
    attributes = {"classname": plan, "name": case.name, "file": case.location.file, "line": str(case.location.line)}
    node = SubElement(parent, "testcase", attributes)
    if answer.differences:
        failure = SubElement(node, "failure", {"message": escaped("; ".join(answer.differences))})
        tree = explanation_text(answer.explanation, answer.question.evidence, places_of(suite.settings))
        failure.text = "\n".join([*map(escaped, answer.differences), "", tree])


def _claim(parent: Element, plan: str, suite: Suite, proof: ClaimAnswer) -> None:
    from dialplan.cases.claims_proof import ClaimVerdict

    claim = proof.claim
    place = {"file": claim.location.file, "line": str(claim.location.line)}
    node = SubElement(parent, "testcase", {"classname": plan, "name": claim.text, **place})
    if proof.verdict is not ClaimVerdict.PROVED:
        failure = SubElement(node, "failure", {"message": f"{proof.verdict.value} {proof.reason}".strip()})
        if proof.counterexample:
            failure.text = explanation_text(proof.counterexample, "the counter-example", places_of(suite.settings))
