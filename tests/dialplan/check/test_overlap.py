from __future__ import annotations

import pytest
from support.linting import found, rule, told

DOMAIN = r".*@a\.example"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (rule("alice", 10, "alice.*", "B"), rule("a", 20, DOMAIN), [("warning", "a", "alice@a.example")]),
        (rule("alice", 10, r"alice@a\.example", "B"), rule("a", 20, DOMAIN), []),
        (rule("alice", 10, "alice.*"), rule("a", 20, DOMAIN), []),
        (rule("alice", 10, "alice.*", match="continue"), rule("a", 20, DOMAIN, "B"), []),
        (rule("b", 10, r".*@b\.example.*", "B"), rule("a", 20, r".*@a\.example.*"), []),
        (
            rule("host", 10, r".*imp1\.b\.example.*", "B"),
            rule("a", 20, DOMAIN),
            [("note", "a", "imp1.b.example@a.example")],
        ),
    ],
)
def test_partly_hidden(first: str, second: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert told(first + second, "shadowed") == expected


def test_a_third_rule_in_the_way_is_seen() -> None:
    third = rule("first", 5, "alice@a.*", "C")
    text = third + rule("alice", 10, "alice.*", "B") + rule("a", 20, DOMAIN)
    (one,) = found(text, "shadowed")[-1:]
    assert one.name == "a"


def test_of_one_priority() -> None:
    text = rule("all", 10, DOMAIN, "B") + rule("alice", 10, "alice@.*")
    assert told(text, "ambiguous") == [("warning", "alice", "alice@a.example")]
    assert told(rule("all", 10, DOMAIN) + rule("alice", 10, "alice@.*"), "ambiguous") == []
    assert told(rule("all", 10, DOMAIN, "B") + rule("b", 10, r".*@b\.example"), "ambiguous") == []


def test_other_conditions_do_not_compete() -> None:
    first = rule("all", 10, DOMAIN, "B").replace("    mode", '    source zone "X"\n    mode')
    second = rule("alice", 10, "alice@.*").replace("    mode", '    source zone "Y"\n    mode')
    assert found(first + second, "ambiguous") == []
