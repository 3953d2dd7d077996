from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import sip
from support.examples import examples

from sipedge.sip.message import parse_message
from sipedge.sip.values import MessageError
from sipedge.traces.records.rebuild import is_message, rebuilt, split, transport_of

SDP = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\n"


@pytest.mark.parametrize("body", [b"", SDP, b"one line", b"<a>\n</a>\n", b"a\r\n\r\nb"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_lost_line_ends(body: bytes, line_end: bytes) -> None:
    text = sip(1, body).replace(b"\r\n", b"\n").replace(b"\n", line_end)
    wanted = sip(1, body)
    found = rebuilt(text)
    assert found is not None
    if body == b"<a>\n</a>\n":  # as long as <a> CRLF </a>: nothing tells them apart
        wanted = sip(1, b"<a>\r\n</a>")
        wanted = wanted.replace(b"Content-Length: 10", b"Content-Length: 9")
    assert found == wanted


def test_trailing_lines_of_the_log_are_no_body() -> None:
    assert rebuilt(sip(1).replace(b"\r\n", b"\n") + b"\n |\n\n") == sip(1)
    assert rebuilt(sip(1, SDP).replace(b"\r\n", b"\n") + b" |\n\n\n") == sip(1, SDP)


def test_flattened_to_one_line() -> None:
    assert rebuilt(sip(1, SDP).replace(b"\r\n", b" ")) == sip(1, SDP)
    text = b'SIP/2.0 403 Forbidden Via: SIP/2.0/TLS h:1;x From: "a To: b" <sip:a@b>;tag=1 To: <sip:c@d> Call-ID: 1 '
    text += b"CSeq: 1 BYE"
    assert rebuilt(text) == (
        b'SIP/2.0 403 Forbidden\r\nVia: SIP/2.0/TLS h:1;x\r\nFrom: "a To: b" <sip:a@b>;tag=1\r\n'
        b"To: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n"
    )


def test_a_sound_message_is_not_cut_at_words_that_look_like_headers() -> None:
    text = sip(1).replace(b"Call-ID", b'Subject: Re: my route: from: here\r\nReason: x;text="To: Via: y"\r\nCall-ID')
    assert rebuilt(text.replace(b"\r\n", b"\n")) == text


def test_folded_and_wrapped_lines_belong_to_the_line_before() -> None:
    text = b"SIP/2.0 200 OK\nVia: SIP/2.0/TCP h\n ;branch=1\nContact: <sip:a@b>;\nexpires=5\nContent-Length: 0\njunk\n"
    assert rebuilt(text) == (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP h ;branch=1\r\nContact: <sip:a@b>; expires=5\r\nContent-Length: 0\r\n\r\n"
    )


def test_a_length_is_not_added_to() -> None:
    assert rebuilt(b"SIP/2.0 200 OK\nContent-Length:\n 5\njunk\n") == b"SIP/2.0 200 OK\r\nContent-Length: 5\r\n\r\n"


def test_a_long_run_of_blanks_may_join_fields() -> None:
    flat = sip(1).removesuffix(b"\r\n\r\n").replace(b"\r\n", b" ")
    assert rebuilt(flat.replace(b" Call-ID", b" " * 100 + b"Call-ID")) == sip(1)


@pytest.mark.slow
@pytest.mark.parametrize("filler", [b" ", b"\t", b"\n x", b" Via", b" <"])
def test_long_runs_of_anything_take_no_longer_than_their_length(filler: bytes) -> None:
    flat = sip(1).removesuffix(b"\r\n\r\n").replace(b"\r\n", b" ")
    start = time.process_time()
    for text in (flat, sip(1).removesuffix(b"\r\n\r\n")):
        rebuilt(text + filler * (500_000 // len(filler)) + b"y")
    assert time.process_time() - start < 1


@pytest.mark.parametrize("text", [b"", b"hello", b"GET / HTTP/1.1\n", b"\n\n", b"Via: SIP/2.0/TCP x\n"])
def test_no_start_line_no_message(text: bytes) -> None:
    assert rebuilt(text) is None


def test_the_transport_is_that_of_the_topmost_via() -> None:
    assert transport_of(b"SIP/2.0 200 OK\r\nv: SIP / 2.0 / UDP h\r\nVia: SIP/2.0/TLS x\r\n") == "udp"
    assert transport_of(b"SIP/2.0 200 OK\r\n") == ""


def test_more_than_a_start_line_makes_a_message() -> None:
    assert is_message(sip(1)) and is_message(b"SIP/2.0 200 OK\r\ni: 1\r\n")
    assert not is_message(b"SIP/2.0 200 OK\r\nand so on\r\n")


def test_split_believes_content_length_where_it_leads_somewhere() -> None:
    wrong = sip(2, b"abc\r\n").replace(b"Content-Length: 5", b"Content-Length: 1")
    assert list(split(sip(1, sip(9)) + b"\r\n\r\n" + wrong + sip(3))) == [sip(1, sip(9)), wrong, sip(3)]


def test_split_waits_for_what_tells_where_a_message_ends() -> None:
    fragment = b"SIP/2.0 200 OK\r\nCall-ID: 2\r\n\r\n"
    first, second = sip(1, fragment), sip(2)
    for cut in range(len(first + second)):
        assert list(split((first + second)[:cut], True)) == (
            [first] if cut >= len(first) + second.index(b"\n") + 1 else []
        )


@given(
    st.lists(
        st.sampled_from([sip(1), b"\n", b" ", b"Via: SIP/2.0/", b"x" * 9, b": ", b'"', b"<", b"v=0 a=b"]), max_size=9
    )
)
@examples(200)
def test_what_is_rebuilt_has_the_form_of_a_message(parts: list[bytes]) -> None:
    found = rebuilt(b"OPTIONS sip:a@b SIP/2.0\n" + b"".join(parts))
    assert found is not None
    try:
        parse_message(found)
    except MessageError as error:
        assert "colon" in error.reason or "token" in error.reason


@pytest.mark.parametrize("body", [SDP, b"one line", b"a\r\n\r\nb", b"one\ntwo"])
@pytest.mark.parametrize("words", [b"--end msg--\n", b"\n<--- Received SIP response --->\n", b"a\n" * 9])
def test_words_of_the_log_behind_a_body_are_no_part_of_it(body: bytes, words: bytes) -> None:
    text = sip(1, body).replace(b"\r\n", b"\n")
    assert rebuilt(text + (b"" if text.endswith(b"\n") else b"\n") + words) == sip(1, body)


def test_a_body_whose_stated_length_ends_within_a_line_stays_whole() -> None:
    text = sip(1, b"four").replace(b"\r\n", b"\n") + b" and more\n"
    assert rebuilt(text) == sip(1, b"four") + b" and more\r\n"
