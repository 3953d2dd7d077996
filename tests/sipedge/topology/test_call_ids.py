"""Call-IDs across a border: everywhere the same, and back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipedge.topology.call_ids import PREFIX, CallIds, handlers
from sipedge.topology.seals import Seals

IDS = CallIds(Seals(b"a secret for tests only"), "Inside")
OTHER = CallIds(Seals(b"a secret for tests only"), "Other")
CALL_ID = "f81d4fae@10.0.0.7"
OUT = IDS.outward(CALL_ID)


@given(st.text(min_size=1, max_size=60))
def test_it_comes_home_as_it_went(call_id: str) -> None:
    assert IDS.inward(IDS.outward(call_id)) == call_id
    assert IDS.outward(IDS.inward(call_id)) == call_id
    assert IDS.outward(call_id) == IDS.outward(call_id) != call_id


def test_the_two_directions_differ() -> None:
    assert IDS.outward(CALL_ID) != IDS.inward(CALL_ID)


def test_between_two_hidden_zones_it_is_sealed_twice() -> None:
    there = OTHER.inward(OUT)
    assert IDS.inward(OTHER.outward(there)) == CALL_ID


def test_what_somebody_else_wrote_in_this_form_is_a_call_id_like_others() -> None:
    forged = PREFIX + "AAAA"
    assert IDS.outward(IDS.inward(forged)) == forged


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("call-id", CALL_ID, OUT),
        ("replaces", f"{CALL_ID};to-tag=1;from-tag=2;early-only", f"{OUT};to-tag=1;from-tag=2;early-only"),
        ("join", f"{CALL_ID} ;to-tag=1;from-tag=2", f"{OUT};to-tag=1;from-tag=2"),
        ("target-dialog", f"{CALL_ID};remote-tag=1;local-tag=2", f"{OUT};remote-tag=1;local-tag=2"),
        ("in-reply-to", f"{CALL_ID}, {CALL_ID}", f"{OUT}, {OUT}"),
        ("event", f'dialog;call-id="{CALL_ID}";from-tag="1"', f'dialog;call-id="{OUT}";from-tag="1"'),
        ("event", "presence", "presence"),
        (
            "refer-to",
            "<sip:b@x.example?Replaces=f81d4fae%4010.0.0.7%3Bto-tag%3D1%3Bfrom-tag%3D2&Require=replaces>",
            f"<sip:b@x.example?Replaces={OUT}%3Bto-tag%3D1%3Bfrom-tag%3D2&Require=replaces>",
        ),
        ("refer-to", "<sip:b@x.example;Replaces=1>", "<sip:b@x.example;Replaces=1>"),
    ],
)
def test_every_header_that_carries_one(header: str, value: str, expected: str) -> None:
    assert handlers(IDS.outward)[header](value) == expected
