"""The messages of traces, one a line, and as files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Any

import click

from sipedge.cli.configuration import load
from sipedge.cli.files import new_file
from sipedge.cli.printing import print_json, say
from sipedge.printable import escaped
from sipedge.traces.ladder.flow import Filter, sighting
from sipedge.traces.records.record import Endpoint, Record, iso_time

from .opening import Opening
from .trace_input import TraceInput, chosen, read_twice

_ADDRESS_WIDTH = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    traces: tuple[str, ...]
    as_json: bool
    raw: str | None
    """Folder for one file a message; None for none."""
    show: tuple[int, ...]
    """Numbers of messages to print as a whole; none lists them all."""
    call_id: str
    """Like the next three a demand on dialogs, see Filter; '' demands nothing."""
    user: str
    method: str
    status: str
    keylog: str | None
    unmask: tuple[str, ...]
    """Configurations of edges that have sealed something in the messages."""


def run(options: Options) -> int:
    """The exit status: 0 good, 1 no such dialog, 2 nothing was readable or no such message."""
    opened = Opening(map(load, options.unmask)).record
    trace_input = TraceInput(options.traces, options.keylog, opened=opened)
    demands = Filter(options.call_id, options.user, options.method, options.status)
    if options.show:
        return _show(enumerate(trace_input.records(), 1), options.show)
    if not demands.wanted:
        _list(enumerate(trace_input.records(), 1), options)
        return trace_input.finish()
    sizes = read_twice(options.traces)
    trace_input = TraceInput(options.traces, options.keylog, sizes=sizes, opened=opened)
    dialogs = chosen(trace_input, demands)
    status = trace_input.finish()
    again = enumerate(TraceInput(options.traces, options.keylog, quiet=True, sizes=sizes, opened=opened).records(), 1)
    _list((one for one in again if sighting(*one).call_id in dialogs), options)
    if not dialogs and status == 0:
        say("no dialog is as asked for")
        return 1
    return status


def _list(records: Iterable[tuple[int, Record]], options: Options) -> None:
    folder = _folder(options.raw) if options.raw is not None else None
    for index, record in records:
        if folder is not None:
            with new_file(str(folder / f"{index:06}.sip"), options.traces) as output:
                output.write(record.data)
        if options.as_json:
            print_json(_to_json(index, record))
        else:
            click.echo(_line(index, record))


def _show(records: Iterable[tuple[int, Record]], numbers: tuple[int, ...]) -> int:
    """Each below its line in the list. 0, or 2 where one is not there."""
    wanted = set(numbers)
    for index, record in records:
        if index in wanted:
            wanted.remove(index)
            click.echo(_line(index, record))
            for line in record.data.decode("utf-8", "replace").split("\n"):
                click.echo(escaped(line.removesuffix("\r")))
        if not wanted:
            return 0
    say(f"there is no message {min(wanted)}")
    return 2


def _folder(raw: str) -> Path:
    folder = Path(raw)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f'"{raw}" cannot be made: {error.strerror}') from None
    return folder


def _to_json(index: int, record: Record) -> dict[str, Any]:
    fields = {
        "index": index,
        "time": iso_time(record.time),
        "transport": record.transport or None,
        "source": _text(record.source),
        "destination": _text(record.destination),
        "start_line": _start_line(record.data),
        "length": len(record.data),
        "sha1": sha1(record.data, usedforsecurity=False).hexdigest(),
        "exact": record.exact and record.wire is None,
        "file": record.file,
        "position": record.position,
    }
    return fields if record.decided is None else {**fields, "decision": record.decided.to_json()}


def _line(index: int, record: Record) -> str:
    """Columns of fixed width, so that a line can be printed before the next message is known."""
    time = (iso_time(record.time) or "-").removesuffix("Z").replace("T", " ")
    source, destination = _text(record.source) or "?", _text(record.destination) or "?"
    mark = " " if record.exact and record.wire is None else "*"
    where = f"{escaped(source):>{_ADDRESS_WIDTH}} -> {escaped(destination):<{_ADDRESS_WIDTH}}"
    said = "" if record.decided is None else f": {escaped(str(record.decided))}"
    return f"{index:>6}{mark} {time:<26} {record.transport or '-':<4} {where} {escaped(_start_line(record.data))}{said}"


def _start_line(data: bytes) -> str:
    line, _, _ = data.partition(b"\n")
    return line.rstrip(b"\r").decode("utf-8", "replace")


def _text(endpoint: Endpoint | None) -> str | None:
    return None if endpoint is None else str(endpoint)
