"""The soak's ledger and its verdicts: what it calls lost, wrong, twice, late. The run itself is in tests/e2e."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tools.soak.faults import FAULTS
from tools.soak.ledger import Ledger, Phase
from tools.soak.promises import PROMISES
from tools.soak.report import Row, table

BOUND = 1.0


def verdict(phase: Phase) -> list[str]:
    row = Row(phase.name)
    row.add(phase, BOUND, 70.0)
    return row.broken


def begun(fault: str) -> tuple[Ledger, Phase]:
    """At second 0; the fault is over at once, the phase at second 10."""
    ledger = Ledger()
    phase = ledger.begin(fault, 0.0)
    phase.ended = 10.0
    return ledger, phase


def answered(ledger: Ledger, pair: str = "faulty", sent: float = 1.0, after: float = 0.1) -> bytes:
    call = ledger.sent(pair, False, sent)
    ledger.delivered(call, 0.0)
    ledger.final(call, 200, True, sent + after)
    return call


def test_every_fault_has_its_promise() -> None:
    assert list(FAULTS) == list(PROMISES)


def test_a_request_that_is_answered_once_breaks_nothing() -> None:
    ledger, phase = begun("none")
    answered(ledger)
    assert verdict(phase) == []
    assert "| none | 1 | 1 | 0 |" in table([_row(phase)])


def _row(phase: Phase) -> Row:
    row = Row(phase.name)
    row.add(phase, BOUND, 70.0)
    return row


def _delivered_again(ledger: Ledger, call: bytes) -> None:
    ledger.delivered(call, 0.0)


def _answered_again(ledger: Ledger, call: bytes) -> None:
    ledger.final(call, 500, False, 3.0)


@pytest.mark.parametrize("again", [_delivered_again, _answered_again])
def test_what_comes_twice_is_a_broken_promise(again: Callable[[Ledger, bytes], None]) -> None:
    ledger, phase = begun("peer killed")
    again(ledger, answered(ledger))
    assert verdict(phase) == ["peer killed: 1 requests were delivered or answered twice"]


def test_a_200_that_no_callee_gave_is_wrong() -> None:
    ledger, phase = begun("rst")
    answered(ledger)
    ledger.final(ledger.sent("faulty", False, 2.0), 200, True, 2.1)
    other = ledger.sent("faulty", False, 2.0)
    ledger.delivered(other, 0.0)
    ledger.final(other, 200, False, 2.1)
    assert verdict(phase) == ["rst: 2 requests got a final response that is wrong (faulty 200)"]


def test_a_refusal_is_right_for_the_pair_with_the_fault_only() -> None:
    ledger, phase = begun("peer killed")
    for pair in ("faulty", "calm"):
        answered(ledger, pair, 2.0)
        ledger.final(ledger.sent(pair, False, 1.0), 503, False, 1.1)
    assert verdict(phase) == ["peer killed: 1 requests got a final response that is wrong (calm 503)"]


def test_a_refusal_that_the_fault_is_no_reason_for_is_wrong() -> None:
    ledger, phase = begun("dns dead")
    ledger.final(ledger.sent("dns", False, 1.0), 404, False, 1.1)
    answered(ledger, "dns", 2.0)
    assert verdict(phase) == ["dns dead: 1 requests got a final response that is wrong (dns 404)"]


def test_a_mute_callee_excuses_silence_to_a_message_and_not_to_an_invite() -> None:
    ledger, phase = begun("mute")
    phase.undone = 5.0
    for invite in (False, True):
        ledger.sent("faulty", invite, 1.0)
    answered(ledger, "faulty", 6.0)
    assert verdict(phase) == ["mute: 1 requests of the pair faulty were neither answered nor told why"]


def test_what_the_death_of_a_worker_cuts_is_not_lost_however_early_it_was_sent() -> None:
    ledger, phase = begun("rst")
    answered(ledger)
    early = ledger.sent("calm", False, 9.9)
    late = ledger.sent("calm", False, 9.9)
    ledger.begin("worker killed", 10.0)
    ledger.cut([early], 10.1)
    assert verdict(phase) == []
    phase.followers.clear()
    ledger.cut([late], 9.95)
    assert verdict(phase) == ["rst: 2 requests of the pair calm were neither answered nor told why"]


def test_innocent_requests_are_answered_in_time() -> None:
    ledger, phase = begun("rst")
    answered(ledger)
    answered(ledger, "calm", 1.0, after=1.5)
    assert verdict(phase) == ["rst: innocent requests waited 1.50 s (99 of 100), not at most 1.00 s"]


def test_what_a_callee_holds_back_is_not_the_edges_delay() -> None:
    ledger, phase = begun("rst")
    answered(ledger)
    call = ledger.sent("tls", False, 1.0)
    ledger.delivered(call, 1.4)
    ledger.final(call, 200, True, 2.5)
    assert verdict(phase) == []


def test_recovery_ends_with_the_first_answer_after_the_last_failure() -> None:
    ledger, phase = begun("peer killed")
    answered(ledger, "faulty", 1.0)
    ledger.final(ledger.sent("faulty", False, 6.0), 503, False, 6.1)
    answered(ledger, "faulty", 7.0, after=0.5)
    assert verdict(phase) == ["peer killed: it took 7.5 s to recover, not at most 5 s"]


def test_what_comes_for_a_phase_that_was_judged_is_a_stray() -> None:
    ledger, phase = begun("none")
    call = answered(ledger)
    ledger.forget(phase)
    ledger.cut([call], 49.0)
    assert ledger.strays == []
    ledger.final(call, 200, True, 50.0)
    assert ledger.strays == [call]
