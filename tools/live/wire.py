"""SIP by hand: a stream cut into messages, the lines of one, an answer. Independent of the edge's own reading."""

from __future__ import annotations

import os
import re

END = b"\r\n\r\n"
COPIED = (b"via", b"record-route", b"from", b"to", b"call-id", b"cseq")
"""Headers of a request that its response repeats (RFC 3261 8.2.6.2, 12.1.1)."""
COMPACT = {b"v": b"via", b"f": b"from", b"t": b"to", b"i": b"call-id", b"l": b"content-length", b"m": b"contact"}
"""RFC 3261 7.3.3: those that matter here."""
_LINE_BREAK = re.compile(rb"\r\n(?![ \t])")


class Splitter:
    """Whole messages out of what came, by Content-Length; line ends between them are skipped."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Raises ValueError for a Content-Length that is no number."""
        self._rest += data
        messages: list[bytes] = []
        while (size := self._size()) is not None:
            messages.append(self._rest[:size])
            self._rest = self._rest[size:]
        return messages

    def _size(self) -> int | None:
        self._rest = self._rest.lstrip(b"\r\n")
        end = self._rest.find(END)
        if end < 0:
            return None
        size = end + 4 + int(value(self._rest[:end], b"content-length") or 0)
        return size if size <= len(self._rest) else None


def lines_of(message: bytes) -> list[bytes]:
    """Start line and header lines as they stand; a folded one is one line with its line breaks."""
    return _LINE_BREAK.split(message.partition(END)[0])


def name_of(line: bytes) -> bytes:
    """The header's name in lower case and long form."""
    name = line.partition(b":")[0].strip().lower()
    return COMPACT.get(name, name)


def values(message: bytes, name: bytes) -> list[bytes]:
    """Of the lines of one header; ``name`` in lower case and long form."""
    return [line.partition(b":")[2].strip() for line in lines_of(message)[1:] if name_of(line) == name]


def value(message: bytes, name: bytes) -> bytes:
    """The first one, b"" where there is none."""
    return next(iter(values(message, name)), b"")


def status_of(message: bytes) -> int:
    """0 for a request."""
    return int(message[8:11]) if message.startswith(b"SIP/2.0 ") else 0


def answer(request: bytes, status: bytes, tag: bytes) -> bytes:
    """A response without a body."""
    lines = [b"SIP/2.0 " + status]
    for line in lines_of(request)[1:]:
        name = name_of(line)
        if name in COPIED:
            lines.append(line + b";tag=" + tag if name == b"to" and b"tag=" not in line else line)
    return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])


def addresses(count: int, network: int) -> list[str]:
    """Loopback addresses of this process alone: 127.``network``.x.1 and so on, x by the process id."""
    return [f"127.{network}.{os.getpid() % 254 + 1}.{host}" for host in range(1, count + 1)]
