"""The tree that a client makes of a decision is the one that the edge would have made."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.plans import ALIASES, plans
from support.tapped import OPENED

from dialplan.language.format import write_entry
from dialplan.model import Dialplan, Protocol, Query, Traffic, Variables
from dialplan.problem import DialplanError
from sipedge.cli.explain import explanation_text
from sipedge.config.plans import plan_again, zone_names_of
from sipedge.control.answers import Item, read_line, write_item
from sipedge.decision.classification import Classification
from sipedge.proxy.history import Entry
from sipedge.queries.trees.again import plan_of, searched_again
from sipedge.worker.decisions import decision_json, pieces_of

VARIABLES = Variables(("192.0.2.1",), ("2001:db8::1",), ("a.example", "b"), "edge.a.example")
QUERIES = st.builds(
    Query,
    alias=st.sampled_from(ALIASES) | st.text(max_size=6),
    source=st.sampled_from(["A", "B", "Default Zone"]),
    traffic=st.sampled_from(Traffic),
    protocol=st.just(Protocol.SIP),
    authenticated=st.booleans(),
)


def travelled(value: object) -> object:
    """Over the control socket and back."""
    item = read_line(write_item(value))
    assert isinstance(item, Item)
    return item.value


@pytest.mark.slow
@examples(1000)
@given(plans(), QUERIES, st.sampled_from(["A", "a"]))
def test_it_is_the_same_byte_for_byte(plan: Dialplan, query: Query, spelled: str) -> None:
    """However the rules spell the zones."""
    text = "\n".join(write_entry(entry) for entry in plan.entries).replace('zone "A"', f'zone "{spelled}"')
    sources = {"one.dialplan": text, "two.dialplan": "# nothing\n"}
    try:
        compiled = plan_again(sources, ["A", "B"], VARIABLES)
    except DialplanError:
        return
    explanation = compiled.search(query)
    told = Classification(query.traffic, "method MESSAGE")
    lines = (b"From: <sip:a@b>", b"To: <sip:c@d>", b"CSeq: 1 MESSAGE")
    entry = Entry(0.0, OPENED, query.source, "r", "MESSAGE", "sip:x", "c", lines, told, explanation, query.alias)
    item = travelled(decision_json(entry, "r"))
    pieces = travelled(list(pieces_of(compiled)))
    rest = travelled({"zones": zone_names_of(compiled), "variables": asdict(VARIABLES)})
    again = searched_again(item["decision"], plan_of(pieces, rest))  # type: ignore[index, arg-type]
    assert again is not None and again.tiers == explanation.tiers
    assert explanation_text(again, "", str) == explanation_text(explanation, "", str)


def test_long_texts_come_in_pieces() -> None:
    text = "# " + "x" * 100_000 + "\n"
    compiled = plan_again({"a": text, "b": ""}, [], VARIABLES)
    pieces = list(pieces_of(compiled))
    assert [file for file, _ in pieces] == ["a"] * 4 + ["b"]
    assert "".join(piece for _, piece in pieces) == text
