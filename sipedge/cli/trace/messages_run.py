"""The messages of traces, one a line, and as files."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Any

import click

from sipedge.cli.files import new_file
from sipedge.cli.printing import print_json
from sipedge.printable import escaped
from sipedge.traces.records.record import Endpoint, Record, iso_time

from .trace_input import TraceInput

_ADDRESS_WIDTH = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    traces: tuple[str, ...]
    as_json: bool
    raw: str | None
    """Folder for one file a message; None for none."""
    keylog: str | None


def run(options: Options) -> int:
    """The exit status: 0 good, 2 nothing was readable."""
    trace_input = TraceInput(options.traces, options.keylog)
    folder = _folder(options.raw) if options.raw is not None else None
    for index, record in enumerate(trace_input.records(), 1):
        if folder is not None:
            with new_file(str(folder / f"{index:06}.sip"), options.traces) as output:
                output.write(record.data)
        if options.as_json:
            print_json(_to_json(index, record))
        else:
            click.echo(_line(index, record))
    return trace_input.finish()


def _folder(raw: str) -> Path:
    folder = Path(raw)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f'"{raw}" cannot be made: {error.strerror}') from None
    return folder


def _to_json(index: int, record: Record) -> dict[str, Any]:
    return {
        "index": index,
        "time": iso_time(record.time),
        "transport": record.transport or None,
        "source": _text(record.source),
        "destination": _text(record.destination),
        "start_line": _start_line(record.data),
        "length": len(record.data),
        "sha1": sha1(record.data, usedforsecurity=False).hexdigest(),
        "exact": record.exact,
        "file": record.file,
        "position": record.position,
    }


def _line(index: int, record: Record) -> str:
    """Columns of fixed width, so that a line can be printed before the next message is known."""
    time = (iso_time(record.time) or "-").removesuffix("Z").replace("T", " ")
    source, destination = _text(record.source) or "?", _text(record.destination) or "?"
    mark = " " if record.exact else "*"
    where = f"{escaped(source):>{_ADDRESS_WIDTH}} -> {escaped(destination):<{_ADDRESS_WIDTH}}"
    return f"{index:>6}{mark} {time:<26} {record.transport or '-':<4} {where} {escaped(_start_line(record.data))}"


def _start_line(data: bytes) -> str:
    line, _, _ = data.partition(b"\n")
    return line.rstrip(b"\r").decode("utf-8", "replace")


def _text(endpoint: Endpoint | None) -> str | None:
    return None if endpoint is None else str(endpoint)
