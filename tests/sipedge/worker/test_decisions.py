"""Which decisions fit what was asked for."""

from __future__ import annotations

import pytest
from support.settings import plan_of, rule
from support.tapped import OPENED

from dialplan.model import Query, Traffic
from sipedge.control.requests import History
from sipedge.decision.classification import Classification
from sipedge.proxy.history import Attempt, Entry
from sipedge.worker.decisions import fits
from zones.zone import Hop

PLAN = plan_of(rule("out", "Far", r".*@far\.example"))


def entry(status: int = 504, searched: bool = True) -> Entry:
    return Entry(
        time=1.0,
        opened=OPENED,
        zone="Near",
        revision="r",
        method="MESSAGE",
        request_uri="sip:Bob@far.example;user=phone",
        call_id="abc@near",
        lines=(b"From: <sip:a@b>", b"To: <sip:c@d>", b"CSeq: 1 MESSAGE"),
        classification=Classification(Traffic.STANDARD, ""),
        explanation=PLAN.search(Query("bob@far.example", "Near")) if searched else None,
        attempts=[Attempt(Hop("Far"))] if searched else [],
        status=status,
    )


@pytest.mark.parametrize(
    ("wish", "fit"),
    [
        (History(), True),
        (History(alias="BOB@far"), True),
        (History(alias="user=phone"), True),
        (History(alias="alice"), False),
        (History(rule="out"), True),
        (History(rule="ou"), False),
        (History(zone="near"), True),
        (History(zone="FAR"), True),
        (History(zone="fa"), False),
        (History(call_id="bc@"), True),
        (History(call_id="x"), False),
        (History(status="504"), True),
        (History(status="5xx", failed=True), True),
        (History(status="4xx"), False),
        (History(status="503"), False),
        (History(status="504", zone="moon"), False),
    ],
)
def test_all_that_is_asked_for_must_hold(wish: History, fit: bool) -> None:
    assert fits(entry(), wish) is fit


def test_what_was_not_searched_has_no_rule_and_what_is_not_over_has_not_failed() -> None:
    assert not fits(entry(searched=False), History(rule="out"))
    assert fits(entry(searched=False), History(alias="bob"))
    assert not fits(entry(status=0), History(failed=True)) and not fits(entry(status=200), History(failed=True))
