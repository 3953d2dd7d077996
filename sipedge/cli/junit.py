"""Results as JUnit XML, as build servers read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from dialplan.model import Location
from sipedge.printable import escaped

from .files import new_file


@dataclass(frozen=True, slots=True)
class Failure:
    message: str
    """One line."""
    text: str
    """All that helps to understand it."""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    failure: Failure | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    name: str
    cases: Sequence[Case]


def write_junit(file: str, suites: Sequence[Suite], inputs: Sequence[str]) -> None:
    """``inputs``: files that are read, which ``file`` must not be. What cannot be written ends with status 2."""
    root = Element("testsuites", _counts([case for suite in suites for case in suite.cases]))
    for suite in suites:
        node = SubElement(root, "testsuite", {"name": suite.name, **_counts(suite.cases)})
        for case in suite.cases:
            _add_case(node, suite.name, case)
    indent(root)
    with new_file(file, inputs) as output:
        ElementTree(root).write(output, encoding="utf-8", xml_declaration=True)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failures = sum(case.failure is not None for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures)}


def _add_case(suite: Element, name: str, case: Case) -> None:
    location = case.location
    place = {} if location is None else {"file": location.file, "line": str(location.line)}
    node = SubElement(suite, "testcase", {"classname": name, "name": escaped(case.name), **place})
    if case.failure is not None:
        SubElement(node, "failure", {"message": escaped(case.failure.message)}).text = case.failure.text
