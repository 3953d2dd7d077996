"""Large logs in parts that can be read at the same time. They are cut where a record surely begins.

Only formats whose records carry their whole time and say where they begin; captures are read from their beginning.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO

from sipedge.traces.records.record import Item
from sipedge.traces.records.source import HEAD, Limited
from sipedge.traces.records.text import encoding_of

from .capture import capture
from .formats import edge_decisions, edge_log, expressway, snooper
from .reading import Reader, detect, marks_of

_BOUNDARIES: dict[Reader, re.Pattern[bytes]] = {
    edge_log: re.compile(rb'\n(?=\{"time":)'),
    edge_decisions: re.compile(rb'\n(?=\{"format":)'),
    expressway: re.compile(rb"\n(?=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ \n]* [^ \n]+ tvcs: UTCTime=)"),
    snooper: re.compile(rb"\$\$end_record[ \t\r\n]*\n(?=TL_[A-Z]+ ?\(TF_)"),
}
"""Between two records: what matches belongs to the first."""
_SEARCHED = 1 << 20
"""Bytes behind the wished place in which a boundary is looked for."""
_GZIP = b"\x1f\x8b"

Span = tuple[int, int]
"""First byte and the one behind the last."""


def spans(path: str, size: int) -> list[Span]:
    """The file in parts of about ``size`` bytes; [] where it has to be read in one go."""
    try:
        length = os.path.getsize(path)
        with open(path, "rb") as stream:
            head = stream.read(HEAD)
            boundary = None if head.startswith(_GZIP) or encoding_of(head) or marks_of(head) else _boundary(head)
            if boundary is None:
                return []
            cuts = [0, *_cuts(stream, boundary, length, size), length]
    except OSError:
        return []
    return list(zip(cuts, cuts[1:], strict=False)) if len(cuts) > 2 else []


def is_capture(path: str) -> bool:
    """Whether the file is a capture that ``capture.slices`` can cut: not packed."""
    if not os.path.isfile(path):  # opening a pipe would take what is in it
        return False
    try:
        with open(path, "rb") as stream:
            return capture.detect(stream.read(32)) > 0
    except OSError:
        return False


def read_span(path: str, span: Span) -> Iterator[Item]:
    """The items that ``read_trace`` yields of this part of the file. Raises OSError."""
    start, end = span
    with open(path, "rb") as stream:
        reader = detect(stream.read(HEAD))
        assert reader is not None
        stream.seek(start)
        for item in reader.read(Limited(stream, end - start), path):
            yield item._replace(position=item.position + start)


def _boundary(head: bytes) -> re.Pattern[bytes] | None:
    reader = detect(head)
    return None if reader is None else _BOUNDARIES.get(reader)


def _cuts(stream: BinaryIO, boundary: re.Pattern[bytes], length: int, size: int) -> Iterator[int]:
    last = 0
    for wished in range(size, length - size // 2, size):
        if wished < last:
            continue
        stream.seek(wished)
        match = boundary.search(stream.read(_SEARCHED))
        if match is not None and last < wished + match.end() < length:
            last = wished + match.end()
            yield last
