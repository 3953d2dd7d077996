"""Traces on a command line: the messages of all files in turn; what is passed over goes to standard error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from sipedge.log import escaped
from sipedge.traces.reading import TraceError, read_trace
from sipedge.traces.record import Record

MAX_LINES = 20
"""Lines about one file; what comes after them is only counted."""

TRACES = click.argument("traces", metavar="TRACE...", nargs=-1, required=True, type=click.Path())
KEYLOG = click.option(
    "--keylog",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="TLS secrets (NSS key log) for captures; tshark must be installed.",
)


class TraceInput:
    """Go through ``records()`` to the end, then ``finish()`` says the exit status: 0, or 2 where nothing was readable.

    A file is readable when it gave a message, or was sound and had none.
    """

    def __init__(self, traces: Sequence[str], keylog: str | None = None) -> None:
        self._traces, self._keylog = traces, keylog
        self._skipped = 0
        self._readable = False

    def records(self) -> Iterator[Record]:
        for trace in self._traces:
            try:
                yield from self._records_of(trace)
            except TraceError as error:
                _say(str(error))

    def finish(self) -> int:
        if self._skipped:
            _say(f"{self._skipped} thing{'' if self._skipped == 1 else 's'} passed over")
        return 0 if self._readable else 2

    def _records_of(self, trace: str) -> Iterator[Record]:
        skipped = records = 0
        for item in read_trace(trace, self._keylog):
            if isinstance(item, Record):
                records += 1
                yield item
                continue
            skipped += 1
            self._skipped += 1
            if skipped <= MAX_LINES:
                _say(str(item))
        if skipped > MAX_LINES:
            _say(f"{trace}: {skipped - MAX_LINES} more things passed over")
        self._readable = self._readable or records > 0 or not skipped


def _say(line: str) -> None:
    click.echo(f"sipedge: {escaped(line)}", err=True)
