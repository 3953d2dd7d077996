"""The edge's own log of messages (``messages`` in ``[log]``): JSON lines, see docs/configuration.md.

Lines with decisions hold no message and are left out. A line that broke off (the disk was full) costs that line.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from math import isfinite
from typing import Any

from sipedge.traces.records.record import Direction, Endpoint, Item, Record, Skipped, transport_named
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import numbered_lines

LONGEST_LINE = 1 << 20
"""A message of 64 KiB has at most six characters a byte, and a bit."""
_LARGEST_PORT = 65535
_LINE = re.compile(
    rb'^\{"time": ?[\d.]+, ?"(?:direction": ?"(?:received|sent)", ?"connection": ?\d|decision": ?\{)', re.MULTILINE
)


def detect(head: bytes) -> int:
    """Not only at the very beginning: what is left of a torn line may stand there."""
    return 100 if _LINE.search(head) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    for position, line in numbered_lines(stream, LONGEST_LINE):
        if not line.strip():
            continue
        if len(line) > LONGEST_LINE:
            yield Skipped(file, position, f"a line is longer than {LONGEST_LINE} bytes")
            continue
        try:
            fields = json.loads(line)
            if not isinstance(fields, dict):
                raise TypeError("no object")
            record = None if "decision" in fields else _record(fields, file, position)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            yield Skipped(file, position, "this line is no message of an edge's log")
            continue
        if record is not None:
            yield record


def _record(fields: dict[str, Any], file: str, position: int) -> Record:
    """Raises ValueError, TypeError, KeyError, OverflowError."""
    direction = Direction(fields["direction"])
    local, peer = endpoint(fields["local"]), endpoint(fields["peer"])
    source, destination = (local, peer) if direction is Direction.SENT else (peer, local)
    data = _text(fields["text"]).encode() if "text" in fields else b64decode(fields["base64"], validate=True)
    if not isfinite(fields["time"]):
        raise ValueError("no time")
    return Record(
        float(fields["time"]),
        direction,
        source,
        destination,
        transport_named(_text(fields["transport"])),
        data,
        not fields.get("masked"),
        file,
        position,
        _text(fields.get("zone", "")),
        tuple(map(_text, fields["names"])) if isinstance(fields.get("names"), list) else None,
    )


def _text(value: object) -> str:
    """Raises ValueError (half a surrogate pair can be written nowhere), TypeError."""
    if not isinstance(value, str):
        raise TypeError("no text")
    if not value.isascii():
        value.encode()
    return value


def endpoint(value: object) -> Endpoint:
    """Raises ValueError, TypeError."""
    host, _, port = _text(value).rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) <= _LARGEST_PORT):
        raise ValueError("no port")
    return Endpoint(host.removeprefix("[").removesuffix("]"), int(port))
