from __future__ import annotations

import gzip

import pytest
from support.connections import Run
from support.http_server import HttpServer

from sipedge.network.http import HttpError, Url, addresses_to_ask, exchange, parse_url
from zones.addresses import ANYWHERE, PUBLIC

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://ca.example", Url("ca.example", 80, "/")),
        ("HTTP://CA.example:8080/a/b.crl?x=1#part", Url("ca.example", 8080, "/a/b.crl?x=1")),
        ("http://192.0.2.1/a b", Url("192.0.2.1", 80, "/a%20b")),
        ("http://[2001:DB8::1]:81/", Url("2001:db8::1", 81, "/")),
        ("http://a b/", Url("", 80, "/")),
    ],
)
def test_urls_that_can_be_asked(text: str, url: Url) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    "text", ["https://ca.example/", "ldap://ca.example/", "", "http://[::1/", "http://a:99999/", "http://a/\r\nX: y"]
)
def test_urls_that_cannot(text: str) -> None:
    with pytest.raises(ValueError):
        parse_url(text)


def test_addresses_and_ports_that_are_not_asked() -> None:
    found = ["10.0.0.1", "192.0.2.1", "127.0.0.1"]
    assert addresses_to_ask(Url("a", 80, "/"), found, PUBLIC) == ["192.0.2.1"]
    assert addresses_to_ask(Url("a", 80, "/"), found, ANYWHERE) == found
    assert addresses_to_ask(Url("a", 8080, "/"), found, PUBLIC) == ["192.0.2.1"]
    assert addresses_to_ask(Url("a", 25, "/"), found, ANYWHERE) == []


def test_the_name_is_only_told_to_the_server(run: Run) -> None:
    async def test() -> None:
        async with HttpServer({"/x": b"list"}) as server:
            got = await exchange(Url("ca.example", server.port, "/x"), "127.0.0.1", seconds=5, largest=4)
            assert got == b"list"
            sent = await exchange(
                Url("ca.example", server.port, "/x"), "127.0.0.1", seconds=5, largest=4, body=b"?", kind="a/b"
            )
            assert sent == b"list"
            get, post = server.asked
            assert get.startswith(b"GET /x HTTP/1.1\r\n") and b"Host: ca.example:%d\r\n" % server.port in get
            assert post.startswith(b"POST /x HTTP/1.1\r\n") and post.endswith(b"\r\n\r\n?")
            assert b"Content-Type: a/b\r\n" in post

    run(test)


ZIPPED = gzip.compress(bytes(1_000_000))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answers 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "answers 302"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 5000, "sends more than 4000 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", "gave no answer: "),
        (b"nonsense\r\n\r\n", "gave no answer: "),
        (b"x" * 300_000, "gave no answer: "),
        (b"", "gave no answer in 0.3 s"),
    ],
)
def test_answers_that_do_not_count(run: Run, raw: bytes, reason: str) -> None:
    async def test() -> None:
        async with HttpServer(raw=raw) as server:
            with pytest.raises(HttpError) as error:
                await exchange(parse_url(server.url()), "127.0.0.1", seconds=0.3, largest=4000)
            assert str(error.value).startswith(reason)

    run(test)


def test_nothing_is_unpacked(run: Run) -> None:
    async def test() -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED)
        async with HttpServer(raw=head + ZIPPED) as server:
            got = await exchange(parse_url(server.url()), "127.0.0.1", seconds=5, largest=len(ZIPPED))
            assert got == ZIPPED

    run(test)


def test_nobody_there(run: Run) -> None:
    async def test() -> None:
        async with HttpServer() as server:
            url = parse_url(server.url())
        with pytest.raises(HttpError, match="gave no answer"):
            await exchange(url, "127.0.0.1", seconds=5, largest=10)

    run(test)
