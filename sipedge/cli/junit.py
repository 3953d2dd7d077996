"""Test results as JUnit XML, as build servers read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

import click

from sipedge.log import escaped

from .explain import explanation_text, places_of

if TYPE_CHECKING:
    from sipedge.testing import Answer, Suite


def write_junit(file: str, results: Sequence[tuple[Suite, Sequence[Answer]]]) -> None:
    """One test suite for each plan, one test case for each case; a failure holds the diff and the explanation."""
    root = Element("testsuites", _counts([answer for _, answers in results for answer in answers]))
    for suite, answers in results:
        name = ", ".join(suite.names)
        node = SubElement(root, "testsuite", {"name": name, **_counts(answers)})
        for answer in answers:
            _case(node, name, suite, answer)
    indent(root)
    try:
        ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise click.UsageError(f'"{file}" cannot be written: {error.strerror}') from None


def _counts(answers: Sequence[Answer]) -> dict[str, str]:
    return {"tests": str(len(answers)), "failures": str(sum(bool(answer.differences) for answer in answers))}


def _case(parent: Element, plan: str, suite: Suite, answer: Answer) -> None:
    case = answer.question.case
    attributes = {"classname": plan, "name": case.name, "file": case.location.file, "line": str(case.location.line)}
    node = SubElement(parent, "testcase", attributes)
    if answer.differences:
        failure = SubElement(node, "failure", {"message": escaped("; ".join(answer.differences))})
        tree = explanation_text(answer.explanation, answer.question.evidence, places_of(suite.settings))
        failure.text = "\n".join([*map(escaped, answer.differences), "", tree])
