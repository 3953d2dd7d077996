"""After bytes were lost a message counts only when its header section proves where it begins."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import sip
from support.examples import examples

from sipedge.traces.records.cutter import Cutter
from sipedge.traces.records.record import Endpoint, Item, Record, Skipped
from sipedge.traces.records.recovery import find_message
from sipedge.traces.records.wire import LARGEST_HEAD

RESPONSE = b"SIP/2.0 200 OK\r\n" + sip(4).partition(b"\r\n")[2]
COMPACT = (
    b"SIP/2.0 404 \r\nv: SIP/2.0/TCP a\r\nf: <sip:a@b>\r\nt : <sip:c@d>\r\ni: 1\r\nCSEQ : 1\r\n INVITE\r\n l: 0\r\n\r\n"
)
ENDS_OF_BODIES = [
    b"EOL",
    b"A SIP/2.0",
    b"hello SIP/2.0\r\n",
    b"MESSAGE",
    b"MESSAGE ",
    b"BE",
    b"SIP/2.0 200 OK\r\n",
    b"SIP/2.0 200 OK",
    b"MESSAGE sip:a SIP/2.0\r\n",
    b"MESSAGE sip:a SIP/2.0\r\nX: y",
    b"MESSAGE sip:a SIP/2.0\r\nVia: a\r\nFrom: a\r\nTo: a\r\nCall-ID: a\r\n",
    b"MESSAGE sip:a SIP/2.0\r\n\r\n",
    b"MESSAGE sip:a SIP/2.0\r\nContent-Length: 500\r\n\r\n",
    b"\r\n\r\n\r\n",
    b"",
]  # fmt: skip


@pytest.mark.parametrize("wanted", [sip(1), sip(2, b"hi", "FOOBAR"), sip(3, b"", "BENOTIFY"), RESPONSE, COMPACT])
@pytest.mark.parametrize("body", ENDS_OF_BODIES)
def test_a_message_behind_the_end_of_a_body(body: bytes, wanted: bytes) -> None:
    assert find_message(body + wanted, 0) == (len(body), len(body), True)


@pytest.mark.parametrize(
    "torn",
    [
        sip(1)[1:],
        sip(1, b"", "FOOBAR")[1:],
        sip(1, b"", "BENOTIFY")[2:],
        RESPONSE[1:],
        b"X" + sip(1).replace(b"CSeq: 1 MESSAGE", b"CSeq: 1 XMESSAG"),
        sip(1).replace(b"sip:romeo@example.org SIP", b"sip:romeo @example.org SIP"),
        sip(1).replace(b"\r\nTo:", b"\r\nTwo:"),
        sip(1).replace(b"CSeq: 1 MESSAGE", b"CSeq: 1"),
        sip(1).replace(b"\r\nFrom", b"\r\nno field\r\nFrom"),
        sip(1).replace(b"MESSAGE sip:romeo", b"MESSAGE sip:" + b"x" * 9000),
    ],
)
def test_what_no_header_section_proves_is_no_message(torn: bytes) -> None:
    assert find_message(torn, 0).begin == -1
    assert find_message(torn + sip(2), 0).begin == len(torn)


def test_the_fields_may_quote_a_start_line() -> None:
    data = sip(1).replace(b"\r\nTo:", b'\r\nReason: SIP;text="SIP/2.0 200 OK"\r\nSubject: MESSAGE a SIP/2.0\r\nTo:')
    assert find_message(b"hello" + data, 0).begin == 5


def test_what_may_become_a_message_is_kept() -> None:
    assert find_message(b"junk\r\nMESSAGE sip:a", 0) == (-1, 6, False)
    assert find_message(b"junk\r\nMESSAGE sip:a SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n", 0) == (-1, 6, True)
    assert find_message(b"Via: SIP/2.0/TCP x\r\nVia: SIP/2.0", 0) == (-1, 20, False)
    assert find_message(b"x\r\n" + b"y" * 20_000 + b"\r\nz", 0) == (-1, 20_005, False)


def test_a_header_section_that_is_too_long_is_none() -> None:
    long = sip(1).replace(b"\r\n\r\n", b"\r\n" + b"X: y\r\n" * (LARGEST_HEAD // 6) + b"\r\n")
    assert find_message(long + sip(2), 0).begin == len(long)
    assert find_message(long[:-4], 0).keep > 0


def cut(pieces: list[bytes], lost: int) -> list[Item]:
    """By a cutter that ``lost`` bytes after sip(0) are hidden from."""
    out: list[Item] = []
    cutter = Cutter(out, "file", Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 5060))
    cutter.feed(sip(0), 0.0, 0)
    cutter.lose(lost, 1)
    for number, piece in enumerate(pieces, 1):
        cutter.feed(piece, float(number), number)
    return out


@pytest.mark.parametrize("body", ENDS_OF_BODIES)
@pytest.mark.parametrize("size", [1, 7, 50, 1000])
def test_pieces_of_any_size_give_the_same(body: bytes, size: int) -> None:
    data = body + sip(1) + sip(2, b"hello") + sip(3)
    found = cut([data[start : start + size] for start in range(0, len(data), size)], 10)
    assert [item.data for item in found if isinstance(item, Record)] == [sip(0), sip(1), sip(2, b"hello"), sip(3)]


def test_a_message_behind_a_gap_has_time_and_place_of_its_first_byte() -> None:
    found = cut([b"the end of a bo", b"dy\n" + sip(1)[:60], sip(1)[60:90], sip(1)[90:] + sip(2)], 10)
    assert [(item.time, item.position) for item in found if isinstance(item, Record)] == [(0, 0), (2, 2), (4, 4)]


def test_a_gap_inside_a_body_costs_that_message_only_whatever_the_body_holds() -> None:
    """Its Content-Length still says where it ends."""
    body = b"x" * 100 + sip(7) + b"end"
    data = sip(1, body)
    for odd in (b"FOO x SIP/2.0\r\n\r\n", sip(2)):
        out: list[Item] = []
        cutter = Cutter(out, "file", Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 5060))
        start = data.index(b"x" * 100)
        cutter.feed(data[: start + 10], 0.0, 0)
        cutter.lose(20, 1)
        cutter.feed(data[start + 30 : start + 50], 1.0, 2)
        cutter.lose(5, 3)
        cutter.feed(data[start + 55 :] + odd, 2.0, 4)
        assert [item.data for item in out if isinstance(item, Record)] == [odd]
        assert len([item for item in out if isinstance(item, Skipped)]) == 2


def test_a_gap_that_goes_on_behind_a_body_costs_what_it_hides() -> None:
    out: list[Item] = []
    cutter = Cutter(out, "file", Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 5060))
    cutter.feed(sip(1, b"x" * 50)[:-20], 0.0, 0)
    cutter.lose(21, 1)
    cutter.feed(sip(2)[1:] + sip(3), 1.0, 2)
    assert [item.data for item in out if isinstance(item, Record)] == [sip(3)]


@pytest.mark.parametrize(
    "line", [b"INVITE sip:a SIP/2.0\r\n", b"X: INVITE sip:a SIP/2.0\r\n", b"SIP/2.0 200 ", b"SIP/2.0", b"\r\n\r\n"]
)
@pytest.mark.parametrize("size", [40, 1400, 1 << 20])
def test_much_that_is_like_a_start_line_does_not_take_long(line: bytes, size: int) -> None:
    data = line * (1_000_000 // len(line)) + sip(1)[-150:]
    start = time.process_time()
    found = cut([data[start : start + size] for start in range(0, len(data), size)], 10)
    assert time.process_time() - start < 2
    assert [item.data for item in found if isinstance(item, Record)] == [sip(0)]


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """Messages whose bodies are made of what start lines and header sections are made of."""
    pieces = st.sampled_from(
        [*ENDS_OF_BODIES, b" ", b"INVITE sip:a SIP/2.0\r\n", b"CSeq: 1 MESSAGE\r\n", b"Via: a\r\n"]
    )
    bodies = draw(st.lists(st.lists(pieces, max_size=5).map(b"".join), min_size=1, max_size=6))
    methods = st.sampled_from(["MESSAGE", "BENOTIFY", "FOOBAR", "ACK"])
    return [sip(number, body, draw(methods)) for number, body in enumerate(bodies)]


@pytest.mark.slow
@given(conversations(), st.lists(st.tuples(st.integers(0, 5), st.integers(-12, 250), st.booleans()), max_size=12))
@examples(300)
def test_gaps_cost_the_messages_that_they_touch(messages: list[bytes], cuts: list[tuple[int, int, bool]]) -> None:
    """``cuts``: near the beginning of which message, how far behind it, and whether what follows is lost."""
    starts = [sum(map(len, messages[:number])) for number in range(len(messages) + 1)]
    places = {min(max(0, starts[number % len(messages)] + off), starts[-1]): lost for number, off, lost in cuts}
    bounds = sorted({0, starts[-1], *places})
    data, out, gone = b"".join(messages), [], set()
    cutter = Cutter(out, "file", Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 5060))
    for begin, end in zip(bounds, bounds[1:], strict=False):
        if places.get(begin):
            cutter.lose(end - begin, begin)
            gone.update(range(begin, end))
        else:
            cutter.feed(data[begin:end], 0.0, begin)
    whole = [
        data for data, start in zip(messages, starts, strict=False) if gone.isdisjoint(range(start, start + len(data)))
    ]
    assert [item.data for item in out if isinstance(item, Record)] == whole
