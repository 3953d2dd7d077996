"""The edge's own log of decisions (``decisions`` in ``[log]``): JSON lines, see docs/traces.md.

Each line becomes a request with the header fields that the line has, and the decision beside it. Numbers that are
missing between two lines, because the edge lost them, are told. A line that broke off costs that line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isfinite
from typing import Any

from sipedge.traces.records.own_decision import OwnDecision, RuleHit
from sipedge.traces.records.record import Direction, Item, Record, Skipped, transport_named
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import numbered_lines

from .edge_log import endpoint

FORMAT = 1
LONGEST_LINE = 4 << 20
"""Headers of 64 KiB, and aliases made of them, with at most six characters a byte."""
DECIDED_BY = ("rules", "signed Route", "refused")
TRAFFIC = ("standard", "microsoft av", "microsoft share", "microsoft im and presence")
PROTOCOL = ("", "any", "sip", "h323")
"""Words that stand in these places; '': no rule was asked."""
_LINE = re.compile(rb'^\{"format": ?\d+, ?"sequence": ?\d', re.MULTILINE)


class _OtherFormatError(ValueError):
    """Of another version of this software."""


def detect(head: bytes) -> int:
    """Not only at the very beginning: what is left of a torn line may stand there."""
    return 100 if _LINE.search(head) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    last = 0
    for position, line in numbered_lines(stream, LONGEST_LINE):
        if not line.strip():
            continue
        record = _read(line, file, position)
        decided = record.decided if isinstance(record, Record) else None
        if decided is not None:
            if last and decided.sequence > last + 1:
                yield Skipped(file, position, f"{decided.sequence - last - 1} decisions before this one are missing")
            last = decided.sequence
        yield record


def _read(line: bytes, file: str, position: int) -> Item:
    if len(line) > LONGEST_LINE:
        return Skipped(file, position, f"a line is longer than {LONGEST_LINE} bytes")
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict):
            raise TypeError("no object")
        if fields["format"] != FORMAT:
            raise _OtherFormatError
        return record_of(fields, file, position)
    except _OtherFormatError:
        return Skipped(file, position, f"this decision is of another format than {FORMAT}: another version wrote it")
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Skipped(file, position, "this line is no decision of an edge")


def record_of(fields: dict[str, Any], file: str, position: int) -> Record:
    """``fields``: of a line, or of an entry of the history (``Entry.to_json``), which has no number.

    Raises ValueError, TypeError, KeyError, OverflowError.
    """
    if not isfinite(fields["time"]):
        raise ValueError("no time")
    return Record(
        float(fields["time"]),
        Direction.RECEIVED,
        endpoint(fields["peer"]),
        endpoint(fields["local"]),
        transport_named(_text(fields, "transport")),
        _request(fields),
        False,
        file,
        position,
        _text(fields, "zone"),
        tuple(_text({"name": name}, "name") for name in fields["names"]),
        _decided(fields),
    )


def _request(fields: dict[str, Any]) -> bytes:
    """The lines of the request that the record has. Raises ValueError, TypeError, KeyError."""
    headers = (("From", "from"), ("To", "to"), ("Call-ID", "call_id"), ("CSeq", "cseq"))
    lines = [f"{_text(fields, 'method')} {_text(fields, 'request_uri')} SIP/2.0"]
    lines += [f"{name}: {value}" for name, key in headers if (value := _text(fields, key))]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("more than a line")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8", "surrogateescape")


def _decided(fields: dict[str, Any]) -> OwnDecision:
    """Raises ValueError, TypeError, KeyError."""
    ms = fields["ms"]
    return OwnDecision(
        _number(fields, "sequence") if "sequence" in fields else 0,
        _text(fields, "revision"),
        _word(fields["decided_by"], DECIDED_BY),
        _text(fields, "alias"),
        _text(fields, "also"),
        _word(fields["traffic"], TRAFFIC),
        _text(fields, "evidence"),
        _word(fields["protocol"] or "", PROTOCOL),
        bool(fields["authenticated"]),
        _text(fields, "route"),
        tuple(RuleHit(_text(hit, "rule"), _text(hit, "zone"), _text(hit, "alias")) for hit in fields["rules"]),
        _number(fields, "status"),
        bool(fields["own"]),
        _text(fields, "reason"),
        None if ms is None else float(ms),
    )


def _word(value: object, words: tuple[str, ...]) -> str:
    """Raises ValueError."""
    return words[words.index(value)]


def _number(fields: dict[str, Any], key: str) -> int:
    """Raises TypeError, KeyError."""
    value = fields[key]
    if type(value) is not int:
        raise TypeError(key)
    return value


def _text(fields: dict[str, Any], key: str) -> str:
    """Raises ValueError (half a surrogate pair can be written nowhere), TypeError, KeyError."""
    value = fields[key]
    if not isinstance(value, str):
        raise TypeError(key)
    value.encode("utf-8", "surrogateescape")
    return value
