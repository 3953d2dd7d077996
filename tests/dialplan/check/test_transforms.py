from __future__ import annotations

from support.linting import found, rule, told, transform

REST = rule("rest", 10, ".*")


def test_never_applied() -> None:
    first, second = transform("old", 1, r".*@old.*", "x"), transform("one", 2, r"(.*)@old\.example", r"\1@new")
    assert told(first + second + REST, "transform-preceded") == [("error", "one", "alice@old.example")]
    assert found(second.replace("2", "3") + first.replace("1", "4", 1) + REST, "transform-preceded") == []


def test_never_applied_because_of_two() -> None:
    text = transform("a", 1, "[a-m].*", "x") + transform("b", 2, "[n-z].*", "x") + transform("c", 3, "[a-z]{3}", "x")
    (one,) = found(text + REST, "transform-preceded")
    assert '"a" (priority 1) and "b" (priority 2) always comes first' in one.why


def test_without_effect() -> None:
    text = transform("same", 1, "(.*)@(.*)", r"\1@\2")
    assert told(text + REST, "transform-without-effect") == [("note", "same", None)]
