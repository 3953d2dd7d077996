"""Lines replaced, removed, inserted; all others byte for byte as they came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipedge.sip.edits import Edits
from sipedge.sip.message import Message


def message(*lines: bytes) -> Message:
    return Message(b"\r\n".join((b"OPTIONS sip:a@b SIP/2.0", *lines)) + b"\r\n\r\n")


def lines_of(edits: Edits) -> list[bytes]:
    return edits.head()[:-4].split(b"\r\n")[1:]


def test_nothing_changes_without_edits() -> None:
    given_message = message(b"A:  1", b"b : 2\r\n\t3")
    assert Edits(given_message).head() == given_message.head


def test_replace_remove_insert() -> None:
    edits = Edits(message(b"A: 1", b"B: 2", b"C: 3"))
    edits.insert_before(2, b"x")
    edits.replace(2, b"y")
    edits.insert_before(2, b"z")
    edits.remove(1)
    edits.insert_before(4, b"end")
    assert lines_of(edits) == [b"x", b"z", b"y", b"C: 3", b"end"]


def test_a_removed_line_keeps_what_was_put_before_it() -> None:
    edits = Edits(message(b"A: 1", b"B: 2"))
    edits.remove(1)
    edits.remove(1)
    edits.insert_before(1, b"x")
    assert lines_of(edits) == [b"x", b"B: 2"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_several_values_at_once_are_as_one_after_the_other(count: int) -> None:
    given_message = message(b"Route: <sip:a>,, <sip:b>,\r\n <sip:c>", b"B: 2")
    one, all_at_once = Edits(given_message), Edits(given_message)
    for _ in range(count):
        one.remove_first_items(1)
    all_at_once.remove_first_items(1, count)
    assert [line.strip() for line in lines_of(all_at_once)] == [line.strip() for line in lines_of(one)]


@pytest.mark.parametrize(
    ("line", "after_one", "after_two"),
    [
        (b"Route: <sip:a>,<sip:b>", b"Route: <sip:b>", None),
        (b"Route:\t<sip:a> ,  <sip:b>,<sip:c>", b"Route:  <sip:b>,<sip:c>", b"Route: <sip:c>"),
        (b"route : <sip:a,x>, <sip:b>", b"route : <sip:b>", None),
        (b"Route: <sip:a>", None, None),
        (b"Route: ,, <sip:a>, <sip:b>", b"Route: <sip:b>", None),
        (b"Route: <sip:a>, ,", None, None),
        (b"Route: <sip:a>,\r\n <sip:b>", b"Route: \r\n <sip:b>", None),
    ],
)
def test_values_off_the_front(line: bytes, after_one: bytes | None, after_two: bytes | None) -> None:
    edits = Edits(message(line, b"B: 2"))
    edits.remove_first_items(1)
    assert edits.head() == message(*([after_one] if after_one else []), b"B: 2").head
    edits.remove_first_items(1)
    assert edits.head() == message(*([after_two] if after_two else []), b"B: 2").head


@pytest.mark.parametrize(
    ("line", "after"),
    [
        (b"Route: <sip:a>,<sip:b>", b"Route: <sip:a>"),
        (b"Route: <sip:a>", None),
        (b"Route: <sip:a>, <sip:b>, ,", b"Route: <sip:a>"),
        (b"Route: , <sip:b>", None),
    ],
)
def test_a_value_off_the_end(line: bytes, after: bytes | None) -> None:
    edits = Edits(message(line))
    edits.remove_last_item(1)
    assert edits.head() == message(*([after] if after else [])).head


def test_from_both_ends() -> None:
    edits = Edits(message(b"Route: <sip:a>, <sip:b>, <sip:c>"))
    edits.remove_first_items(1)
    edits.remove_last_item(1)
    assert lines_of(edits) == [b"Route: <sip:b>"]


@given(st.lists(st.sampled_from([b"A: 1", b"Bb:2 ", b"c:\r\n x"]), max_size=5), st.data())
def test_untouched_lines_keep_their_bytes_and_order(lines: list[bytes], data: st.DataObject) -> None:
    edits, expected = Edits(message(*lines)), [b"OPTIONS sip:a@b SIP/2.0", *lines]
    numbers = data.draw(st.sets(st.integers(1, len(lines))) if lines else st.just(set()))
    for number in numbers:
        edits.remove(number)
    kept = [line for number, line in enumerate(expected) if number not in numbers]
    assert edits.head() == b"\r\n".join(kept) + b"\r\n\r\n"
