"""Every finding has its page, and the example on the page shows it."""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT

from dialplan.analysis import Sender
from dialplan.check import IDS, assumed_variables, finding_of, report
from dialplan.language.parser import parse_dialplan
from dialplan.language.zone_names import check_zones
from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan

PAGES = ROOT / "docs/checks"
SENDERS = (
    Sender(DEFAULT_ZONE, frozenset({False})),
    Sender(LOCAL_ZONE, frozenset(), silent="nothing registers here"),
    Sender("DNS zone without inbound mapping", frozenset(), silent="it maps nothing"),
)
OF_CONFIGURATIONS = {"cannot-listen", "cannot-write", "new-default", "open-topology", "receives-nothing"}
"""Their examples are no dial plans; tests/sipedge/queries/test_startup.py runs them."""
NEED_ZONES = {"source-never-sends", "never-authenticated", "dead-target", "unknown-zone"}


def _shown(text: str, known_zones: bool) -> set[str]:
    """The ids that ``sipedge check`` tells for a plan."""
    try:
        dialplan = parse_dialplan(text, "example.dialplan")
        if known_zones and (
            problems := check_zones(dialplan, ["Partner", "Inside", "DNS zone without inbound mapping"])
        ):
            raise DialplanError(problems)
        found = report(CompiledPlan(dialplan, assumed_variables(dialplan)), SENDERS if known_zones else None)
    except DialplanError as error:
        return {finding_of(problem).id for problem in error.problems}
    assert found.refuted == ()
    return {finding.id for finding in found.findings}


def test_every_id_has_a_page_and_every_page_an_id() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*IDS, "README"}
    listed = re.findall(r"^\| \[([a-z0-9-]+)\]", (PAGES / "README.md").read_text(), re.MULTILINE)
    assert listed == sorted(IDS)


@pytest.mark.parametrize("name", sorted(set(IDS) - OF_CONFIGURATIONS))
def test_the_example_shows_it(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text()
    for heading in ("What", "Why", "Example", "How to mend it"):
        assert f"\n## {heading}\n" in text
    example = re.search(r"\n```\n(.*?)\n```\n", text, re.DOTALL)
    assert example
    assert name in _shown(example[1] + "\n", name in NEED_ZONES)
