"""Messages read in C against the same ones read in Python, which is the oracle: every byte and every value."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.native import require_native
from support.paths import DATA, messages_in

from sipedge.native import library
from sipedge.settings import Limits
from sipedge.sip.framing import Frame, Framer
from sipedge.sip.message import Message
from sipedge.sip.values import MessageError

LIMITS = Limits(message=4096, header_section=2048, header_line=512, headers=40)
FIELDS = ("head", "body", "lines", "method", "uri", "status", "reason", "index")
VALUES = ("content_length", "call_id", "cseq", "from_tag", "to_tag", "plain_via_host")
REQUEST = (
    b"MESSAGE sip:b@example.com SIP/2.0", b"Via: SIP/2.0/TLS h:5061;branch=z9hG4bK1", b"f: <sip:a@h>;tag=a",
    b"To: <sip:b@h>", b"Call-ID: c", b"CSeq: 1 MESSAGE", b"Content-Length: 2",
)  # fmt: skip
START = st.sampled_from([
    b"SIP/2.0 200 OK", b"SIP/2.0 180", b"SIP/2.0 180 ", b"sip/2.0 200 OK", b"SIP/2.0 99 x", b"SIP/2.0 700 x",
    b"SIP/2.0  200 OK", b"SIP/2.0 2000 OK", b"SIP/3.0 200 OK", b"SIP/2.0", b"SIP/2.0 200 \xff\xc3\xa4",
    b"INVITE sip:\xff@h SIP/2.0", b"INVITE  SIP/2.0", b"INVITE x sip/2.0", b"INVITE x SIP/2.1", b"INVITE x SIP/2.0 ",
    b"IN(VITE x SIP/2.0", b"SIPX x SIP/2.0", b"x.-!%*_+`'~ y SIP/2.0", b"INVITE a b SIP/2.0", b"INVITE",
])  # fmt: skip
PIECES = st.lists(
    st.sampled_from([
        b"SIP/2.0/TLS ", b"sip/2.0/tls ", b"SIP/2.0/T1 ", b"h", b"Host.Example", b"192.0.2.1", b":5061", b":0", b":05",
        b":59999", b":60000", b":123456", b":", b";branch=z9hG4bK1", b";rport", b";RPORT=1", b";received=1.2.3.4",
        b";receiver", b";x=a=b", b";x=", b';x="y z"', b';x="y,z"', b'="', b";", b",", b"<sip:b@h>", b">", b";tag=1",
        b";TAG = 2 ", b";tag", b";tag=", b";tags=1", b'"B > ;" ', b" ", b"\t", b"\x0b", b"\xe4", b"\xc3\xa4", b"\0",
        b"7", b"007", b"2147483647", b"2147483648", b"99999999999", b"INVITE", b"\r\n ", b"\n", b"\r", b"+1", b"-",
    ]),
    max_size=6,
).map(b"".join)  # fmt: skip
NAMES = st.sampled_from([
    b"Via:", b"v: ", b"VIA :", b"To:", b"t:", b"From: ", b"Call-ID:", b"i:", b"CSeq: ", b"Content-Length: ", b"l:",
    b"L :\t", b"X-Other: ", b":", b"no colon", b" : x",
])  # fmt: skip


class Pair:
    """Two framers for the same bytes. The one in Python is asked first: the other knows what that one has read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        require_native()
        with monkeypatch.context() as patch:
            patch.setenv(library.SWITCH, "0")
            self.oracle = Framer(LIMITS)
        self.native = Framer(LIMITS)
        assert self.native._heads is not None and self.oracle._heads is None
        self.in_c = 0
        """Messages that were read in C."""

    def feed(self, data: bytes) -> None:
        expected, found = self.oracle.feed(data), self.native.feed(data)
        self.in_c += sum("plain_via_host" in vars(frame) for frame in found if isinstance(frame, Message))
        assert list(map(seen, found)) == list(map(seen, expected))
        assert (self.native.failed, self.native.partial) == (self.oracle.failed, self.oracle.partial)


def seen(frame: Frame) -> object:
    if not isinstance(frame, Message):
        return frame
    return [getattr(frame, name) for name in FIELDS], [(name, value(frame, name)) for name in VALUES]


def value(message: Message, name: str) -> Any:
    try:
        return getattr(message, name)
    except MessageError as error:
        return str(error)


def stream(lines: list[bytes]) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\nhi"


def test_usual_requests_are_read_in_c(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(monkeypatch)
    for _ in range(3):
        pair.feed(3 * stream(list(REQUEST)))
    assert pair.in_c >= 8


@pytest.mark.slow
@examples(700)
@given(
    start=st.one_of(st.just(REQUEST[0]), START),
    number=st.integers(1, len(REQUEST) - 1),
    line=st.tuples(NAMES, PIECES).map(b"".join),
    replaced=st.integers(0, 1),
    cut=st.integers(1, 300),
)
def test_a_message_is_the_same_in_both(start: bytes, number: int, line: bytes, replaced: int, cut: int) -> None:
    """One line of a sound message is another one, or one more; whole, and cut in two."""
    lines = [start, *REQUEST[1:]]
    lines[number : number + replaced] = [line]
    with pytest.MonkeyPatch.context() as patch:
        for parts in ((stream(lines),) * 2, (stream(lines)[:cut], stream(lines)[cut:])):
            pair = Pair(patch)
            for part in parts:
                pair.feed(part)


Part = tuple[bytes, ...]
"""What stands at one place of a line: the usual, then others."""
BLANK: Part = (b"", b" ", b"\t", b"  ", b"\x0b", b"\x1c", b"\xa0")
SPACE: Part = (b" ", b"", b"\t", b"  ", b"\x0b", b"\xa0")
NUMBER: Part = (b"1", b"007", b"2147483647", b"2147483648", b"4294967296", b"99999999999", b"0000000001", b"", b"+1")
NAME: Part = (b"x", b"tag", b"TAG", b"ta", b"tags", b"rport", b"Rport", b"received", b"receive", b"", b"\xe4")
VALUE: Part = (
    b"1", b"", b"a=b", b'"y z"', b'"y,z"', b'"y\\z"', b'"y;tag=2"', b'"', b'"y', b"<", b">", b"\xe4", b"[::1]", b"1,2",
)  # fmt: skip
PARAMETER: list[Part] = [(b";", b"; ", b" ;", b",", b""), NAME, (b"=", b"", b" = ", b"=="), VALUE]
SENT_PROTOCOL: Part = (
    b"SIP/2.0/TLS ", b"sip/2.0/x ", b"SIP/2.0/TLS  ", b"SIP/2.0/T1 ", b"SIP/2.0/ ", b"SIP/2.0/TLS", b"SIP/3.0/X ",
)  # fmt: skip
HOST: Part = (b"h", b"Host.Example", b"192.0.2.1", b"-.", b"[::1]", b"h_h", b"", b"h" * 255, b"h" * 256)
PORT: Part = (b"", b":5061", b":0", b":05", b":59999", b":60000", b":123456", b":", b":5061x", b" :1")
FORMS: list[list[Part]] = [
    [(b"CSeq:",), SPACE, NUMBER, SPACE, (b"INVITE", b"x.y", b"a b", b"a\tb", b"\xe4", b""), BLANK],
    [
        (b"To: <sip:b@h>", b"To:", b'To: "B" <sip:b@h>', b"To: <sip:b@h", b"To: B>;tag=3 <sip:b@h>"),
        *PARAMETER,
        (b";tag=2", b""),
        BLANK,
    ],
    [(b"Via: ", b"Via:", b"Via :", b"Via: \t"), SENT_PROTOCOL, HOST, PORT, *PARAMETER, (b";x", b""), BLANK],
    [
        (b"Call-ID:",),
        SPACE,
        (b"c", b"", b"c c", b"\xe4", b"\xc3\xa4", b"c:c", b"c\rc", b"c\nc", b"c\r\n c", b"c\0"),
        BLANK,
    ],
    [(b"Content-Length:",), SPACE, (b"2", b"02", b"2 2", b"2,2", b"\xc2\xb2", b"4", b"1", b"-1", b""), BLANK],
]
"""Lines near the forms that are read in C, on both sides of the border."""


def is_the_same(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    """One line of a sound message is this one."""
    lines = [line if other[:3] == line[:3] else other for other in REQUEST]
    pair = Pair(monkeypatch)
    pair.feed(stream(lines))
    pair.feed(stream(lines))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[0][0].decode())
def test_a_value_with_one_unusual_part_is_the_same_in_both(monkeypatch: pytest.MonkeyPatch, form: list[Part]) -> None:
    for place, part in enumerate(form):
        for other in part:
            parts = [each[0] for each in form]
            parts[place] = other
            is_the_same(monkeypatch, b"".join(parts))


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\r\n ", b"\r\n\t"])
def test_lines_end_alike_in_both(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    """A message with the same names in the same order was there before."""
    for between in (b"\r\n", end):
        Pair(monkeypatch).feed(stream([*REQUEST[:3], b"X: a" + between + b"X: b", *REQUEST[3:]]))


@pytest.mark.slow
@examples(1000)
@given(data=st.data(), form=st.sampled_from(FORMS))
def test_a_value_is_the_same_in_both(data: st.DataObject, form: list[Part]) -> None:
    """Each part is the usual one every other time."""
    line = b"".join(data.draw(st.one_of(st.just(part[0]), st.sampled_from(part))) for part in form)
    with pytest.MonkeyPatch.context() as patch:
        is_the_same(patch, line)


@pytest.mark.slow
def test_all_messages_are_the_same_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    for path in messages_in(DATA):
        pair = Pair(monkeypatch)
        pair.feed(3 * path.read_bytes())
        read += pair.in_c
    assert read > 20


@pytest.mark.parametrize("over", ["header_section", "header_line", "headers", "message"])
@pytest.mark.parametrize("by", [-1, 0, 1])
def test_limits_are_the_same_in_both(monkeypatch: pytest.MonkeyPatch, over: str, by: int) -> None:
    lines, room = list(REQUEST), 0
    if over == "headers":
        lines += [b"X: y"] * (LIMITS.headers - len(REQUEST) + 1 + by)
    elif over == "header_line":
        lines.append(b"X: ".ljust(LIMITS.header_line + by, b"y"))
    else:
        while (room := getattr(LIMITS, over) + by - len(stream(lines)) + 2 * (over == "header_section")) > 400:
            lines.append(b"X: " + b"y" * 300)
        lines += [b"X: ".ljust(room - 202, b"y"), b"X: ".ljust(198, b"y")]
    assert over != "header_section" or len(stream(lines)) - 2 == LIMITS.header_section + by
    assert over != "message" or by or len(stream(lines)) == LIMITS.message
    pair = Pair(monkeypatch)
    pair.feed(stream(lines))
    pair.feed(stream(lines))


def test_nothing_is_left_of_messages_that_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    native = Pair(monkeypatch).native
    tagged = [*REQUEST[:3], REQUEST[3] + b";tag=t", *REQUEST[4:]]
    answers = [b"SIP/2.0 200 OK", *REQUEST[1:]]
    unread = [*REQUEST[:5], b"CSeq: x", REQUEST[6]]
    data = b"".join(map(stream, (list(REQUEST), tagged, answers, unread, [b"INVITE", *REQUEST[1:]])))
    held = []
    for _ in range(3):
        tracemalloc.start()
        for _ in range(200):
            native.feed(data)
        held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert held[2] < 20_000, held


@pytest.mark.parametrize("places", [(1, 0, 9), (0, 2, 1), (0, 0, 2**20), (-1, 0, 0)])
def test_no_byte_outside_of_the_buffer_is_read(monkeypatch: pytest.MonkeyPatch, places: tuple[int, int, int]) -> None:
    native = Pair(monkeypatch).native._heads
    assert native is not None
    with pytest.raises((ValueError, OverflowError)):
        native.read(bytearray(99), *places, 1, 1, 1, 1)
