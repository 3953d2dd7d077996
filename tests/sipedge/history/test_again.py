"""What is kept of a decision makes the tree that the edge saw, whatever the plan and whatever was asked."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.decisions import OPENED
from support.examples import examples
from support.plans import ALIASES, plans
from support.tapped import record_of

from dialplan.language.format import write_entry
from dialplan.model import Dialplan, Query, Traffic, Variables
from dialplan.problem import DialplanError
from dialplan.search.search import Explanation
from sipedge.config.plans import plan_again, zone_names_of
from sipedge.decision.classification import Classification
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Position, Wish
from sipedge.proxy.history import Entry
from sipedge.queries.trees.again import plan_of, searched_again
from sipedge.queries.trees.explained import tree_of
from sipedge.tap.items import Decided
from sipedge.worker.decisions import pieces_of

VARIABLES = Variables(("192.0.2.1",), ("2001:db8::1",), ("a.example", "b"), "edge.a.example")
QUERIES = st.builds(
    Query,
    alias=st.sampled_from(ALIASES) | st.text(max_size=6),
    source=st.sampled_from(["A", "B", "Default Zone"]),
    traffic=st.sampled_from(Traffic),
    authenticated=st.booleans(),
)
LINES = b"From: <sip:a@b>", b"To: <sip:c@d>", b"CSeq: 1 MESSAGE"


def _record(number: int, found: Explanation) -> Any:
    """As it stands in the edge's file."""
    query = found.query
    told = Classification(query.traffic, "method MESSAGE")
    entry = Entry(number, OPENED, query.source, "r", "MESSAGE", "sip:x", "c", LINES, told, found, query.alias)
    return record_of(Decided(0, entry, number))


@pytest.mark.slow
@examples(300)
@given(plans(), st.lists(QUERIES, min_size=1, max_size=20))
def test_the_tree_comes_back_byte_for_byte_through_file_and_segment(plan: Dialplan, queries: list[Query]) -> None:
    text = "\n".join(write_entry(entry) for entry in plan.entries)
    try:
        compiled = plan_again({"one.dialplan": text}, ["A", "B"], VARIABLES)
    except DialplanError:
        return
    found = [compiled.search(query) for query in queries]
    records = [_record(number, each) for number, each in enumerate(found, 1)]
    rest = {"zones": zone_names_of(compiled), "variables": asdict(VARIABLES)}
    again = plan_of(json.loads(json.dumps(list(pieces_of(compiled)))), json.loads(json.dumps(rest)))
    with TemporaryDirectory() as folder:
        history = Segments(Path(folder))
        history.add([Batch(tuple(records), Position("x", 1, len(records)))])
        kept = [history.entry(each.key) for each in reversed(history.find(Wish(most=100)))]
        history.close()
    made = [searched_again(entry, again) for entry in kept if entry]
    assert [tree_of(each, "why", str) for each in made if each] == [tree_of(each, "why", str) for each in found]
