"""Which cases reach which rules of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TypedDict

from dialplan.model import SearchRule
from dialplan.problem import DialplanError
from sipedge.config import ConfigError
from sipedge.config.reading.files import in_folder_of
from sipedge.queries.testing import load_suites, reached
from sipedge.revisions.files import FileSet


class ReachJson(TypedDict):
    """Cases of one file that reach a rule; a rule that none reaches is in no such value."""

    rule: str
    file: str
    """The case file, as the configuration's folder has it."""
    cases: int
    line: int
    """Of the first of them."""


def reach(config: str, texts: Mapping[str, str]) -> list[ReachJson]:
    """``texts``: as in FileSet. Case files with mistakes are passed over: a review tells of them."""
    files, found = FileSet(texts), list[ReachJson]()
    for name, text in files.cases.items():
        with suppress(DialplanError, ConfigError):
            suites = load_suites([(in_folder_of(config, name), text)], files.at(config))
            for (kind, rule), cases in reached(suites).items():
                if kind is SearchRule:
                    first = min(case.location.line for case in cases)
                    found.append({"rule": rule, "file": name, "cases": len(cases), "line": first})
    return found
