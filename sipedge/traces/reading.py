"""Open a trace, detect its format, read it: replay, ladder and all others call ``read_trace``.

A reader is a module with two functions. ``detect(head)`` says from the first 64 KiB how sure it is that the file is
its own: 0 not at all, 100 without doubt. ``read(stream, file)`` yields what it finds in order, in constant memory; a
broken record costs that record, so it never raises for what a file holds. Of the stream it uses ``read(n)`` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from sipedge.traces.records.cleaned import Cleaned, marks_in, without
from sipedge.traces.records.record import Item, Record, Skipped
from sipedge.traces.records.source import HEAD, ByteStream, Source, TraceError
from sipedge.traces.records.text import encoding_of
from sipedge.traces.records.wire import LARGEST_LINE, any_start

from .capture import capture, hep
from .formats import (
    cucm,
    edge_decisions,
    edge_log,
    expressway,
    imp,
    ngrep,
    plain,
    prefixed,
    sipp,
    sngrep,
    snooper,
    syslog,
    uccapi,
)

__all__ = ["READERS", "Reader", "TraceError", "read_trace"]


class Reader(Protocol):
    """A module for one format."""

    def detect(self, head: bytes) -> int: ...

    def read(self, stream: ByteStream, file: str) -> Iterator[Item]: ...


READERS: tuple[Reader, ...] = (
    capture, hep, edge_log, edge_decisions, uccapi, expressway, snooper, cucm, imp, sipp, ngrep, sngrep, syslog,
    prefixed, plain,
)  # fmt: skip
"""The surest one reads the file; of equally sure ones the first."""
_AS_IT_IS = (capture, hep, edge_log, edge_decisions)
"""Bytes and JSON: what looks like a mark in them is none."""


def read_trace(path: str, keylog: str | None = None, size: int | None = None) -> Iterator[Item]:
    """Every message of one trace in the order of the file, and a ``Skipped`` for each thing passed over.

    ``keylog``: TLS secrets in NSS format for a capture. ``size``: bytes of a file that may grow meanwhile; TLS in it is
    decrypted as far as it goes. Raises TraceError at the first ``next`` when the file cannot be
    opened or no reader knows it.
    """
    with Source(path, size) as source:
        marks = marks_of(source.head)
        reader = detect(source.head if marks is None else without(marks, source.head))
        if reader is None:
            raise TraceError(f"{path}: no known trace format" if source.head else f"{path}: the file is empty")
        if reader is capture:
            yield from capture.read(source, path, keylog)
        elif marks is None:
            yield from reader.read(source, path)
        else:
            yield from _clean(reader, Cleaned(source, marks), path)
        if source.failure is not None:
            yield source.failure


def detect(head: bytes) -> Reader | None:
    """The reader for a file that begins like this (its first HEAD bytes)."""
    best = max(READERS, key=lambda reader: reader.detect(head))
    return best if best.detect(head[:HEAD]) > 0 else None


def marks_of(head: bytes) -> re.Pattern[bytes] | None:
    """What has to be taken off a text that begins like this before it is read; None for nothing."""
    return None if any(reader.detect(head) for reader in _AS_IT_IS) else marks_in(head)


def _clean(reader: Reader, stream: Cleaned, file: str) -> Iterator[Item]:
    for item in reader.read(stream, file):
        position = stream.original(item.position)
        yield (
            item._replace(position=position, exact=False)
            if isinstance(item, Record)
            else item._replace(position=position)
        )


def unread_start(path: str) -> Skipped | None:
    """Asked for a file that gave no message: the first start line in it, if there is one. Raises TraceError."""
    with Source(path) as source:
        marks, wide = marks_of(source.head), bool(encoding_of(source.head))
        stream: ByteStream = source if marks is None else Cleaned(source, marks)
        position, before = 0, b""
        while data := stream.read(HEAD):
            text = before + (data.replace(b"\0", b"") if wide else data)
            if (start := any_start(text)) >= 0:
                place = position - len(before) + start
                return Skipped(path, 2 * place if wide else place, "a start line stands here, but no message is read")
            position += len(text) - len(before)
            before = text[-LARGEST_LINE:]
    return None
