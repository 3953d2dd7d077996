from __future__ import annotations

import asyncio

import pytest

from sipedge.lab.parties import sip

HEAD = (
    "INVITE sip:romeo@a.example;x=1 SIP/2.0\r\nv: SIP/2.0/TLS h:1;branch=z9hG4bK1\r\nSubject: a\r\n  b\r\n"
    'f: "J, Q" <sip:j@b.example;tag=no>;epid=1;tag=yes\r\nRecord-Route: <sip:a,b@h>;tag="x,y", <sip:c>\r\n'
    "CSeq: 7 INVITE\r\nl: 2"
)


def test_headers_long_compact_folded() -> None:
    message = sip.parse(HEAD)
    assert (message.method, message.status, message.uri) == ("INVITE", 0, "sip:romeo@a.example;x=1")
    assert sip.branch_of(message.get("Via")) == "z9hG4bK1"
    assert message.get("subject") == "a b"
    assert sip.tag_of(message.get("From")) == "yes"
    assert message.cseq == (7, "INVITE")


def test_lists_are_cut_outside_quotes_and_brackets() -> None:
    assert sip.parse(HEAD).all("Record-Route") == ['<sip:a,b@h>;tag="x,y"', "<sip:c>"]


@pytest.mark.parametrize(
    ("uri", "host", "user"),
    [
        ("sip:romeo@A.example:5061;transport=tls", "a.example", "romeo"),
        ("sip:a.example;lr", "a.example", ""),
        ("sips:[::1]:5061", "[::1]", ""),
        ("sip:juliet;opaque=x@m.example", "m.example", "juliet;opaque=x"),
    ],
)
def test_uris(uri: str, host: str, user: str) -> None:
    assert (sip.host_of(uri), sip.user_of(uri)) == (host, user)


def test_response_copies_what_rfc_3261_names_and_adds_a_tag() -> None:
    request = sip.parse(
        "BYE sip:x SIP/2.0\r\nVia: a\r\nVia: b\r\nTo: <sip:x>\r\nFrom: y\r\nCall-ID: c\r\nCSeq: 1 BYE\r\nX: 1"
    )
    answer = sip.response(request, 200, "OK", tag="t")
    assert answer.headers[:3] == [("Via", "a"), ("Via", "b"), ("To", "<sip:x>;tag=t")]
    assert not answer.get("X")
    assert answer.method == "BYE" and answer.status == 200
    assert answer.data().endswith(b"CSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n")


def test_given_content_length_stays_where_it_is() -> None:
    message = sip.Message("MESSAGE sip:x SIP/2.0", [("Content-Length", "2"), ("Via", "v")], b"hi")
    assert message.data() == b"MESSAGE sip:x SIP/2.0\r\nContent-Length: 2\r\nVia: v\r\n\r\nhi"


def read_all(data: bytes) -> list[tuple[bytes, bool]]:
    async def scenario() -> list[tuple[bytes, bool]]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        found = []
        while (item := await sip.read(reader))[0]:
            found.append((item[0], item[1] is not None))
        return found

    return asyncio.run(scenario())


def test_read_frames_by_content_length_and_sees_keep_alives() -> None:
    one = (HEAD + "\r\n\r\nok").encode()
    assert read_all(b"\r\n\r\n" + one + one) == [(b"\r\n\r\n", False), (one, True), (one, True)]


def test_read_ends_at_a_cut_message() -> None:
    assert read_all((HEAD + "\r\n\r\no").encode()) == []


@pytest.mark.parametrize("bad", ["nonsense", "INVITE sip:x SIP/2.0\r\nno colon", HEAD + "00000000"])
def test_nonsense_is_an_error(bad: str) -> None:
    with pytest.raises(ValueError, match="SIP|header|Content-Length"):
        read_all((bad + "\r\n\r\n").encode())
