"""Traces on a command line: the messages of all files in turn; what is passed over goes to standard error."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import click

from sipedge.cli.printing import amount, say
from sipedge.traces.ladder.flow import Filter, sighting
from sipedge.traces.reading import TraceError, read_trace, unread_start
from sipedge.traces.records.record import Record, Skipped

MAX_DIALOGS = 1_000_000
MAX_LINES = 20
"""Lines about one file; what comes after them is only counted."""


class Tally:
    """What became of each trace. A file is readable when it gave a message, or was sound and had none."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._messages: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()
        self._unreadable: set[str] = set()

    def read(self, file: str, messages: int = 0) -> None:
        """The file could be opened and gave (more) messages."""
        self._messages[file] += messages

    def skip(self, skipped: Skipped) -> None:
        self._skipped[skipped.file] += 1
        if self._skipped[skipped.file] <= MAX_LINES and not self._quiet:
            say(str(skipped))

    def fail(self, file: str, reason: str) -> None:
        """The file cannot be read at all."""
        self._unreadable.add(file)
        if not self._quiet:
            say(reason)

    def finish(self) -> int:
        """Say the counts. The exit status: 0, or 2 where nothing was readable."""
        for file in self._messages.keys() - self._unreadable:
            if not self._messages[file] and not self._skipped[file]:
                self._look_for_more(file)
        for file, count in self._skipped.items():
            if count > MAX_LINES:
                say(f"{file}: {count - MAX_LINES} more things passed over")
        if total := self._skipped.total():
            say(f"{amount(total, 'thing')} passed over")
        files = self._messages.keys() - self._unreadable
        return 0 if any(self._messages[file] or not self._skipped[file] for file in files) else 2

    def _look_for_more(self, file: str) -> None:
        """A file that gave nothing at all may have messages that no reader made out; a pipe is read only once."""
        start = unread_start(file) if os.path.isfile(file) else None
        if start is not None:
            self.skip(start)
        elif not self._quiet:
            say(f"{file}: there is no SIP message in it")


class TraceInput:
    """Go through ``records()`` to the end, then ``finish()`` says the exit status, see Tally."""

    def __init__(
        self,
        traces: Sequence[str],
        keylog: str | None = None,
        *,
        quiet: bool = False,
        sizes: Mapping[str, int] | None = None,
        opened: Callable[[Record], Record] | None = None,
    ) -> None:
        """``quiet``: say nothing, for a second time through the same files. ``sizes``: see ``read_twice``.

        ``opened``: what is made of each message before anybody sees it, see Opening.
        """
        self._traces, self._keylog, self._sizes = traces, keylog, sizes or {}
        self._opened = opened
        self._tally = Tally(quiet)

    def records(self) -> Iterator[Record]:
        for trace in self._traces:
            try:
                for item in read_trace(trace, self._keylog, self._sizes.get(trace)):
                    if isinstance(item, Record):
                        self._tally.read(trace, 1)
                        yield item if self._opened is None else self._opened(item)
                    else:
                        self._tally.skip(item)
                self._tally.read(trace)
            except TraceError as error:
                self._tally.fail(trace, str(error))

    def finish(self) -> int:
        return self._tally.finish()


def read_twice(traces: Sequence[str]) -> dict[str, int]:
    """What a command needs that goes through its traces twice: their sizes now, as logs grow while they are read. A
    pipe ends it with status 2."""
    for trace in traces:
        if os.path.exists(trace) and not os.path.isfile(trace):
            raise click.UsageError(f'"{trace}" is no file, and has to be read twice: save it as a file first')
    return {trace: os.path.getsize(trace) for trace in traces if os.path.isfile(trace)}


def chosen(trace_input: TraceInput, demands: Filter) -> frozenset[str]:
    """Call-IDs of the dialogs that meet all demands, each with some of its messages; goes through all records."""
    met: dict[str, int] = {}
    for index, record in enumerate(trace_input.records(), 1):
        seen = sighting(index, record)
        if seen.call_id in met or len(met) < MAX_DIALOGS:
            met[seen.call_id] = met.get(seen.call_id, 0) | demands.met(seen)
    return frozenset(call_id for call_id, bits in met.items() if bits == demands.wanted)
