from __future__ import annotations

from pathlib import Path

import click
import pytest

from dialplan.model import Location
from sipedge.cli.junit import Case, Failure, Suite, write_junit

SUITES = [
    Suite("a", [Case("x"), Case("y\x00", Failure("no\x1b", "first\nsecond"), Location("f.cases", 3, 1))]),
    Suite("b", [Case("z")]),
]


def test_suites_with_counts_places_and_failures(tmp_path: Path) -> None:
    file = tmp_path / "results.xml"
    write_junit(str(file), SUITES, [])
    assert file.read_text() == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<testsuites tests="3" failures="1">\n'
        '  <testsuite name="a" tests="2" failures="1">\n'
        '    <testcase classname="a" name="x" />\n'
        '    <testcase classname="a" name="y\\x00" file="f.cases" line="3">\n'
        '      <failure message="no\\x1b">first\nsecond</failure>\n'
        "    </testcase>\n"
        "  </testsuite>\n"
        '  <testsuite name="b" tests="1" failures="0">\n'
        '    <testcase classname="b" name="z" />\n'
        "  </testsuite>\n"
        "</testsuites>"
    )


def test_what_is_read_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "edge.cases"
    file.write_text("case")
    with pytest.raises(click.UsageError, match="name another file"):
        write_junit(str(file), SUITES, [str(file)])
    assert file.read_text() == "case"
