"""Messages of hidden zones as their own side knows them, for whoever has the secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from sipedge.cli.printing import say
from sipedge.queries.unmask import clear_of
from sipedge.settings import Settings
from sipedge.topology.clear import MARKS
from sipedge.traces.records.record import Record

_MARKED = re.compile(b"|".join(re.escape(mark.encode()) for mark in MARKS))
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class Opening:
    """The tokens of several edges. What nobody here has sealed stays."""

    def __init__(self, edges: Iterable[Settings]) -> None:
        """An edge without a secret file has sealed nothing that could be read here, and does not count."""
        self._clears: list[Callable[[str], str]] = [clear_of(edge, say) for edge in edges if not edge.secret_made_up]

    def record(self, record: Record) -> Record:
        """The record itself, or one with ``wire`` whose head is opened; Content-Length stays true."""
        if not self._clears or not _MARKED.search(record.data):
            return record
        end = _END_OF_HEAD.search(record.data)
        head, body = (record.data, b"") if end is None else (record.data[: end.end()], record.data[end.end() :])
        text = head.decode("utf-8", "surrogateescape")
        for clear in self._clears:
            text = clear(text)
        opened = text.encode("utf-8", "surrogateescape")
        return record if opened == head else record._replace(data=opened + body, wire=record.data)
