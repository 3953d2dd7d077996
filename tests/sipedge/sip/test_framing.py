"""Cutting streams into messages: every cut gives the same, every limit holds, no cut costs more than linear time."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.settings import Limits
from sipedge.sip.framing import BUFFER, MOST_SKIPPED, Frame, Framer, FramingError, KeepAlive
from sipedge.sip.message import Message

LIMITS = Limits()
pytestmark = pytest.mark.usefixtures("half")


def message(body: bytes = b"", extra: bytes = b"") -> bytes:
    return (
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TLS a.example.com;branch=z9hG4bK1\r\n"
        + extra
        + b"Content-Length: %d\r\n\r\n" % len(body)
        + body
    )


def bad(head: bytes, body: bytes = b"") -> bytes:
    return head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def frames(data: bytes, step: int = 0, limits: Limits = LIMITS) -> list[Frame]:
    framer = Framer(limits)
    found: list[Frame] = []
    for at in range(0, len(data), step or len(data)):
        found += framer.feed(data[at : at + (step or len(data))])
    return found


def one_error(data: bytes, limits: Limits = LIMITS) -> FramingError:
    found = frames(data, limits=limits)
    assert len(found) == 1 and isinstance(found[0], FramingError)
    return found[0]


def merged(found: list[Frame]) -> list[object]:
    """Keep-alives that follow one another count as one item: how many a read sees is a matter of cutting."""
    result: list[object] = []
    for frame in found:
        if isinstance(frame, KeepAlive):
            if result and isinstance(result[-1], int):
                result[-1] += frame.count
            else:
                result.append(frame.count)
        else:
            result.append(frame.to_bytes() if isinstance(frame, Message) else frame)
    return result


def test_two_messages_in_one_segment() -> None:
    first, second = frames(message(b"one") + message(b"two"))
    assert isinstance(first, Message) and isinstance(second, Message)
    assert (first.body, second.body) == (b"one", b"two")


def test_one_message_byte_by_byte() -> None:
    data = message(b"x" * 3000)
    (found,) = frames(data, step=1)
    assert isinstance(found, Message) and found.to_bytes() == data


def test_large_message_and_back_to_a_small_buffer() -> None:
    framer = Framer(LIMITS)
    data = message(b"x" * 60000)
    (found,) = framer.feed(data)
    assert isinstance(found, Message) and found.to_bytes() == data
    assert len(framer.space()) == BUFFER
    assert not framer.partial


def test_compact_content_length() -> None:
    (found,) = frames(b"BYE sip:a SIP/2.0\r\nl : 3\r\n\r\nabc")
    assert isinstance(found, Message) and found.body == b"abc"


@pytest.mark.parametrize("step", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("data", "pings"),
    [
        (b"\r\n", 0),
        (b"\r\n\r\n", 1),
        (b"\r\n\r\n\r\n", 1),
        (b"\r\n\r\n\r\n\r\n", 2),
        (b"\r\n" + message(b"a") + b"\r\n", 0),
        (message(b"a") + b"\r\n\r\n" + message(b"b"), 1),
        (b"\r\n\r\n" + message(b"a") + b"\r\n\r\n", 2),
        (message(b"a") + b"\n" + message(b"b"), 0),
        (message(b"a") + b"\r" + message(b"b"), 0),
        (message(b"a") + b"\n\r\n\r\n" + message(b"b"), 1),
        (message(b"a") + b"\r\n\n\r\n" + message(b"b"), 0),
        (message(b"a") + b"\r\r\n\r\n\r", 1),
    ],
)
def test_keep_alives(data: bytes, pings: int, step: int) -> None:
    found = frames(data, step)
    assert sum(frame.count for frame in found if isinstance(frame, KeepAlive)) == pings
    assert sum(isinstance(frame, Message) for frame in found) == data.count(b"MESSAGE")


def test_a_body_of_line_breaks_is_no_keep_alive() -> None:
    (found,) = frames(message(b"\r\n\r\n\r\n\r\n"))
    assert isinstance(found, Message) and len(found.body) == 8


@pytest.mark.parametrize(
    "head",
    [
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TLS a",
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: 3\r\nContent-Length: 4",
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: 3\r\nl: 4",
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: -1",
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: 99999999999",
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nContent-Length: 3, 3",
        b"no start line\r\nVia: SIP/2.0/TLS a",
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nno colon\r\nContent-Length: 3\r\nl: 4",
        b"MESSAGE sip:bob@example.com SIP/2.0\r\nX: a\nContent-Length: 3\r\nContent-Length: 4",
    ],
)
def test_framing_is_lost(head: bytes) -> None:
    error = one_error(head + b"\r\n\r\n" + message())
    assert error.fatal and error.status == 400 and error.head == head + b"\r\n\r\n"


def test_equal_content_lengths_are_one() -> None:
    (found,) = frames(b"BYE sip:a SIP/2.0\r\nl: 3\r\nContent-Length: 3\r\n\r\nabc")
    assert isinstance(found, Message)


@pytest.mark.parametrize(
    ("head", "status", "line"),
    [
        (b"MESSAGE  sip:bob@example.com SIP/2.0", 400, 1),
        (b"MESSAGE sip:bob@example.com SIP/3.0", 505, 1),
        (b"MESSAGE sip:bob@example.com SIP/2.0\r\nno colon", 400, 2),
        (b"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: a\r\nb@d name: x", 400, 3),
        (b"MESSAGE sip:bob@example.com SIP/2.0\r\nX: " + b"x" * 20000, 513, 2),
        (b"MESSAGE sip:bob@example.com SIP/2.0" + b"\r\nX: 1" * 300, 513, 0),
    ],
)
def test_malformed_message_is_cut_out(head: bytes, status: int, line: int) -> None:
    error, after = frames(bad(head, b"body") + message(b"next"), step=997)
    assert isinstance(error, FramingError) and not error.fatal
    assert (error.status, error.line) == (status, line) and error.head is not None
    assert isinstance(after, Message) and after.body == b"next"


def test_message_over_the_limit() -> None:
    largest = LIMITS.message - len(message(b"x" * 65000)) + 65000
    (found,) = frames(message(b"x" * largest))
    assert isinstance(found, Message) and len(found.to_bytes()) == LIMITS.message
    error = one_error(message(b"x" * (largest + 1)))
    assert error.status == 513 and not error.fatal and error.head is not None


@pytest.mark.parametrize("step", [1 << 20, 4096, 1000])
def test_what_follows_a_message_over_the_limit_is_read(step: int) -> None:
    """It may have open transactions of others behind it."""
    framer, found = Framer(LIMITS), []
    stream = message(b"x" * 200_000) + b"\r\n\r\n" + message(b"next")
    for start in range(0, len(stream), step):
        found += framer.feed(stream[start : start + step])
        assert len(framer.space()) < 4 * LIMITS.message  # nothing of it is kept
    error, ping, after = found
    assert isinstance(error, FramingError) and error.status == 513
    assert isinstance(ping, KeepAlive) and isinstance(after, Message) and after.body == b"next"
    assert not framer.partial


def test_a_message_over_the_limit_counts_as_begun_until_its_end() -> None:
    framer = Framer(LIMITS)
    assert len(framer.feed(message(b"x" * 200_000)[:100_000])) == 1
    assert framer.partial


def test_nobody_may_be_sent_without_end() -> None:
    endless = message(b"x" * 65_000).replace(b"Content-Length: 65000", b"Content-Length: %d" % (MOST_SKIPPED + 1))
    assert one_error(endless).fatal


def test_header_section_over_the_limit() -> None:
    limits = replace(LIMITS, header_section=5000)
    assert one_error(message(extra=b"X: y\r\n" * 100 * 10), limits).status == 513
    endless = one_error(b"MESSAGE sip:a SIP/2.0\r\n" + b"X: y\r\n" * 1000, limits)
    assert endless.status == 513 and endless.fatal
    assert endless.head is not None and len(endless.head) <= 5004 and endless.head.endswith(b"\r\nX: y\r\n\r\n")
    assert one_error(b"MESSAGE sip:" + b"a" * 6000, limits).head is None


def test_an_error_says_where() -> None:
    (error, _) = frames(bad(b"MESSAGE sip:bob@example.com SIP/2.0\r\nVia: a\r\nb@d name: x", b"") + message())
    assert str(error).endswith(" (line 3, column 1)")
    assert str(FramingError(513, "too long", line=3)) == "too long (line 3)"
    assert str(FramingError(400, "there is no Content-Length")) == "there is no Content-Length"


@pytest.mark.parametrize("step", [0, 1])
def test_tls_on_a_port_without_tls(step: int) -> None:
    (error,) = frames(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", step)
    assert isinstance(error, FramingError) and error.fatal and "TLS" in error.reason


@pytest.mark.parametrize("data", [b"\0\0", b" MESSAGE", b"\r\r ", b"\n\0", b"\x16\x16\x16", b"\xff"])
def test_garbage(data: bytes) -> None:
    assert one_error(data).fatal


def test_lone_line_ends_between_messages_take_no_stack() -> None:
    assert [type(frame) for frame in frames(b"\n\r\r" * 100_000 + message())] == [Message]


def test_a_lone_line_end_behind_the_start_line_is_refused() -> None:
    """Skipping it there would let two parsers see two messages."""
    first = message().replace(b"\r\n", b"\n", 1)
    assert all(frame.fatal for frame in frames(b"\n" + first) if isinstance(frame, FramingError))
    assert not any(isinstance(frame, Message) for frame in frames(b"\n" + first))


def test_nothing_is_read_after_a_fatal_error() -> None:
    framer = Framer(LIMITS)
    assert len(framer.feed(b"\0" + message() * 3)) == 1
    assert framer.failed and framer.feed(message()) == []


def test_a_trickling_peer_costs_linear_time() -> None:
    """60,000 bytes one by one: a search from the start each time would look at 1.8 thousand million bytes."""
    framer = Framer(replace(LIMITS, header_line=65536))
    data = memoryview(message(extra=b"X: " + b"x" * 59000 + b"\r\n"))
    begin = time.process_time()
    found: list[Frame] = []
    for at in range(len(data)):
        framer.space()[:1] = data[at : at + 1]
        found += framer.received(1)
    assert len(found) == 1 and time.process_time() - begin < 1.0


def test_a_buffer_without_bytes_goes_to_whoever_needs_the_next_one() -> None:
    one, other = Framer(LIMITS), Framer(LIMITS)
    assert len(one.feed(message())) == 1
    buffer = other.space().obj
    other.feed(message()[:10])
    assert one.space().obj is not buffer
    assert len(other.feed(message()[10:])) == 1
    assert Framer(LIMITS).space().obj is buffer


PIECES = st.lists(
    st.sampled_from(
        [
            b"\r\n",
            b"\r\n\r\n",
            b"\r",
            b"\n",
            message(),
            message(b"\r\n\r\n"),
            message(b"x" * 5000),
            message(b"y" * 40000),
            bad(b"no start line"),
            bad(b"MESSAGE sip:a SIP/2.0\r\nno colon", b"abc"),
            b"\0garbage",
            b"BYE sip:a SIP/2.0\r\n\r\n",
        ]
    ),
    max_size=6,
)


@pytest.mark.slow
@given(PIECES, st.lists(st.integers(0, 100_000), max_size=12))
@examples(150)
def test_every_cutting_gives_the_same(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join(pieces)
    framer = Framer(LIMITS)
    found: list[Frame] = []
    marks = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for begin, end in zip(marks, marks[1:], strict=False):
        found += framer.feed(data[begin:end])
    assert merged(found) == merged(frames(data) if data else [])


@given(st.binary(max_size=200), st.integers(1, 50))
@examples(150)
def test_any_bytes_give_frames_or_nothing(data: bytes, step: int) -> None:
    for prefix in (b"", b"BYE sip:a SIP/2.0\r\n", message()):
        frames(prefix + data + b"\r\n\r\n", step)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 70_000)), max_size=30))
def test_framers_that_take_turns_see_their_own_bytes_only(turns: list[tuple[int, int]]) -> None:
    streams = [b"".join(message(name * size) for size in (3, 40_000, 0, 5_000)) for name in (b"a", b"b", b"c")]
    framers, found, at = [Framer(LIMITS) for _ in streams], [list[Frame]() for _ in streams], [0] * len(streams)
    for which, size in [*turns, (0, 200_000), (1, 200_000), (2, 200_000)]:
        found[which] += framers[which].feed(streams[which][at[which] : at[which] + size])
        at[which] += size
    for stream, those in zip(streams, found, strict=True):
        assert b"".join(each.head + each.body for each in those if isinstance(each, Message)) == stream
