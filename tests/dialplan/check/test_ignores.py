from __future__ import annotations

import pytest
from support.plans import compiled

from dialplan.check import findings

RULE = """search rule "old" {above}
    mode any alias
    target zone "A"
    state disabled{behind}
}}
"""


def told(text: str) -> list[tuple[int, str]]:
    return [(one.location.line, one.id) for one in findings(compiled(text))]


def plan(above: str = "", behind: str = "") -> str:
    return RULE.format(above="{" + above, behind=behind)


IGNORE = "# sipedge: ignore disabled kept until spring"


@pytest.mark.parametrize(
    "text",
    [
        IGNORE + "\n" + plan(),
        plan(above=" " + IGNORE),
        plan(behind=" " + IGNORE),
        plan().replace("    mode", f"    {IGNORE}\n    mode"),
        plan(behind=" #sipedge:ignore DISABLED kept"),
    ],
)
def test_places(text: str) -> None:
    assert told(text) == []


def test_above_a_block_it_is_for_that_block() -> None:
    other = plan().replace('"old"', '"older"')
    text = 'search rule "new" {\n    mode any alias\n    target zone "Local Zone"\n    on successful match stop\n}\n'
    assert told(text + IGNORE + "\n" + plan() + other) == [(15, "disabled")]


def test_above_the_first_block_it_is_for_the_file() -> None:
    assert told(IGNORE + "\n" + plan() + plan().replace('"old"', '"older"')) == []


def test_on_another_line_it_is_unused() -> None:
    text = plan().replace('    target zone "A"', f'    target zone "A" {IGNORE}')
    assert told(text) == [(3, "unused-ignore"), (4, "disabled")]


def test_a_reason_is_needed() -> None:
    assert told("# sipedge: ignore disabled\n" + plan()) == [(1, "ignore-without-reason"), (5, "disabled")]


def test_the_id_must_exist() -> None:
    assert told("# sipedge: ignore disable because\n" + plan()) == [(1, "unknown-ignore"), (5, "disabled")]


def test_not_inside_text() -> None:
    text = plan().replace("    mode", '    description "# sipedge: ignore disabled no"\n    mode')
    assert told(text) == [(5, "disabled")]
