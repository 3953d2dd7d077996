from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.captures import Bytes, sip
from support.examples import examples

from sipedge.traces.reading import detect, marks_of
from sipedge.traces.records.cleaned import Cleaned, marks_in, without

COLOUR = marks_in(b"\x1b[31mINVITE\x1b[0m")
assert COLOUR is not None


@given(
    st.lists(st.sampled_from([b"a", b"bc\n", b"\x1b[1;32m", b"\x1b[0m", b"\n", b"long line " * 5])), st.integers(1, 50)
)
@examples(100)
def test_the_text_without_marks_and_where_it_stood(parts: list[bytes], size: int) -> None:
    assert COLOUR is not None
    raw = b"".join(parts)
    stream, clean = Cleaned(Bytes(raw), COLOUR), b""
    while piece := stream.read(size):
        clean += piece
    assert clean == without(COLOUR, raw)
    places = [stream.original(place) for place in range(len(clean))]
    assert bytes(raw[place] for place in places) == clean


def test_hard_blanks_are_marks_only_where_a_start_line_has_them() -> None:
    blank = b"\xc2\xa0"
    assert marks_in(b"INVITE" + blank + b" sip:a@example.org" + blank + b"SIP/2.0\r\n") is not None
    assert marks_in(sip(1, b"a" + blank + b"b")) is None


def test_bytes_are_left_alone() -> None:
    assert marks_of(b"\xd4\xc3\xb2\xa1" + bytes(36) + b"\x1b[31m") is None
    assert marks_of(b'{"time":1.5,"direction":"sent","connection":1}\n\x1b[31m') is None
    assert detect(b"\x1b[1mnothing") is None
