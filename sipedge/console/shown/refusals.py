"""The doctor's words about an answer that somebody else gave, from what the edge's record keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sipedge.doctor.explain.decode import explain_record
from sipedge.doctor.explain.finding import TraceFinding
from sipedge.traces.records.record import Direction, Record

FAILED = 400


def words_of(record: Mapping[str, Any]) -> TraceFinding | None:
    """None for what is no refusal, and for what the edge itself said: its reason is in its own words."""
    if record["own"] or record["status"] < FAILED:
        return None
    lines = [f"SIP/2.0 {record['status']} {record['reason']}"]
    lines += [f"{name}: {record[key]}" for name, key in _KEPT]
    lines += [f"ms-diagnostics: {value}" for value in record["diagnostics"]]
    data = "\r\n".join([*(line.replace("\r", " ").replace("\n", " ") for line in lines), "", ""])
    text = data.encode("utf-8", "surrogateescape")
    return explain_record(Record(record["time"], Direction.UNKNOWN, None, None, "", text, False, "", 0))


_KEPT = (("From", "from"), ("To", "to"), ("CSeq", "cseq"), ("Call-ID", "call_id"))
