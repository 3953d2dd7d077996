"""Open a trace, detect its format, read it: replay, ladder and all others call ``read_trace``.

A reader is a module with two functions. ``detect(head)`` says from the first 64 KiB how sure it is that the file is
its own: 0 not at all, 100 without doubt. ``read(stream, file)`` yields what it finds in order, in constant memory; a
broken record costs that record, so it never raises for what a file holds. Of the stream it uses ``read(n)`` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sipedge.traces.records.record import Item
from sipedge.traces.records.source import HEAD, ByteStream, Source, TraceError

from .capture import capture, hep
from .formats import cucm, edge_log, expressway, imp, ngrep, plain, prefixed, sipp, sngrep, snooper, syslog, uccapi

__all__ = ["READERS", "Reader", "TraceError", "read_trace"]


class Reader(Protocol):
    """A module for one format."""

    def detect(self, head: bytes) -> int: ...

    def read(self, stream: ByteStream, file: str) -> Iterator[Item]: ...


READERS: tuple[Reader, ...] = (
    capture, hep, edge_log, uccapi, expressway, snooper, cucm, imp, sipp, ngrep, sngrep, syslog, prefixed, plain,
)  # fmt: skip
"""The surest one reads the file; of equally sure ones the first."""


def read_trace(path: str, keylog: str | None = None) -> Iterator[Item]:
    """Every message of one trace in the order of the file, and a ``Skipped`` for each thing passed over.

    ``keylog``: TLS secrets in NSS format for a capture. Raises TraceError at the first ``next`` when the file cannot be
    opened or no reader knows it.
    """
    with Source(path) as source:
        reader = detect(source.head)
        if reader is None:
            raise TraceError(f"{path}: no known trace format" if source.head else f"{path}: the file is empty")
        if reader is capture:
            yield from capture.read(source, path, keylog)
        else:
            yield from reader.read(source, path)
        if source.failure is not None:
            yield source.failure


def detect(head: bytes) -> Reader | None:
    """The reader for a file that begins like this (its first HEAD bytes)."""
    best = max(READERS, key=lambda reader: reader.detect(head))
    return best if best.detect(head[:HEAD]) > 0 else None
