"""A record survives the history to the byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.decisions import Json, record

from sipedge.decision.classification import Classification
from sipedge.history.store import Segments
from sipedge.history.wish import Batch, Position, Wish
from sipedge.proxy.history import Attempt
from sipedge.traces.formats.edge_decisions import record_of
from zones.zone import Hop

TEXT = st.text(st.characters(codec="utf-8"), max_size=30) | st.just("bob@example.com")


def _through(history: Segments, given: Json) -> Json:
    history.add([Batch((given,), Position("", 0, 0))])
    (found,) = history.find(Wish(most=1))
    kept = history.entry(found.key)
    assert kept is not None
    return kept


@settings(max_examples=40, deadline=None)
@given(alias=TEXT, call_id=TEXT, reason=TEXT, route=st.booleans(), hops=st.integers(0, 12), status=st.integers(0, 699))
def test_what_comes_out_is_what_went_in(
    tmp_path_factory: pytest.TempPathFactory, alias: str, call_id: str, reason: str, route: bool, hops: int, status: int
) -> None:
    more: Json = {"route": "Traversal", "explanation": None} if route else {"also": "x@y"}
    attempts = [Attempt(Hop("far", "TLS", "192.0.2.7", 5061, "far.example", number), 503) for number in range(hops)]
    given = record(1, alias, call_id=call_id, reason=reason, status=status, attempts=attempts, **more)
    history = Segments(tmp_path_factory.mktemp("history"))
    try:
        assert _through(history, given) == given
        assert list(_through(history, given)) == list(given), "in the same order"
    finally:
        history.close()


def test_text_that_is_no_unicode_is_kept(tmp_path: Path) -> None:
    history = Segments(tmp_path)
    odd = json.loads(json.dumps(record(1, "b\udcff@example.com\x00")))
    odd["from"] = "<sip:\udcfe>"
    kept = _through(history, odd)
    assert kept == odd and record_of(kept, "", 0) == record_of(odd, "", 0)
    assert [each.alias for each in history.find(Wish(alias="@EXAMPLE"))] != []
    history.close()


def test_a_refused_request_has_no_alias_and_is_found_by_the_word_for_it(tmp_path: Path) -> None:
    history = Segments(tmp_path)
    refused = record(1, explanation=None, alias="", status=403, reason="Forbidden", attempts=[])
    refused["evidence"] = Classification.__doc__ or ""
    assert _through(history, refused) == refused
    assert [each.rule for each in history.find(Wish(rule="(refused)"))] == ["(refused)"]
    assert history.find(Wish(rule="(no rule)")) == []
    history.close()
