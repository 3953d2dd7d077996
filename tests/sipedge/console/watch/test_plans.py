"""The tree of a decision in the history is the edge's, also when its plan is in force no more."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.decisions import OPENED
from support.examples import examples
from support.plans import ALIASES, changed, plans
from support.tapped import record_of

from dialplan.language.format import write_entry
from dialplan.model import Dialplan, Query, Traffic, Variables
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.cli.explain import explanation_text
from sipedge.config.plans import plan_again, zone_names_of
from sipedge.console.watch.plans import Plans
from sipedge.control.refusal import Refused
from sipedge.control.requests import Plan, Request
from sipedge.decision.classification import Classification
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Position, Wish
from sipedge.proxy.history import Entry
from sipedge.queries.trees.again import searched_again
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
TWICE = plans().flatmap(lambda plan: st.tuples(st.just(plan), changed(plan)))
LINES = b"From: <sip:a@b>", b"To: <sip:c@d>", b"CSeq: 1 MESSAGE"


class _Edge:
    """Answers for the plan that is in force, and for no other."""

    def __init__(self) -> None:
        self.revision, self._plan = "", CompiledPlan(Dialplan())

    def load(self, plan: Dialplan) -> None:
        """Raises DialplanError."""
        text = "\n".join(write_entry(entry) for entry in plan.entries)
        self._plan = plan_again({"one.dialplan": text}, ["A", "B"], VARIABLES)
        self.revision = sha256(text.encode()).hexdigest()

    async def asked(self, request: Request) -> tuple[list[Any], Any]:
        assert isinstance(request, Plan)
        if request.revision != self.revision:
            raise Refused("no plan of this revision")
        rest = {"zones": zone_names_of(self._plan), "variables": asdict(VARIABLES)}
        pieces, end = json.loads(json.dumps([list(pieces_of(self._plan)), rest]))
        return pieces, end

    def decided(self, number: int, query: Query) -> tuple[Any, str]:
        """The record in the edge's file, and the tree that the edge would show."""
        found = self._plan.search(query)
        told = Classification(query.traffic, "method MESSAGE")
        entry = Entry(
            number, OPENED, query.source, self.revision, "MESSAGE", "sip:x", "c", LINES, told, found, query.alias
        )
        return record_of(Decided(0, entry, number)), _shown(found)


def _shown(found: Explanation) -> str:
    return explanation_text(found, "method MESSAGE", str) + json.dumps(found.to_json())


async def _shown_again(edge: _Edge, both: Iterable[Dialplan], queries: list[Query]) -> tuple[list[str], list[str]]:
    """The trees as the edge has them, and as the history and the plans that were kept make them."""
    records, live = [], []
    with TemporaryDirectory() as folder:
        kept = Plans(Path(folder) / "plans", edge.asked)
        for plan in both:
            edge.load(plan)
            await kept.keep(edge.revision)
            for query in queries:
                record, shown = edge.decided(len(records) + 1, query)
                records.append(record)
                live.append(shown)
        history = Segments(Path(folder) / "history")
        history.add([Batch(tuple(records), Position("x", 1, len(records)))])
        found = [history.entry(each.key) for each in reversed(history.find(Wish(most=100)))]
        history.close()
        made = [searched_again(each, await _plan(kept, each["revision"])) for each in found if each]
    return live, [_shown(each) for each in made if each]


async def _plan(kept: Plans, revision: str) -> CompiledPlan:
    plan = await kept.of(revision)
    assert plan is not None
    return plan


@pytest.mark.slow
@examples(100)
@given(TWICE, st.lists(QUERIES, min_size=1, max_size=5))
def test_it_is_the_same_to_the_byte_after_the_plan_has_changed(
    both: tuple[Dialplan, Dialplan], queries: list[Query]
) -> None:
    try:
        live, again = anyio.run(_shown_again, _Edge(), both, queries)
    except DialplanError:
        return
    assert again == live
