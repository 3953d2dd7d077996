"""Header sections rewritten by a table."""

from __future__ import annotations

from support.messages import request

from sipedge.topology.headers import composed, rewritten


def test_only_what_changes_is_touched() -> None:
    message = request(extra=("X-a:  1", "x-A : 2", "X-B: gone"))
    lines = rewritten(message, {"x-a": lambda value: {"1": "1", "2": "3"}[value], "x-b": lambda value: None})
    assert lines == [b"x-A: 3" if line == b"x-A : 2" else line for line in message.lines if line != b"X-B: gone"]


def test_tables_work_one_after_the_other() -> None:
    both = composed({"a": lambda value: value + "1", "b": lambda value: None}, {"a": lambda value: value + "2"})
    assert both["a"]("0") == "012" and both["b"]("0") is None
    assert composed(both, {"b": lambda value: "back"})["b"]("0") is None
