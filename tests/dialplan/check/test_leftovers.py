from __future__ import annotations

from support.linting import found, rule, told

ONE = rule("one", 10, r".*@a\.example")


def test_duplicates_however_written() -> None:
    for kind, pattern in (("suffix", "@a.example"), ("regex", r"(.*)@a[.]EXAMPLE"), ("regex", r".*(?<=@a\.example)")):
        text = ONE + rule("two", 20, pattern, kind=kind)
        assert told(text, "duplicate") == [("warning", "two", None)]
        assert found(text, "unreachable") == []


def test_not_the_same() -> None:
    for other in (
        rule("two", 20, r".*@a\.exampl"),
        rule("two", 20, r".*@a\.example", "B"),
        rule("two", 20, r".*@a\.example").replace("    mode", "    traffic type standard\n    mode"),
        rule("two", 20, "@a.example", kind="suffix", behavior="strip"),
    ):
        assert found(ONE + other, "duplicate") == []


def test_disabled() -> None:
    off = ONE.replace("    target", "    state disabled\n    target")
    assert [(one.level.value, one.location.line) for one in found(off, "disabled")] == [("note", 8)]
