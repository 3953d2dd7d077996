"""``sipedge messages``: every SIP message of captures and logs."""

from __future__ import annotations

import json
from hashlib import sha1
from pathlib import Path
from typing import Any

import click

from sipedge.cli.files import new_file
from sipedge.printable import escaped
from sipedge.traces.records.record import Endpoint, Record, iso_time

from .trace_input import KEYLOG, TRACES, TraceInput

_ADDRESS_WIDTH = 22


@click.command()
@TRACES
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a message.")
@click.option("--raw", metavar="DIR", type=click.Path(file_okay=False), help="Write each message to DIR/<index>.sip.")
@KEYLOG
def command(traces: tuple[str, ...], as_json: bool, raw: str | None, keylog: str | None) -> int:
    """List the SIP messages of captures (pcap, pcapng) and logs; the format is found out from the content.

    A message that had to be rebuilt, because the log lost line ends or order, is marked with * (exact: false).

    Exit status: 0 good, 2 nothing was readable. What was passed over is said on standard error.
    """
    given = TraceInput(traces, keylog)
    folder = _folder(raw) if raw is not None else None
    for index, record in enumerate(given.records(), 1):
        if folder is not None:
            with new_file(str(folder / f"{index:06}.sip"), traces) as output:
                output.write(record.data)
        click.echo(json.dumps(_to_json(index, record)) if as_json else _line(index, record))
    return given.finish()


def start_line(data: bytes) -> str:
    line, _, _ = data.partition(b"\n")
    return line.rstrip(b"\r").decode("utf-8", "replace")


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
        "start_line": start_line(record.data),
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
    return f"{index:>6}{mark} {time:<26} {record.transport or '-':<4} {where} {escaped(start_line(record.data))}"


def _text(endpoint: Endpoint | None) -> str | None:
    return None if endpoint is None else str(endpoint)
