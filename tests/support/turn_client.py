"""A client of TURN (RFC 8656) by hand, over UDP, TCP or TLS, with long-term credentials (RFC 8489 section 9.2)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType

LIMIT = 10.0
MAGIC = b"\x21\x12\xa4\x42"
ALLOCATE, REFRESH, PERMISSION, SEND, DATA = 0x0003, 0x0004, 0x0008, 0x0016, 0x0017
USERNAME, INTEGRITY, ERROR, PEER, PAYLOAD, REALM, NONCE, RELAYED, TRANSPORT, LIFETIME = (
    0x0006, 0x0008, 0x0009, 0x0012, 0x0013, 0x0014, 0x0015, 0x0016, 0x0019, 0x000D
)  # fmt: skip
UDP = b"\x11\x00\x00\x00"


@dataclass(frozen=True)
class Message:
    kind: int
    attributes: dict[int, bytes]

    @property
    def error(self) -> int:
        """0 for none."""
        value = self.attributes.get(ERROR)
        return value[2] * 100 + value[3] if value is not None else 0


def _attribute(kind: int, value: bytes) -> bytes:
    return kind.to_bytes(2) + len(value).to_bytes(2) + value + bytes(-len(value) % 4)


def parsed(data: bytes) -> Message:
    attributes, at = dict[int, bytes](), 20
    while at < len(data):
        kind, length = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 2 : at + 4])
        attributes[kind] = data[at + 4 : at + 4 + length]
        at += 4 + length + (-length % 4)
    return Message(int.from_bytes(data[:2]), attributes)


def xor_address(address: str, port: int) -> bytes:
    """IPv4 only."""
    packed = bytes(a ^ b for a, b in zip(ip_address(address).packed, MAGIC, strict=True))
    return b"\x00\x01" + (port ^ 0x2112).to_bytes(2) + packed


def from_xor(value: bytes) -> tuple[str, int]:
    packed = bytes(a ^ b for a, b in zip(value[4:8], MAGIC, strict=True))
    return str(ip_address(packed)), int.from_bytes(value[2:4]) ^ 0x2112


class TurnClient:
    """``async with``. ``transport``: ``udp``, ``tcp`` or ``tls``."""

    def __init__(self, address: str, port: int, user: str, password: str, transport: str = "udp") -> None:
        self._place, self._user, self._password, self._transport = (address, port), user, password, transport
        self._realm = self._nonce = b""
        self._received: asyncio.Queue[bytes] = asyncio.Queue()
        self._datagrams: asyncio.DatagramTransport | None = None
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> TurnClient:
        if self._transport == "udp":
            received = self._received

            class Protocol(asyncio.DatagramProtocol):
                def datagram_received(self, data: bytes, addr: object) -> None:
                    received.put_nowait(data)

            loop = asyncio.get_running_loop()
            self._datagrams, _ = await loop.create_datagram_endpoint(Protocol, remote_addr=self._place)
            return self
        tls = None
        if self._transport == "tls":
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        reader, self._writer = await asyncio.open_connection(*self._place, ssl=tls)
        self._reader = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._datagrams is not None:
            self._datagrams.close()
        if self._reader is not None:
            self._reader.cancel()
            self._writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            head = await reader.readexactly(20)
            self._received.put_nowait(head + await reader.readexactly(int.from_bytes(head[2:4])))

    async def allocate(self) -> tuple[str, int] | int:
        """The relayed address, or the error."""
        answer = await self._ask(ALLOCATE, _attribute(TRANSPORT, UDP))
        return answer.error or from_xor(answer.attributes[RELAYED])

    async def permit(self, address: str, port: int) -> int:
        """0, or the error."""
        return (await self._ask(PERMISSION, _attribute(PEER, xor_address(address, port)))).error

    async def release(self) -> int:
        return (await self._ask(REFRESH, _attribute(LIFETIME, bytes(4)))).error

    def send(self, address: str, port: int, data: bytes) -> None:
        body = _attribute(PEER, xor_address(address, port)) + _attribute(PAYLOAD, data)
        self._write(_message(SEND, body, os.urandom(12)))

    async def data(self) -> bytes:
        """What a peer has sent."""
        message = parsed(await asyncio.wait_for(self._received.get(), LIMIT))
        assert message.kind == DATA, message
        return message.attributes[PAYLOAD]

    async def _ask(self, kind: int, body: bytes) -> Message:
        """Twice at most: the first answer gives realm and nonce."""
        for _ in range(2):
            self._write(self._request(kind, body))
            answer = parsed(await asyncio.wait_for(self._received.get(), LIMIT))
            if answer.error not in (401, 438) or self._realm:
                return answer
            self._realm, self._nonce = answer.attributes[REALM], answer.attributes[NONCE]
        return answer

    def _request(self, kind: int, body: bytes) -> bytes:
        tid = os.urandom(12)
        if not self._realm:
            return _message(kind, body, tid)
        names = ((USERNAME, self._user.encode()), (REALM, self._realm), (NONCE, self._nonce))
        body += b"".join(_attribute(*name) for name in names)
        key = hashlib.md5(f"{self._user}:{self._realm.decode()}:{self._password}".encode()).digest()
        signed = kind.to_bytes(2) + (len(body) + 24).to_bytes(2) + MAGIC + tid + body
        return signed + _attribute(INTEGRITY, hmac.digest(key, signed, "sha1"))

    def _write(self, data: bytes) -> None:
        if self._datagrams is not None:
            self._datagrams.sendto(data)
        else:
            self._writer.write(data)


def _message(kind: int, body: bytes, tid: bytes) -> bytes:
    return kind.to_bytes(2) + len(body).to_bytes(2) + MAGIC + tid + body
