"""HTTP and WebSocket of the lab: what is read and what is refused."""

from __future__ import annotations

import asyncio

import pytest

from sipedge.lab.parties.http import CLOSE, PING, PONG, TEXT, Request, echo, frame, read_frame, read_request, upgraded


def _fed(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def _request(data: bytes) -> Request:
    return await read_request(_fed(data))


def test_a_request_is_read_with_its_body() -> None:
    async def run() -> None:
        request = await _request(b"POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcdef")
        assert (request.method, request.target, request.body) == ("POST", "/a?b", b"abc")
        assert request.headers["host"] == "x" and "Host: x" in request.lines

    asyncio.run(run())


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises((EOFError, ValueError)):
        asyncio.run(_request(data))


def test_the_proof_is_that_of_the_rfc() -> None:
    """RFC 6455 section 1.3."""
    answer = upgraded(Request("GET", "/", {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}, b"", ()))
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer


@pytest.mark.parametrize("size", [0, 125, 126, 65535])
@pytest.mark.parametrize("mask", [b"", b"mask"])
def test_a_frame_is_what_it_was(size: int, mask: bytes) -> None:
    async def run() -> None:
        payload = bytes(number % 256 for number in range(size))
        assert await read_frame(_fed(frame(TEXT, payload, mask))) == (TEXT, payload)

    asyncio.run(run())


def test_the_echo_answers_pings_and_ends_with_a_close() -> None:
    async def run() -> bytes:
        received = bytearray()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await echo(reader, writer)
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            for opcode in (TEXT, PING, CLOSE):
                writer.write(frame(opcode, b"x", b"mask"))
            received += await asyncio.wait_for(reader.read(-1), 10)
            writer.close()
        return bytes(received)

    assert asyncio.run(run()) == frame(TEXT, b"x") + frame(PONG, b"x") + frame(CLOSE, b"x")
