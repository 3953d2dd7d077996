from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import sip
from support.examples import examples

from sipedge.traces.records.cutter import Cutter
from sipedge.traces.records.record import Endpoint, Item, Record, Skipped
from sipedge.traces.records.wire import LARGEST_HEAD, content_length, find_start

A, B = Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 5060)


def cut(*pieces: bytes, finish: bool = True) -> list[Item]:
    out: list[Item] = []
    cutter = Cutter(out, "file", A, B)
    for number, piece in enumerate(pieces):
        cutter.feed(piece, float(number), number)
    if finish:
        cutter.finish()
    return out


def messages(items: list[Item]) -> list[bytes]:
    return [item.data for item in items if isinstance(item, Record)]


def reasons(items: list[Item]) -> list[str]:
    return [item.reason.partition(" (")[0] for item in items if isinstance(item, Skipped)]


def test_several_messages_and_keep_alives_in_one_piece() -> None:
    wanted = [sip(1), sip(2, b"body"), sip(3)]
    found = cut(b"\r\n\r\n" + wanted[0] + b"\r\n\r\n" + wanted[1] + wanted[2] + b"\r\n")
    assert messages(found) == wanted
    assert reasons(found) == []


def test_a_message_has_time_and_place_of_its_first_byte() -> None:
    data = sip(1, b"x" * 50)
    found = cut(b"\r\n", data[:20], data[20:100], data[100:] + sip(2))
    assert [(item.time, item.position) for item in found if isinstance(item, Record)] == [(1.0, 1), (3.0, 3)]


def test_a_body_with_start_lines_in_it_stays_whole() -> None:
    inner = sip(2)
    assert messages(cut(sip(1, inner) + sip(3))) == [sip(1, inner), sip(3)]


def test_a_stream_from_the_middle_begins_at_the_next_start_line() -> None:
    found = cut(b"ranch=z9hG4bK\r\nVia: SIP/2.0/TCP 1.2.3.4\r\n\r\nbody", b" more\r\n" + sip(2))
    assert messages(found) == [sip(2)]
    assert len(reasons(found)) == 1 and "are no SIP message" in reasons(found)[0]


def test_a_start_line_in_two_pieces_is_found_after_a_gap() -> None:
    out: list[Item] = []
    cutter = Cutter(out, "file", A, B)
    cutter.feed(sip(1) + sip(2)[:60], 0.0, 0)
    cutter.lose(500, 1)
    cutter.feed(b"rest of something\r\n" + sip(3)[:15], 0.0, 2)
    cutter.feed(sip(3)[15:], 0.0, 3)
    assert messages(out) == [sip(1), sip(3)]
    assert reasons(out) == ["500 bytes of this message were not captured"]


def test_a_gap_between_messages_is_said() -> None:
    out: list[Item] = []
    cutter = Cutter(out, "file", A, B)
    cutter.feed(sip(1), 0.0, 0)
    cutter.lose(10, 1)
    cutter.feed(sip(2), 0.0, 0)
    assert messages(out) == [sip(1), sip(2)]
    assert reasons(out) == ["10 bytes before this were not captured"]


@pytest.mark.parametrize("end", [5, 41, 60, 200])
def test_a_message_without_its_end_is_passed_over(end: int) -> None:
    assert len(reasons(cut(sip(1, b"x" * 100)[:end]))) == (1 if end > 12 else 0)


ENDLESS = sip(1).replace(b"Content-Length: 0\r\n", b"")


@pytest.mark.parametrize("body", [b"hello there, ", b"hello", b"<a> b</a>", b"two\r\nlines of it ", b"a\r\n\r\nb c "])
def test_a_body_without_content_length_and_line_end_keeps_the_next_message_whole(body: bytes) -> None:
    stream = ENDLESS + body + sip(2) + sip(3)
    for place in range(0, len(stream), 7):
        found = cut(stream[:place], stream[place:])
        assert messages(found) == [ENDLESS, sip(2), sip(3)]
        assert reasons(found) == [f"{len(body)} bytes are no SIP message"]


def test_messages_without_content_length_follow_each_other() -> None:
    found = cut(ENDLESS + ENDLESS + sip(2))
    assert (messages(found), reasons(found)) == ([ENDLESS, ENDLESS, sip(2)], [])


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x01\x02" * 100,
        b"SSH-2.0-OpenSSH_9.2\r\n" + bytes(range(256)) * 4,
        b"A" * 20_000,
        b"A" * 20_000 + b"\n",
    ],
)
def test_other_protocols_are_left_in_silence(data: bytes) -> None:
    assert cut(data, data, data) == []


def test_tls_is_told_and_not_kept() -> None:
    out: list[Item] = []
    cutter = Cutter(out, "file", A, B)
    cutter.feed(b"\x16\x03\x01\x00\x05\x01\x00", 0.0, 0)
    cutter.feed(sip(1), 0.0, 0)
    assert cutter.tls == b"\x16\x03\x01\x00\x05\x01"
    assert out == [] and not cutter.held


def test_endless_heads_and_absurd_lengths_are_given_up() -> None:
    endless = sip(1)[:-4] + b"\r\nX: y" * (LARGEST_HEAD // 4)
    huge = sip(2).replace(b"Content-Length: 0", b"Content-Length: 4000000000")
    found = cut(endless, b"\r\n\r\n" + sip(3), huge, sip(4))
    assert messages(found) == [sip(3), sip(4)]
    assert reasons(found) == ["a header section has no end", "Content-Length says 4000000000 bytes"]


def test_content_length_in_all_its_forms() -> None:
    for text in (b"Content-Length: 7", b"CONTENT-LENGTH:7", b"l:  7", b"content-length \t: 7 ", b"L:\r\n 7"):
        head = b"SIP/2.0 200 OK\r\nX-Content-Length: 9\r\n" + text + b"\r\n"
        assert content_length(head, 0, len(head)) == 7
    assert content_length(b"SIP/2.0 200 OK\r\nContent-Length: x\r\n", 0, 37) is None


def test_find_start_wants_the_beginning_of_a_line() -> None:
    assert find_start(b"Via: SIP/2.0/TCP x\r\nrefers to INVITE sip:x SIP/2.0 today\r\n") == -1
    assert find_start(b"junk\r\nSIP/2.0 200 OK\r\n") == 6


@pytest.mark.slow
@given(st.lists(st.binary(max_size=30), max_size=5), st.lists(st.integers(0, 2000), max_size=10), st.booleans())
@examples(200)
def test_cuts_anywhere_give_the_same_messages(bodies: list[bytes], places: list[int], pings: bool) -> None:
    wanted = [sip(number, body) for number, body in enumerate(bodies)]
    data = (b"\r\n\r\n" if pings else b"").join(wanted)
    cuts = sorted({0, len(data), *(place for place in places if place < len(data))})
    pieces = [data[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    found = cut(*pieces)
    assert messages(found) == wanted
    assert reasons(found) == []


@pytest.mark.slow
@given(st.lists(st.binary(max_size=60) | st.sampled_from([sip(1), sip(2, b"xyz")[:50], b"\r\n\r\n"]), max_size=12))
@examples(200)
def test_no_bytes_break_it(pieces: list[bytes]) -> None:
    cut(*pieces)


def test_after_a_gap_a_message_is_found_behind_a_body_without_line_end() -> None:
    out: list[Item] = []
    cutter = Cutter(out, "file", A, B)
    cutter.feed(sip(1), 0.0, 0)
    cutter.lose(10, 1)
    cutter.feed(b"NVITE sip:x SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\nhello" + sip(2), 0.0, 0)
    cutter.lose(10, 1)
    response = b"SIP/2.0 200 OK\r\n" + sip(3).partition(b"\r\n")[2]
    cutter.feed(b"good bye" + response, 0.0, 0)
    assert messages(out) == [sip(1), sip(2), response]


def test_a_stream_from_the_middle_may_begin_with_a_method_of_any_name() -> None:
    out: list[Item] = []
    cutter = Cutter(out, "file", A, B)
    wanted = [sip(number, b"hi", "FOOBAR") for number in range(5)]
    cutter.join()
    for number, data in enumerate(wanted):
        cutter.feed(data, float(number), number)
    assert (messages(out), reasons(out)) == (wanted, [])


def test_after_a_gap_a_packet_may_begin_with_a_method_of_any_name() -> None:
    out: list[Item] = []
    cutter = Cutter(out, "file", A, B)
    cutter.feed(sip(1, b"hi", "FOOBAR")[:-1], 0.0, 0)
    cutter.lose(100, 1)
    cutter.feed(b"the end of a body", 0.0, 0)
    cutter.feed(sip(2, b"hi", "FOOBAR")[:-1], 0.0, 0)
    cutter.feed(b"i" + sip(3, b"hi", "FOOBAR"), 0.0, 0)
    assert messages(out) == [sip(2, b"hi", "FOOBAR"), sip(3, b"hi", "FOOBAR")]


@pytest.mark.slow
def test_many_start_lines_without_a_header_section_do_not_take_long() -> None:
    start = time.process_time()
    found = cut(b"INVITE sip:a SIP/2.0\r\n" * 40_000)
    assert time.process_time() - start < 1
    assert messages(found) == []


def test_a_header_section_is_found_behind_one_that_has_no_end() -> None:
    endless = b"INVITE sip:a SIP/2.0\r\n" * 4000
    for more in range(8):
        found = cut(endless + b"X" * more + b"\r\n\r\n" + sip(1))
        assert messages(found)[-1] == sip(1)


def test_where_no_header_section_ends_is_forgotten_with_the_packet() -> None:
    endless = b"INVITE sip:a SIP/2.0\r\n" * 4000
    for last in (sip(1), b"INVITE sip:a SIP/2.0\r\n"):
        found = cut(endless + last, b"X: y\r\n\r\n", sip(2) + sip(3))
        assert messages(found)[-2:] == [sip(2), sip(3)]
