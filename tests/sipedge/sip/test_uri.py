"""SIP and SIPS URIs (RFC 3261 19.1): split, never rewritten, and never read in two ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipedge.sip.uri import Uri, UriError, _parse_uri, parse_uri, split_host_port


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("sip:alice@example.com", "alice", "example.com", None),
        ("SIP:Alice@EXAMPLE.com:5061", "Alice", "example.com", 5061),
        ("sip:alice:secret@example.com", "alice:secret", "example.com", None),
        ("sip:example.com", None, "example.com", None),
        ("sip:@example.com", "", "example.com", None),
        ("sips:a;b?c/d@example.com;transport=tcp", "a;b?c/d", "example.com", None),
        ("sip:%61lice%40home@example.com", "%61lice%40home", "example.com", None),
        ("sip:a@[2001:db8::1]:5060", "a", "2001:db8::1", 5060),
        ("sip:[2001:DB8::1]", None, "2001:db8::1", None),
        ("sip:user;par=u%40example.net@example.com", "user;par=u%40example.net", "example.com", None),
        ("sip:a@b.example;opaque=user:epid:QmFz_Z-A;gruu", "a", "b.example", None),
    ],
)
def test_parts(text: str, user: str | None, host: str, port: int | None) -> None:
    uri = parse_uri(text)
    assert (uri.text, uri.user, uri.host, uri.port) == (text, user, host, port)
    assert uri.is_sip


@given(st.text(alphabet="sip:SIP@%.-_;?[]aA1 ", max_size=30).map("sip:".__add__))
def test_the_short_way_reads_as_the_long_one(text: str) -> None:
    def read(way: Callable[[str], Uri]) -> Uri | None:
        try:
            return way(text)
        except UriError:
            return None

    assert read(parse_uri) == read(_parse_uri)


def test_parameters_and_headers() -> None:
    uri = parse_uri('sip:a@b.example;LR;transport="TCP";x=;;y=1?subject=hi&to=x')
    assert (uri.parameter("lr"), uri.parameter("x"), uri.parameter("y"), uri.parameter("z")) == ("", "", "1", None)
    assert (uri.is_loose, uri.transport, uri.headers) == (True, "tcp", "subject=hi&to=x")


@pytest.mark.parametrize(
    ("text", "transport"),
    [("sip:a@b", None), ("sips:a@b", "tls"), ("sips:a@b;transport=tcp", "tcp"), ("sip:a@b;transport=TLS", "tls")],
)
def test_transport(text: str, transport: str | None) -> None:
    assert parse_uri(text).transport == transport


@pytest.mark.parametrize("text", ["tel:+1", "soap.beep://x", "nobodyKnowsThisScheme:x", "h323:a@b"])
def test_other_schemes_are_kept_as_text(text: str) -> None:
    uri = parse_uri(text)
    assert (uri.text, uri.is_sip, uri.host) == (text, False, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice@example.com",
        ":x",
        "1sip:a@b",
        "sip:",
        "sip:a@",
        "sip:a@:5060",
        "sip:a@b:",
        "sip:a@b:0",
        "sip:a@b:65536",
        "sip:a@b:5060x",
        "sip:a@[2001:db8::1",
        "sip:a@[::1]x",
        "sip:a@2001:db8::1",
        "sip:a b@c",
        "<sip:a@b>",
        'sip:"a"@b',
        "sip:a@b\x01",
        "sip:a\x7f@b",
        "sip:a@good.example@evil.example",
        "sip:a@good.example;x=@evil.example",
        "sip:a@good.example?x=@evil.example",
    ],
)
def test_what_is_no_uri(text: str) -> None:
    with pytest.raises(UriError):
        parse_uri(text)


def test_host_and_port() -> None:
    assert split_host_port("Host.example:5061") == ("host.example", 5061)
    assert split_host_port("[::1]") == ("::1", None)


@given(st.text(alphabet="sip:@[];?=%ab1.,<> \x00é", max_size=24))
def test_any_text_is_a_uri_or_a_uri_error(text: str) -> None:
    for candidate in (text, "sip:" + text):
        try:
            uri = parse_uri(candidate)
        except UriError:
            continue
        assert isinstance(uri, Uri) and uri.text == candidate
        assert not uri.is_sip or uri.host
