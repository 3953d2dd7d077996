"""Decisions made again from an edge's records of them."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.plans import LETTERS, plans, usable
from support.settings import make_settings
from support.tapped import entry, lines_of, read_back

from dialplan.model import Dialplan, Protocol, Query, Target, Tier, Traffic
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.cli.explain import explanation_text
from sipedge.decision.deciding import REFUSED, RULES, SIGNED_ROUTE, explained
from sipedge.proxy.history import FORMAT, Entry
from sipedge.replay.decider import Decider
from sipedge.replay.retold import explanation_of
from sipedge.replay.verdict import Verdict
from sipedge.tap.items import Decided
from sipedge.traces.formats import edge_decisions
from sipedge.traces.records.record import Record

ALIASES = st.text(LETTERS, max_size=5) | st.text(max_size=12) | st.text(LETTERS + '\udc80"\\é\t', max_size=6)
QUERIES = st.builds(
    Query, ALIASES, st.sampled_from(["A", "B", "Default Zone"]), st.sampled_from(Traffic), authenticated=st.booleans()
)


def entry_of(found: Explanation, also: str) -> Entry:
    query = found.query
    made = entry(found)
    made.zone, made.alias, made.also = query.source, query.alias, also
    made.classification = replace(made.classification, traffic=query.traffic)
    return made


def shown(found: Explanation) -> tuple[str, str]:
    """As people and as programs see it."""
    return explanation_text(found, "method MESSAGE", lambda zone: ""), json.dumps(found.to_json())


def remade(made: Entry, plan: CompiledPlan) -> Explanation:
    (read,) = read_back(lines_of(Decided(0, made, 1)))
    assert isinstance(read, Record) and read.decided is not None
    found = explanation_of(read.decided, read.zone, plan)
    assert found is not None
    return found


@examples(500)
@given(plans(), QUERIES, st.none() | ALIASES)
def test_record_and_plan_make_the_tree_again_to_the_byte(plan: Dialplan, query: Query, also: str | None) -> None:
    live, again = usable(plan), usable(plan)
    if live is None or again is None:
        return
    found = explained(query, also or "", live)
    assert shown(remade(entry_of(found, also or ""), again)) == shown(found)


def verdict_of(made: Entry) -> Verdict:
    (read,) = read_back(lines_of(Decided(0, made, 1)))
    assert isinstance(read, Record)
    found = Decider(make_settings()).decide(1, read)
    assert isinstance(found, Verdict)
    return found


def test_a_signed_route_leads_where_it_led() -> None:
    made = entry()
    made.route, made.alias = "Outside", "bob@outside.example"
    decision = verdict_of(made).decision
    assert decision.decided_by == "signed Route"
    assert decision.tiers == (Tier(0, True, (Target("", "Outside", "bob@outside.example"),)),)


def test_a_refusal_is_told_as_it_was() -> None:
    made = entry()
    made.refused(483, "Max-Forwards has come down to 0")
    verdict = verdict_of(made)
    assert verdict.decision.refused == "483 Max-Forwards has come down to 0"
    assert (verdict.method, verdict.in_dialog, verdict.sent) == ("MESSAGE", False, False)


def test_the_reader_knows_the_words_of_the_edge() -> None:
    assert [Traffic(word) for word in edge_decisions.TRAFFIC] == list(Traffic)
    assert {Protocol(word) for word in edge_decisions.PROTOCOL if word} == set(Protocol)
    assert edge_decisions.DECIDED_BY == (RULES, SIGNED_ROUTE, REFUSED)
    assert edge_decisions.FORMAT == FORMAT
