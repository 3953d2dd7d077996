from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.traces.capture.tcp import JOIN_WAIT, MAX_WAITING, MAX_WAITING_BYTES, WINDOW, Stream

BEGINNING, MIDDLE = -1, -2
"""Instead of a number of lost bytes: where another connection begins, or is taken up."""


class Log:
    """What a stream delivers: bytes, and at which of them how many were lost."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lost: list[tuple[int, int]] = []
        self.stream = Stream(self.deliver, self.lose, self.restart)

    def deliver(self, data: bytes, time: float, position: int) -> None:
        self.data += data

    def lose(self, count: int, position: int) -> None:
        self.lost.append((len(self.data), count))

    def restart(self, position: int, *, from_beginning: bool) -> None:
        self.lost.append((len(self.data), BEGINNING if from_beginning else MIDDLE))

    def segment(self, sequence: int, data: bytes, length: int | None = None, time: float = 0.0) -> None:
        self.stream.segment(sequence & 0xFFFFFFFF, data, len(data) if length is None else length, time, 0)


def test_segments_in_order_wrap_around() -> None:
    log = Log()
    log.stream.begin(0xFFFFFFFD, 0)
    log.segment(0xFFFFFFFE, b"ab")
    log.segment(0, b"cd")
    assert log.data == b"abcd"


def test_a_repeated_syn_changes_nothing_and_another_one_begins_anew() -> None:
    log = Log()
    log.stream.begin(99, 0)
    log.segment(100, b"abc")
    log.stream.begin(99, 0)
    log.segment(103, b"def")
    assert (bytes(log.data), log.lost) == (b"abcdef", [])
    log.stream.begin(900_000_000, 0)
    log.segment(900_000_001, b"new")
    assert (bytes(log.data), log.lost) == (b"abcdefnew", [(6, BEGINNING)])


def test_after_the_end_a_syn_begins_anew_even_with_the_same_number() -> None:
    log = Log()
    log.stream.begin(99, 0)
    log.segment(100, b"abc")
    log.stream.end()
    log.segment(100, b"abc")
    log.stream.begin(99, 0)
    log.segment(100, b"xyz")
    assert (bytes(log.data), log.lost) == (b"abcxyz", [(3, BEGINNING)])


def test_a_syn_that_comes_after_data_says_where_they_begin() -> None:
    log = Log()
    log.stream.join(103)
    log.segment(103, b"def")
    log.stream.begin(99, 0)
    log.segment(100, b"abc")
    assert (bytes(log.data), log.lost) == (b"abcdef", [])


def test_the_bytes_that_came_first_count_where_two_segments_overlap() -> None:
    log = Log()
    log.segment(0, b"abcd")
    log.segment(2, b"XXef")
    log.segment(10, b"klm")
    log.segment(6, b"ghijZZZn")
    assert log.data == b"abcdefghijZZZn"


def test_a_gap_is_stepped_over_when_time_passes() -> None:
    log = Log()
    log.segment(0, b"abc", time=1.0)
    log.segment(10, b"def", time=2.0)
    log.segment(13, b"ghi", time=20.0)
    assert log.data == b"abc"
    log.segment(16, b"jkl", time=40.0)
    assert (bytes(log.data), log.lost) == (b"abcdefghijkl", [(3, 7)])


def test_a_gap_is_stepped_over_when_too_much_waits() -> None:
    log = Log()
    log.segment(0, b"a")
    for number in range(MAX_WAITING + 1):
        log.segment(2 + number, b"b")
    assert log.lost == [(1, 1)]
    assert len(log.data) == MAX_WAITING + 2
    assert log.stream.waiting_bytes == 0


def test_what_the_snaplen_cut_is_lost() -> None:
    log = Log()
    log.segment(0, b"abc", length=10)
    log.segment(10, b"klm")
    assert (bytes(log.data), log.lost) == (b"abcklm", [(3, 7)])


def test_giving_up_delivers_what_waits() -> None:
    log = Log()
    log.segment(0, b"a")
    log.segment(5, b"f")
    log.segment(9, b"j")
    log.stream.give_up()
    assert (bytes(log.data), log.lost) == (b"afj", [(1, 4), (2, 3)])


def test_a_stream_taken_up_in_disorder_begins_with_its_first_byte() -> None:
    log = Log()
    log.stream.join(5)
    log.segment(5, b"fgh")
    log.segment(0, b"abcde")
    assert log.data == b""
    log.segment(8, b"i")
    assert (bytes(log.data), log.lost) == (b"abcdefghi", [])


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[bytes, int, list[tuple[int, bytes]]]:
    """(data, first sequence number, segments that cover the data: cut, repeated, overlapping, reordered)."""
    data = draw(st.binary(min_size=1, max_size=300))
    first = draw(st.integers(0, 0xFFFFFFFF) | st.integers(0xFFFFFF00, 0xFFFFFFFF))
    cuts = sorted({0, len(data), *draw(st.lists(st.integers(0, len(data)), max_size=12))})
    pieces = list(zip(cuts, cuts[1:], strict=False))
    extra = draw(st.lists(st.tuples(st.integers(0, len(data)), st.integers(0, len(data))), max_size=6))
    pieces += [(min(pair), max(pair)) for pair in extra if pair[0] != pair[1]]
    pieces = draw(st.permutations(pieces))
    return data, first, [(start, data[start:end]) for start, end in pieces]


@pytest.mark.slow
@given(deliveries())
@examples(300)
def test_any_order_repetition_and_overlap_gives_the_same_bytes(
    case: tuple[bytes, int, list[tuple[int, bytes]]],
) -> None:
    data, first, segments = case
    log = Log()
    log.stream.begin(first - 1 & 0xFFFFFFFF, 0)
    for start, piece in segments:
        log.segment(first + start, piece)
    assert (bytes(log.data), log.lost) == (data, [])
    assert log.stream.waiting_bytes == 0


@given(st.lists(st.tuples(st.integers(0, 0xFFFFFFFF), st.binary(max_size=40), st.integers(0, 60)), max_size=40))
@examples(150)
def test_no_sequence_of_segments_breaks_it(segments: list[tuple[int, bytes, int]]) -> None:
    log = Log()
    for number, (sequence, data, more) in enumerate(segments):
        log.stream.segment(sequence, data, len(data) + more, float(number), 0)
    log.stream.give_up()
    assert log.stream.waiting_bytes == 0


def test_many_overlapping_segments_in_reverse_order() -> None:
    log = Log()
    data = bytes(number % 251 for number in range(2 * 1020 + 1))
    log.stream.begin(99, 0)
    for start in range(2 * 1020 - 2, 0, -2):
        log.segment(100 + start, data[start : start + 3])
    log.segment(100, data[:3])
    assert (bytes(log.data), log.lost) == (data, [])


@pytest.mark.slow
def test_a_stream_full_of_gaps_does_not_take_long() -> None:
    log = Log()
    log.stream.begin(99, 0)
    start = time.process_time()
    for number in range(40_000):
        log.segment(101 + 2 * number, b"x")
        assert log.stream.waiting_bytes <= MAX_WAITING_BYTES
    log.stream.give_up()
    assert time.process_time() - start < 1
    assert (len(log.data), len(log.lost)) == (40_000, 40_000)


def test_tiny_segments_that_wait_are_counted_with_what_they_take_besides_their_bytes() -> None:
    log = Log()
    log.stream.begin(99, 0)
    log.segment(110, b"x")
    log.segment(120, b"x")
    assert log.stream.waiting_bytes > 2 * 100


@pytest.mark.parametrize("below", [1, 1900, WINDOW - 1])
def test_a_syn_with_another_number_begins_anew_however_near_it_is(below: int) -> None:
    log = Log()
    log.stream.begin(WINDOW, 0)
    log.segment(WINDOW + 1, b"abc")
    log.stream.begin(WINDOW - below, 0)
    log.segment(WINDOW + 1 - below, b"new")
    assert (bytes(log.data), log.lost) == (b"abcnew", [(3, BEGINNING)])


def test_a_syn_that_comes_after_a_stream_was_taken_up_is_its_own() -> None:
    log = Log()
    log.segment(100, b"abc")
    log.stream.begin(99, 0)
    log.segment(103, b"def")
    log.stream.begin(89, 0)
    log.segment(90, b"new")
    assert (bytes(log.data), log.lost) == (b"abcdefnew", [(6, BEGINNING)])


def test_a_syn_behind_what_was_seen_of_a_stream_begins_another_one() -> None:
    log = Log()
    log.stream.join(100)
    log.segment(100, b"old")
    log.stream.begin(500, 0)
    log.segment(501, b"new")
    assert (bytes(log.data), log.lost) == (b"oldnew", [(3, BEGINNING)])


def test_a_stream_is_taken_up_when_its_clock_has_gone_on() -> None:
    log = Log()
    log.stream.join(5)
    log.segment(5, b"fgh", time=1.0)
    log.segment(8, b"ijk", time=2.0 + JOIN_WAIT)
    assert (bytes(log.data), log.lost) == (b"fghijk", [])
