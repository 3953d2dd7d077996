"""SIP by hand over a stream: a caller and a callee that decide about every byte and every segment."""

from __future__ import annotations

import socket
import ssl
from types import TracebackType

from support.certificates import Ca, Leaf

LIMIT = 10.0
"""Seconds until a test gives up waiting for bytes."""


class Stream:
    """One connection. Read message by message (framed by Content-Length), written as given."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = b""
        connection.settimeout(LIMIT)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def address(self) -> tuple[str, int]:
        """Its own end."""
        own: tuple[str, int] = self._socket.getsockname()
        return own

    def close(self) -> None:
        self._socket.close()

    def shutdown(self) -> None:
        """End both directions at once; whoever waits in another thread is woken."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def end_writing(self) -> None:
        """End our direction; the other one stays."""
        self._socket.shutdown(socket.SHUT_WR)

    def send(self, *segments: bytes) -> None:
        """Each in a write of its own (a TLS record of its own, as far as it fits one)."""
        for segment in segments:
            self._socket.sendall(segment)

    def read_exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def read_message(self) -> bytes:
        """The next whole message, CRLFs in front of it skipped. ConnectionError at the end of the stream."""
        while b"\r\n\r\n" not in self._buffer.lstrip(b"\r\n"):
            self._fill()
        self._buffer = self._buffer.lstrip(b"\r\n")
        head = self._buffer.partition(b"\r\n\r\n")[0]
        return self.read_exactly(len(head) + 4 + int(header(head, "Content-Length") or "0"))

    def read_end(self) -> bytes:
        """What is still to come until the peer closes."""
        while True:
            try:
                self._fill()
            except ConnectionError:
                return self._buffer

    def _fill(self) -> None:
        more = self._socket.recv(65536)
        if not more:
            raise ConnectionError(f"the peer closed; unread: {self._buffer[:200]!r}")
        self._buffer += more


class Callee:
    """Listens, over TLS with client certificates or TCP; ``accept()`` gives the next connection."""

    def __init__(self, address: str, port: int, ca: Ca | None = None, leaf: Leaf | None = None) -> None:
        self._context = _context(ssl.PROTOCOL_TLS_SERVER, ca, leaf) if ca and leaf else None
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        self._listener.settimeout(LIMIT)

    def __enter__(self) -> Callee:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.close()

    def accept(self) -> Stream:
        accepted, _ = self._listener.accept()
        accepted.settimeout(LIMIT)
        return Stream(self._context.wrap_socket(accepted, server_side=True) if self._context else accepted)


def connect(
    own: str, address: str, port: int, ca: Ca | None = None, leaf: Leaf | None = None, name: str = ""
) -> Stream:
    """From ``own`` to ``address``; over TLS where certificates are given, ``name`` is asked for and checked."""
    plain = socket.create_connection((address, port), LIMIT, (own, 0))
    if not (ca and leaf):
        return Stream(plain)
    return Stream(_context(ssl.PROTOCOL_TLS_CLIENT, ca, leaf).wrap_socket(plain, server_hostname=name or address))


def _context(protocol: int, ca: Ca, leaf: Leaf) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.load_cert_chain(leaf.certificate, leaf.key)
    context.load_verify_locations(ca.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def header(message: bytes, name: str) -> str:
    """The first value of a header by its long name, '' where there is none."""
    for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        field, _, value = line.partition(b":")
        if field.strip().lower() == name.lower().encode():
            return value.strip().decode()
    return ""


def values(message: bytes, name: str) -> list[str]:
    """The values of all lines of a header, from the top."""
    lines = (line.partition(b":") for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:])
    return [value.strip().decode() for field, _, value in lines if field.strip().lower() == name.lower().encode()]


def request(method: str, uri: str, own: str, number: int, body: bytes = b"", transport: str = "TLS") -> bytes:
    """A request out of any dialog; ``number`` makes Call-ID, branch and tag its own."""
    return (
        f"{method} {uri} SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} {own}:5061;branch=z9hG4bK-stream-{number}\r\n"
        f"From: <sip:alice@near.example>;tag=a{number}\r\nTo: <{uri}>\r\n"
        f"Call-ID: stream-{number}@{own}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def answer(message: bytes, status: str = "200 OK", body: bytes = b"") -> bytes:
    """A response to a request: its Via, From, To, Call-ID and CSeq lines as they came."""
    copied = (b"via", b"record-route", b"from", b"to", b"call-id", b"cseq")
    lines = [f"SIP/2.0 {status}".encode()]
    for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        name = line.partition(b":")[0].strip().lower()
        if name in copied:
            lines.append(line + (b";tag=callee" if name == b"to" and b";tag=" not in line else b""))
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])
