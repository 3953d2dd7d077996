"""TLS in captures: tshark, an external program, decrypts it; here the clear text is cut into messages.

tshark is given the whole capture again and exports the clear text record by record ("exported PDUs", a pcapng stream
with link type 252 whose packets begin with tags). Its own SIP dissector takes no part.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct
from typing import IO, NamedTuple, cast

from sipedge.traces.records.cutter import Cutter
from sipedge.traces.records.record import Endpoint, Item, Skipped
from sipedge.traces.records.source import ByteStream, Source

from . import pcap, pcapng

_UPPER_PDU = 252
_TAG = Struct(">HH")
_IPV4_SOURCE, _IPV4_DESTINATION, _IPV6_SOURCE, _IPV6_DESTINATION = 20, 21, 22, 23
_SOURCE_PORT, _DESTINATION_PORT, _DISSECTOR, _FRAME = 25, 26, 12, 30
_CLIENT_HELLO, _SERVER_HELLO, _HANDSHAKE = 1, 2, 22
_MAX_SERVERS = 256
_MAX_KEYS = 64 << 20
"""Bytes."""
_MAX_CONNECTIONS = 65_536
_MAX_RESTARTS = 65_536
Way = tuple[Endpoint, Endpoint]
"""One direction of a connection: source and destination."""


class TlsSeen:
    """The TLS servers of a capture, each with the position of its first packet."""

    def __init__(self) -> None:
        self.servers: dict[Endpoint, int] = {}
        self.restarts: list[tuple[Way, int]] = []
        """Direction, and position of the packet with which another connection begins between the same two ends."""
        self.secrets_inside = False

    def note(self, opening: bytes, source: Endpoint, destination: Endpoint, position: int) -> None:
        """``opening``: the first bytes of one direction; without a handshake the lower port is the server's."""
        kind = opening[5] if len(opening) > 5 and opening[0] == _HANDSHAKE else 0
        if kind == _CLIENT_HELLO:
            server = destination
        elif kind == _SERVER_HELLO:
            server = source
        else:
            server = min(source, destination, key=lambda endpoint: endpoint.port or 0)
        self._add(server, position)

    def note_restart(self, source: Endpoint, destination: Endpoint, position: int) -> None:
        if len(self.restarts) < _MAX_RESTARTS:
            self.restarts.append(((source, destination), position))

    def add(self, other: TlsSeen) -> None:
        """Take over the findings of another share of the same capture."""
        self.secrets_inside |= other.secrets_inside
        self.restarts = sorted(self.restarts + other.restarts, key=lambda restart: restart[1])[:_MAX_RESTARTS]
        for server, position in other.servers.items():
            self._add(server, position)

    def in_order(self) -> list[tuple[Endpoint, int]]:
        return sorted(self.servers.items(), key=lambda item: item[1])

    def _add(self, server: Endpoint, position: int) -> None:
        if server in self.servers or len(self.servers) < _MAX_SERVERS:
            self.servers[server] = min(position, self.servers.get(server, position))


def decrypted(file: str, keylog: str | None, tls: TlsSeen) -> Iterator[Item]:
    """The messages inside the TLS that was seen; why not, once a server, when there are no keys or no tshark."""
    if not tls.servers:
        return
    tshark = shutil.which("tshark")
    if keylog is None and not tls.secrets_inside:
        reason = "was not decrypted: there are no keys (--keylog FILE)"
    elif tshark is None:
        reason = "was not decrypted: that takes tshark, which is not installed"
    elif not os.path.isfile(file):
        reason = "was not decrypted: tshark would have to read the file again, and it is none"
    else:
        with _keys(file, keylog, tls) as keys:
            yield from _decrypt(tshark, file, keys, tls)
        return
    for server, position in tls.in_order():
        yield Skipped(file, position, f"TLS of {server} {reason}")


@contextmanager
def _keys(file: str, keylog: str | None, tls: TlsSeen) -> Iterator[str]:
    """A file with all keys. Of secrets inside the capture tshark would take those only that stand before their
    handshake."""
    if keylog is not None and not tls.secrets_inside:
        yield keylog
        return
    with tempfile.NamedTemporaryFile(prefix="sipedge-keys-") as keys:
        if keylog is not None:
            with suppress(OSError):
                keys.write(Path(keylog).read_bytes() + b"\n")
        for packet in _packets(file):
            if isinstance(packet, pcapng.Secrets) and keys.tell() <= _MAX_KEYS:
                keys.write(packet.text + b"\n")
        keys.flush()
        yield keys.name


def _decrypt(tshark: str, file: str, keylog: str, tls: TlsSeen) -> Iterator[Item]:
    options = ["tcp.reassemble_out_of_order:TRUE", "tls.desegment_ssl_application_data:FALSE"]
    options.append(f"tls.keylog_file:{os.path.abspath(keylog)}")
    ports = sorted({server.port for server in tls.servers if server.port})
    command = [tshark, "-n", "-r", os.path.abspath(file), "-U", "OSI layer 7", "-w", "-"]
    command += [word for option in options for word in ("-o", option)]
    command += [word for port in ports for word in ("-d", f"tls.port=={port},data")]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        messages = 0
        try:
            for item in _messages(cast(ByteStream, process.stdout), file, tls.restarts):
                messages += not isinstance(item, Skipped)
                yield item
        finally:
            cast(IO[bytes], process.stdout).close()
            process.kill()
            status = process.wait()
        if not messages:
            yield _nothing(file, tls, errors, status)


def _nothing(file: str, tls: TlsSeen, errors: IO[bytes], status: int) -> Skipped:
    server, position = tls.in_order()[0]
    errors.seek(0)
    said = [line for line in errors.read(4096).decode(errors="replace").splitlines() if line.startswith("tshark:")]
    why = said[-1] if said else "no key fits, or there is no SIP in it"
    return Skipped(file, position, f"TLS of {server} gave no message: {why}")


def _messages(stream: ByteStream, file: str, restarts: list[tuple[Way, int]]) -> Iterator[Item]:
    """Messages of the exported records, which have no gaps: behind lost bytes tshark decrypts no more of a stream."""
    out: list[Item] = []
    cutters = _Cutters(out, file, restarts)
    frames = _frames(file)
    frame, position = 0, 0
    for packet in pcapng.packets(stream, file):
        pdu = None if isinstance(packet, Skipped | pcapng.Secrets) else _read_pdu(packet)
        if pdu is None:
            continue
        while frame < pdu.frame:
            frame, position = next(frames, (pdu.frame, position))
        cutters.of(pdu.source, pdu.destination, position).feed(pdu.payload, pdu.time, position)
        yield from out
        out.clear()
    cutters.finish()
    yield from out


class _Cutters:
    """One for each direction of each connection, as far as there is memory."""

    def __init__(self, out: list[Item], file: str, restarts: list[tuple[Way, int]]) -> None:
        self._out, self._file = out, file
        self._cutters: dict[Way, Cutter] = {}
        self._restarts: dict[Way, deque[int]] = {}
        for way, position in restarts:
            self._restarts.setdefault(way, deque()).append(position)
        self._forgotten = False
        """A connection that seems to be new may be one that had to make room."""

    def of(self, source: Endpoint, destination: Endpoint, position: int) -> Cutter:
        way = (source, destination)
        cutter = self._cutters.get(way)
        if cutter is None:
            if len(self._cutters) >= _MAX_CONNECTIONS:
                self._cutters.pop(next(iter(self._cutters))).finish()
                self._forgotten = True
            cutter = self._cutters[way] = Cutter(self._out, self._file, source, destination, "tls")
            if self._forgotten:
                cutter.join()
        coming = self._restarts.get(way)
        while coming and coming[0] <= position:
            cutter.restart(coming.popleft(), from_beginning=True)
        return cutter

    def finish(self) -> None:
        for cutter in self._cutters.values():
            cutter.finish()


def _frames(file: str) -> Iterator[tuple[int, int]]:
    """Number (from 1, as tshark counts) and position of each packet of the capture."""
    number = 0
    for packet in _packets(file):
        if not isinstance(packet, Skipped | pcapng.Secrets):
            number += 1
            yield number, packet[3]


def _packets(file: str) -> Iterator[pcap.Packet | Skipped | pcapng.Secrets]:
    with Source(file) as source:
        container = pcapng.packets if pcapng.is_pcapng(source.head) else pcap.packets
        yield from container(source, file)


class _Pdu(NamedTuple):
    """Clear text of one TLS record."""

    time: float
    source: Endpoint
    destination: Endpoint
    frame: int
    payload: bytes


def _read_pdu(packet: pcap.Packet) -> _Pdu | None:
    """A PDU of the dissector "data"; None for others."""
    time, link, data, _ = packet
    tags: dict[int, bytes] = {}
    start = 0
    while start + 4 <= len(data):
        tag, size = _TAG.unpack_from(data, start)
        start += 4
        if tag == 0:
            break
        tags[tag] = data[start : start + size]
        start += size
    if link != _UPPER_PDU or tags.get(_DISSECTOR, b"").rstrip(b"\0") != b"data":
        return None
    source = _endpoint(tags.get(_IPV4_SOURCE) or tags.get(_IPV6_SOURCE, b""), tags.get(_SOURCE_PORT, b""))
    destination = _endpoint(
        tags.get(_IPV4_DESTINATION) or tags.get(_IPV6_DESTINATION, b""), tags.get(_DESTINATION_PORT, b"")
    )
    frame = int.from_bytes(tags.get(_FRAME, b""), "big")
    return _Pdu(time, source, destination, frame, data[start:]) if source and destination else None


def _endpoint(address: bytes, port: bytes) -> Endpoint | None:
    if len(address) not in (4, 16):
        return None
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    return Endpoint(socket.inet_ntop(family, address), int.from_bytes(port, "big"))
