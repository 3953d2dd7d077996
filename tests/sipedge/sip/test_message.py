"""The view over received bytes: every line is kept as it came, values are read on demand (RFC 3261 section 7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messages import request, with_lines

from sipedge.sip.message import HeaderIndex, Message, canonical_name, parse_message
from sipedge.sip.values import (
    MessageError,
    first_item,
    item_spans,
    parse_address,
    parse_via,
    split_commas,
    split_parameters,
    uri_of,
)


def head(*lines: bytes) -> bytes:
    return b"\r\n".join((b"OPTIONS sip:a@example.com SIP/2.0", *lines)) + b"\r\n\r\n"


def error_of(data: bytes) -> MessageError:
    with pytest.raises(MessageError) as caught:
        parse_message(data)
    return caught.value


def test_a_message_is_its_bytes() -> None:
    data = request("MESSAGE", body=b"\r\n\r\nbinary \x00\xff").to_bytes()
    message = parse_message(data)
    assert message.to_bytes() == data
    assert message.body == b"\r\n\r\nbinary \x00\xff"
    assert (message.method, message.uri, message.status) == ("MESSAGE", "sip:bob@outside.example", 0)
    assert message.is_request


def test_a_response_has_status_and_reason() -> None:
    message = parse_message(b"SIP/2.0 404 Not \xc3\xa0 home\r\nCall-ID: 1\r\n\r\n")
    assert (message.status, message.reason, message.is_request) == (404, "Not à home", False)


@pytest.mark.parametrize("line", [b"SIP/2.0 100 ", b"SIP/2.0 100", b"sip/2.0 100 Trying"])
def test_reason_may_be_empty_and_the_version_is_case_insensitive(line: bytes) -> None:
    assert Message(line + b"\r\n\r\n").status == 100


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"SIP/3.0 200 OK", 400),
        (b"SIP/2.0 2000 OK", 400),
        (b"SIP/2.0 99 OK", 400),
        (b"SIP/2.0 700 OK", 400),
        (b"OPTIONS sip:a@b SIP/7.0", 505),
        (b"OPTIONS sip:a@b HTTP/1.1", 400),
        (b"OPTIONS  sip:a@b SIP/2.0", 400),
        (b"OPTIONS sip:a@b SIP/2.0 ", 400),
        (b"OPTIONS sip:a@b; x SIP/2.0", 400),
        (b"OPTIONS  SIP/2.0", 400),
        (b"OPT(ONS sip:a@b SIP/2.0", 400),
        (b"OPTIONS", 400),
        (b"", 400),
    ],
)
def test_start_lines_that_are_none(start: bytes, status: int) -> None:
    error = error_of(start + b"\r\nCall-ID: 1\r\n\r\n")
    assert (error.status, error.line) == (status, 1)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n", "empty line"),
        (b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\nVia: x\r\n\r\n", "CR or LF"),
        (b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\rVia: x\r\n\r\n", "CR or LF"),
        (b"OPTIONS sip:a@b SIP/2.0\r\n folded\r\n\r\n", "folded"),
        (b"OPTIONS sip:a@b SIP/2.0\r\nno colon\r\n\r\n", "colon"),
        (b"OPTIONS sip:a@b SIP/2.0\r\nCall ID: 1\r\n\r\n", "token"),
        (b"OPTIONS sip:a@b SIP/2.0\r\n: 1\r\n\r\n", "token"),
    ],
)
def test_heads_that_are_none(data: bytes, part: str) -> None:
    assert part in error_of(data).reason


def test_names_are_found_in_any_case_and_in_compact_form() -> None:
    message = Message(head(b"v: SIP/2.0/TLS a", b"fROM  : <sip:a@b>;tag=1", b"T: <sip:c@d>", b"i: 7"))
    assert message.via.host == "a"
    assert (message.from_tag, message.to_tag, message.call_id) == ("1", None, "7")
    assert canonical_name(b"K") == "supported"


def test_folded_values_are_one_line() -> None:
    message = Message(head(b"Subject: one\r\n\ttwo\r\n   three", b"To: <sip:a@b>"))
    assert message.first("subject") == "one two three"
    assert message.lines[1] == b"Subject: one\r\n\ttwo\r\n   three"
    assert message.first("to") == "<sip:a@b>"


def test_items_of_several_lines() -> None:
    message = Message(head(b"Route: <sip:a;lr>, <sip:b,c;lr>", b"Route: <sip:d>,,", b'Route: "x, y" <sip:e>'))
    assert message.items("route") == ["<sip:a;lr>", "<sip:b,c;lr>", "<sip:d>", '"x, y" <sip:e>']
    assert message.values("route") == ["<sip:a;lr>, <sip:b,c;lr>", "<sip:d>,,", '"x, y" <sip:e>']
    assert message.first("record-route") is None
    assert message.items("record-route") == []


@pytest.mark.parametrize(
    ("value", "number", "method"),
    [
        ("1 INVITE", 1, "INVITE"),
        ("0009\r\n  INVITE", 9, "INVITE"),
        ("7\tx-new", 7, "x-new"),
        ("2147483647  A", 2**31 - 1, "A"),
    ],
)
def test_cseq(value: str, number: int, method: str) -> None:
    assert Message(head(f"CSeq: {value}".encode())).cseq == (number, method)


@pytest.mark.parametrize("value", ["", "1", "INVITE", "-1 A", "x A", "2147483648 A", "36893488147419103232 A", "1 A B"])
def test_cseq_that_is_none(value: str) -> None:
    with pytest.raises(MessageError):
        _ = Message(head(f"CSeq: {value}".encode())).cseq


@pytest.mark.parametrize("value", ["x", "-1", "1, 2", "99999999999", "1 2", "٣"])
def test_content_length_that_is_none(value: str) -> None:
    with pytest.raises(MessageError):
        _ = Message(head(f"Content-Length: {value}".encode())).content_length


def test_content_length_that_differs_from_another() -> None:
    assert Message(head(b"l: 5", b"Content-Length: 5")).content_length == 5
    assert Message(head()).content_length is None
    with pytest.raises(MessageError):
        _ = Message(head(b"l: 5", b"Content-Length: 6")).content_length


def test_a_head_ends_with_an_empty_line() -> None:
    with pytest.raises(MessageError):
        Message(b"OPTIONS sip:a@b SIP/2.0\r\n")


def test_a_message_without_via() -> None:
    with pytest.raises(MessageError):
        _ = Message(head()).via


def test_bytes_that_are_no_utf8_survive() -> None:
    message = Message(head(b"Subject: \xff\xfe"))
    assert (message.first("subject") or "").encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_equal_when_the_bytes_are() -> None:
    assert request() == request()
    assert request() != with_lines(request(), (b"call-1", b"call-2"))
    assert "MESSAGE" in repr(request())


@pytest.mark.parametrize(
    ("value", "display", "uri", "tag"),
    [
        ("sip:a@b;tag=1", "", "sip:a@b", "1"),
        ("<sip:a@b;x=y>;TAG=1", "", "sip:a@b;x=y", "1"),
        ('"A \\"<b>\\" C" <sip:a@b> ; tag = 1', '"A \\"<b>\\" C"', "sip:a@b", "1"),
        ("caller<sip:a@b>;tag=1", "caller", "sip:a@b", "1"),
        ('"no uri', "", '"no uri', None),
        ("<sip:a@b", "", "sip:a@b", None),
        ('<sip:a@b>;x="a;tag=2";tag=1', "", "sip:a@b", "1"),
        ("<sip:a@b>;tag", "", "sip:a@b", ""),
    ],
)
def test_addresses(value: str, display: str, uri: str, tag: str | None) -> None:
    address = parse_address(value)
    assert (address.display, address.uri, address.parameter("tag")) == (display, uri, tag)


@pytest.mark.parametrize(
    ("value", "transport", "host", "port", "branch"),
    [
        ("SIP/2.0/TLS a.example.com:5061;branch=z9hG4bK1", "TLS", "a.example.com", 5061, "z9hG4bK1"),
        ("SIP/2.0/tls A.Example.COM", "TLS", "a.example.com", None, ""),
        ("SIP  / 2.0\t/UDP   [2001:db8::1] : 5060 ; branch = x", "UDP", "2001:db8::1", 5060, "x"),
    ],
)
def test_vias(value: str, transport: str, host: str, port: int | None, branch: str) -> None:
    via = parse_via(value)
    assert (via.transport, via.host, via.port, via.branch) == (transport, host, port, branch)


@pytest.mark.parametrize(
    "value",
    ["", "x", "SIP/2.0/UDP", "SIP/1.0/UDP a", "SIP/2.0/UDP a:0", "SIP/2.0/UDP :5060", "SIP/2.0/UDP 2001:db8::1"],
)
def test_vias_that_are_none(value: str) -> None:
    with pytest.raises(MessageError):
        parse_via(value)


def test_parameters_in_quotes_hold_semicolons() -> None:
    assert split_parameters(';a=1;B="x;\\";y";c') == (("a", "1"), ("b", '"x;\\";y"'), ("c", None))


@given(st.text(alphabet=',;"<>\\ ab', max_size=30))
def test_items_joined_are_the_value(value: str) -> None:
    spans = [*item_spans(value)]
    assert ",".join(value[start:end] for start, end in spans) == value
    assert first_item(value) == (value if "," not in value else value[slice(*spans[0])].strip())
    assert all(item.strip() == item for item in split_commas(value)) or "," not in value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_message_error(data: bytes) -> None:
    for prefix in (b"", b"OPTIONS sip:a@b SIP/2.0\r\n", b"SIP/2.0 200 OK\r\nVia: "):
        try:
            message = parse_message(prefix + data + b"\r\n\r\n")
        except MessageError:
            continue
        assert message.to_bytes() == prefix + data + b"\r\n\r\n"


@given(st.text(alphabet='<>";=tag\\ sip:', max_size=30).map(str.strip))
def test_the_tag_is_the_one_of_the_address(value: str) -> None:
    assert Message(head(f"From: {value}".encode())).from_tag == parse_address(value).parameter("tag")


@given(st.text(alphabet='<>";=tag\\ sip:', max_size=30))
def test_the_uri_is_the_one_of_the_address(value: str) -> None:
    assert uri_of(value) == parse_address(value).uri


HEADS = st.lists(
    st.sampled_from(["Via: a", "v: b", "Via : c", " folded", "X", "X:", "X: y:z", "\tX: y", "To: x", ":", "Via: a, b"]),
    max_size=4,
).map(lambda lines: "\r\n".join(["BYE sip:a SIP/2.0", *lines, "", ""]).encode())


@given(HEADS, HEADS)
def test_the_index_of_the_message_before_changes_nothing(before: bytes, head: bytes) -> None:
    def read(like: HeaderIndex | None) -> tuple[list[bytes], HeaderIndex] | str:
        try:
            message = Message(head, like=like)
        except MessageError as error:
            return error.reason
        return message.lines, message.index

    try:
        like = Message(before).index
    except MessageError:
        return
    assert read(like) == read(None)
