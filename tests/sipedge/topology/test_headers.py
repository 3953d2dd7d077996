"""Header sections rewritten by a table."""

from __future__ import annotations

from support.messages import request

from sipedge.sip.message import Message
from sipedge.topology.headers import Head, composed


def test_only_what_changes_is_touched() -> None:
    message = request(extra=("X-a:  1", "x-A : 2", "X-B: gone"))
    head = Head(message)
    head.rewrite({"x-a": lambda value: {"1": "1", "2": "3"}[value], "x-b": lambda value: None})
    lines = [b"x-A: 3" if line == b"x-A : 2" else line for line in message.lines if line != b"X-B: gone"]
    assert Message(head.to_bytes()).lines == lines


def test_all_values_of_a_header_stand_where_its_first_one_stood() -> None:
    message = request(extra=("X-A: 1, 2", "X-B: 3", "x-a: 4"))
    head = Head(message)
    head.write("x-a", ["5", "6"])
    head.keep_first("x-b")
    head.add_behind_first("via", [b"Via: more"])
    changed = Message(head.to_bytes())
    assert changed.items("x-a") == ["5", "6"] and changed.items("via") == [*message.items("via"), "more"]
    assert changed.index["x-a"][1] < changed.index["x-b"][0]
    head.write("x-a", [])
    assert "x-a" not in Message(head.to_bytes()).index


def test_doubted_lines_go() -> None:
    message = request(extra=("X-A: 1", "X-B: 2", "X-C: 2"))
    head = Head(message)
    head.drop((*message.index["x-a"], *message.index["x-b"]), lambda line: line.endswith(b"2"))
    assert b"X-A" in head.to_bytes() and b"X-B" not in head.to_bytes() and b"X-C" in head.to_bytes()


def test_tables_work_one_after_the_other() -> None:
    both = composed({"a": lambda value: value + "1", "b": lambda value: None}, {"a": lambda value: value + "2"})
    assert both["a"]("0") == "012" and both["b"]("0") is None
    assert composed(both, {"b": lambda value: "back"})["b"]("0") is None
