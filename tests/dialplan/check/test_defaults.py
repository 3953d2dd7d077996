from __future__ import annotations

from support.linting import rule, told

OPEN = rule("one", 10, r".*@a\.example").replace("    on successful match stop\n", "")
REST = rule("rest", 100, ".*", "DNS")


def test_continue_left_out() -> None:
    assert told(OPEN + REST, "continue-by-default") == [("warning", "one", "alice@a.example")]


def test_said_or_without_effect() -> None:
    said = OPEN.replace("    target", "    on successful match continue\n    target")
    assert told(said + REST, "continue-by-default") == []
    assert told(OPEN, "continue-by-default") == []
    assert told(OPEN + rule("b", 100, r".*@b\.example", "DNS"), "continue-by-default") == []
    assert told(OPEN + rule("same", 100, ".*"), "continue-by-default") == []
    assert told(OPEN + rule("between", 20, ".*") + REST, "continue-by-default") == []


def test_strip_left_out() -> None:
    text = rule("one", 10, "@a.example", kind="suffix")
    assert told(text.replace("    behavior leave\n", ""), "strip-by-default") == [("warning", "one", "alice@a.example")]
    assert told(text.replace("leave", "strip"), "strip-by-default") == []
    assert told(text, "strip-by-default") == []
