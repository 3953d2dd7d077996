"""JSON lines: one object a message, one a decision.

sipedge/traces/formats/edge_log.py reads messages back, edge_decisions.py there decisions.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from json import JSONEncoder
from typing import Any

from sipedge.remembered.native.ways import perhaps
from zones.addresses import host_port

from .items import PAGE, Decided, Item, ItemKind, Lines, Part, Passed, record_text
from .masking import masked
from .rotating_file import RotatingFile
from .shared import Shared

_ENCODER = JSONEncoder(separators=(",", ":"))
_SEQUENCE = re.compile(rb'^\{"format":\d+,"sequence":(\d{1,18}),', re.MULTILINE)


class DecisionsFile:
    """One line for each request that has its final status: its record."""

    takes = frozenset({ItemKind.LINES})

    def __init__(self, file: RotatingFile, shared: Shared | None = None) -> None:
        """``shared``: where several workers write into it. Their records are numbered as they are written."""
        self.name = f"decisions file {file.path}"
        self._file, self._shared = file, shared
        self.close = file.close
        self._taken: list[Lines] = []
        """What was rendered and is not written yet."""
        self._native = None if shared is None else perhaps()
        self._space = bytearray(0 if self._native is None else 2 * PAGE)
        """For lines with other numbers."""
        self.last = 0
        """The last sequence number that was in the file when it was opened; 0: none."""

    def open(self) -> None:
        if not self._file.is_open:  # the end of a large file is read: not each time that something is written
            self._file.open()
            self.last = int(next(reversed(_SEQUENCE.findall(self._file.tail())), 0))

    def render(self, item: Item) -> memoryview:
        assert type(item) is Lines
        self._taken.append(item)
        return item.data

    def write(self, parts: Sequence[Part]) -> int:
        shared = self._shared
        try:
            with self._file.turn():
                if shared is None:
                    self._file.append(parts)
                else:  # one after the other: all have their numbers put in at the same place
                    for part, lines in zip(parts, self._taken, strict=True):
                        self._file.append([self._numbered(part, lines.last, shared)])
        finally:
            while self._taken:
                self._taken.pop().give_back()
        return 0

    def _numbered(self, lines: Part, last: int, shared: Shared) -> Part:
        """``lines``: with the numbers that they have among those of this worker; the last one is given."""
        higher = shared.numbered(last, self.last)
        if not higher:
            return lines
        used = None if self._native is None else self._native.renumber(lines, higher, self._space)
        if used is not None:
            return memoryview(self._space)[:used]
        return b"".join(_renumbered(line, higher) for line in bytes(lines).splitlines(keepends=True))


def _renumbered(line: bytes, higher: int) -> bytes:
    front, key, rest = line.partition(b'"sequence":')
    number, comma, rest = rest.partition(b",")
    return b"%b%b%d%b%b" % (front, key, int(number) + higher, comma, rest)


class MessagesFile:
    """Every message, and for each request with its final status ``{"time": ..., "decision": ...}``."""

    takes = frozenset({ItemKind.MESSAGE, ItemKind.CONCLUDED})

    def __init__(self, file: RotatingFile, mask: bool) -> None:
        self.name = f"messages file {file.path}"
        self._file, self._mask = file, mask
        self.open, self.close = file.open, file.close

    def render(self, item: Item) -> bytes:
        if type(item) is Passed:
            return _ENCODER.encode(_message(item, self._mask)).encode() + b"\n"
        assert type(item) is Decided
        return f'{{"time":{item.entry.time!r},"decision":{record_text(item.entry, item.sequence)}}}\n'.encode("ascii")

    def write(self, parts: Sequence[Part]) -> int:
        self._file.write(parts)
        return 0


def _message(item: Passed, mask: bool) -> dict[str, Any]:
    opened = item.opened
    fields: dict[str, Any] = {
        "time": item.time,
        "direction": "sent" if item.sent else "received",
        "connection": opened.connection,
        "zone": item.zone,
        "transport": opened.transport,
        "local": host_port(opened.local_address, opened.local_port),
        "peer": host_port(opened.peer_address, opened.peer_port),
    }
    if not item.sent:
        fields["names"] = opened.names
    head = masked(item.head) if mask else item.head
    if head is not item.head:
        fields["masked"] = True
    data = head + item.body
    try:
        fields["text"] = data.decode()
    except UnicodeDecodeError:
        fields["base64"] = b64encode(data).decode()
    return fields
