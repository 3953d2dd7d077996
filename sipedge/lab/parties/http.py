"""As much of HTTP/1.1 (RFC 9112) and WebSocket (RFC 6455) as a web bridge of the lab speaks, on asyncio's streams."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1

LONGEST_HEAD = 64 * 1024
"""Bytes; asyncio's own bound on what ``readuntil`` keeps."""
LONGEST_BODY = 1024 * 1024
LONGEST_FRAME = 65535
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
"""Opcodes (RFC 6455 section 5.2)."""
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 section 1.3."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    """By names in small letters."""
    body: bytes
    lines: tuple[str, ...]
    """The header as it came."""


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Raises EOFError, OSError or ValueError when there is none (any more)."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError as error:
        raise ValueError("the head of the request is too long") from error
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= LONGEST_BODY:
        raise ValueError("the body of the request is too long")
    return Request(method, target, headers, await reader.readexactly(length), tuple(lines))


def response(status: str, body: bytes = b"", **headers: str) -> bytes:
    """``status``: with its phrase; names of headers have ``_`` for ``-``."""
    fields = {"Content-Length": str(len(body))} | {name.replace("_", "-"): text for name, text in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {text}" for name, text in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def upgraded(request: Request) -> bytes:
    """The answer that makes the connection a WebSocket (RFC 6455 section 4.2.2)."""
    proof = base64.b64encode(sha1(request.headers["sec-websocket-key"].encode() + _MAGIC).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    return "\r\n".join([*lines, f"Sec-WebSocket-Accept: {proof}"]).encode() + b"\r\n\r\n"


def frame(opcode: int, payload: bytes, mask: bytes = b"") -> bytes:
    """One whole message. ``mask``: four bytes, of a client."""
    length = len(payload)
    size = bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2)
    if mask:
        size = bytes([size[0] | 0x80]) + size[1:]
        payload = _masked(payload, mask)
    return bytes([0x80 | opcode]) + size + mask + payload


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Opcode and payload, unmasked. Raises EOFError, OSError, or ValueError for one that is too long."""
    first, size = await reader.readexactly(2)
    length = size & 0x7F
    if length == 126:
        length = int.from_bytes(await reader.readexactly(2))
    elif length == 127:
        raise ValueError("the frame is too long")
    mask = await reader.readexactly(4) if size & 0x80 else b""
    payload = await reader.readexactly(length)
    return first & 0x0F, _masked(payload, mask) if mask else payload


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say back what comes, until the other side closes."""
    while True:
        opcode, payload = await read_frame(reader)
        writer.write(frame({PING: PONG}.get(opcode, opcode), payload))
        await writer.drain()
        if opcode == CLOSE:
            return


def _masked(payload: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(len(payload))
