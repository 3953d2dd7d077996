"""The federation guide's plan with one mistake each: a line that is to be found ends in ``# finds: LEVEL ID``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.paths import DATA

from dialplan.analysis import Sender
from dialplan.check import report
from dialplan.language.parser import parse_dialplan
from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE
from dialplan.search.search import CompiledPlan

FILES = sorted((DATA / "dialplans/breakages").glob("*.dialplan"))
STRANGERS = Sender(DEFAULT_ZONE, frozenset({False}))
LOCAL = Sender(LOCAL_ZONE, frozenset(), silent="nothing registers here")
ZONES = {
    "inside": (Sender("IMP", frozenset({False})), Sender("Traversal client", frozenset({False})), STRANGERS, LOCAL),
    "outside": (
        Sender("Traversal server", frozenset({False})),
        Sender("DNS", frozenset(), silent="it maps no certificates"),
        STRANGERS,
        LOCAL,
    ),
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_exactly_the_mistake_is_found(file: Path) -> None:
    text = file.read_text()
    plan = CompiledPlan(parse_dialplan(text, file.name))
    side = re.search(r"^# zones: (\w+)$", text, re.MULTILINE)
    assert side
    found = report(plan, ZONES[side[1]])
    assert found.refuted == ()
    expected = {
        (number, match[1], match[2])
        for number, line in enumerate(text.split("\n"), start=1)
        if (match := re.search(r"# finds: (\w+) ([a-z-]+)$", line))
    }
    assert {(one.location.line, one.level.value, one.id) for one in found.findings} == expected
