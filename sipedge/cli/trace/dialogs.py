"""Dialogs of traces chosen by what is demanded of them, in the same way for all commands."""

from __future__ import annotations

from sipedge.traces.ladder.flow import Filter, sighting

from .trace_input import TraceInput

MAX_DIALOGS = 1_000_000


def chosen(trace_input: TraceInput, demands: Filter) -> frozenset[str]:
    """Call-IDs of the dialogs that meet all demands, each with some of its messages; goes through all records."""
    met: dict[str, int] = {}
    for index, record in enumerate(trace_input.records(), 1):
        seen = sighting(index, record)
        if seen.call_id in met or len(met) < MAX_DIALOGS:
            met[seen.call_id] = met.get(seen.call_id, 0) | demands.met(seen)
    return frozenset(call_id for call_id, bits in met.items() if bits == demands.wanted)
