"""Which response context a branch, a CANCEL or a deadline belongs to; and that nothing stays too long."""

from __future__ import annotations

from dataclasses import dataclass, field

from support.messages import invite, request

from sipedge.proxy.commands import Command
from sipedge.proxy.contexts import MAX_ACCEPTED, SPARE_TIMERS, Contexts, transaction_key
from sipedge.sip.message import Message


@dataclass
class Peer:
    address: str = "192.0.2.10"


@dataclass
class Incoming:
    peer: Peer = field(default_factory=Peer)


@dataclass
class Context:
    """As much of a response context as is looked at here."""

    request: Message = field(default_factory=invite)
    incoming: Incoming = field(default_factory=Incoming)
    is_invite: bool = True
    accepted: bool = False
    answered: bool = False
    branches: set[str] = field(default_factory=set)
    calls: list[tuple[str, float]] = field(default_factory=list)
    ends: bool = False

    def release_request(self) -> None:
        pass

    def due(self, branch: str, now: float, out: list[Command]) -> None:
        self.calls.append((branch, now))
        if self.ends:
            self.branches.discard(branch)


def test_a_cancel_has_the_key_of_its_invite() -> None:
    cancel = request("CANCEL", call_id="other", uri="sip:x@y")
    assert transaction_key(cancel, "192.0.2.10") == transaction_key(invite(), "192.0.2.10")
    assert transaction_key(cancel, "192.0.2.11") != transaction_key(invite(), "192.0.2.10")
    other = request("CANCEL", via="SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bKother")
    assert transaction_key(other, "192.0.2.10") != transaction_key(invite(), "192.0.2.10")


def test_without_the_cookie_the_key_is_rfc_2543s() -> None:
    for via in ("SIP/2.0/TLS 192.0.2.10", "SIP/2.0/TLS 192.0.2.10;branch=1", "SIP/2.0/TLS 192.0.2.10;branch=z9hG4bK"):
        first = transaction_key(invite(via=via), "192.0.2.10")
        assert first == transaction_key(request("CANCEL", via=via), "192.0.2.10")
        assert first != transaction_key(request("CANCEL", via=via, call_id="call-2"), "192.0.2.10")
        assert first != transaction_key(request("CANCEL", via=via, cseq="2 CANCEL"), "192.0.2.10")


def test_branches_end_with_their_final_response() -> None:
    contexts, context = Contexts(), Context()
    contexts.opened("b1", context)  # type: ignore[arg-type]
    assert contexts.by_branch("b1") is context
    contexts.ended("b1", context, 0.0, 32.0)  # type: ignore[arg-type]
    assert contexts.by_branch("b1") is None


def test_an_accepted_invite_is_known_for_32_seconds_however_often_its_2xx_comes() -> None:
    contexts, context = Contexts(), Context(accepted=True, answered=True)
    contexts.opened("b1", context)  # type: ignore[arg-type]
    for now in (0.0, 1.0, 2.0):
        contexts.ended("b1", context, now, 32.0)  # type: ignore[arg-type]
    assert contexts.next_deadline() == 32.0
    contexts.tick(31.0, [])
    assert contexts.by_branch("b1") is context
    contexts.tick(32.0, [])
    assert contexts.by_branch("b1") is None
    assert contexts.next_deadline() is None


def test_of_very_many_accepted_invites_the_oldest_are_forgotten() -> None:
    contexts, context = Contexts(), Context(accepted=True, answered=True)
    for number in range(MAX_ACCEPTED + 5):
        contexts.opened(f"b{number}", context)  # type: ignore[arg-type]
        contexts.ended(f"b{number}", context, 0.0, 32.0, "192.0.2.1")  # type: ignore[arg-type]
    assert contexts.by_branch("b4") is None and contexts.accepted_from("b4") == ""
    assert contexts.by_branch("b5") is context and contexts.accepted_from("b5") == "192.0.2.1"
    contexts.tick(32.0, [])
    assert contexts.by_branch("b5") is None


def test_deadlines_reach_branches_that_are_still_open() -> None:
    contexts, context = Contexts(), Context(branches={"b1"})
    for branch in ("b1", "b2"):
        contexts.opened(branch, context)  # type: ignore[arg-type]
        contexts.watch(branch, 5.0)
    contexts.watch("gone", 5.0)
    contexts.tick(5.0, [])
    assert context.calls == [("b1", 5.0)]
    assert contexts.by_branch("b1") is context


def test_a_branch_that_ends_by_its_deadline_is_forgotten() -> None:
    contexts, context = Contexts(), Context(branches={"b1"}, ends=True)
    contexts.opened("b1", context)  # type: ignore[arg-type]
    contexts.watch("b1", 5.0)
    contexts.tick(6.0, [])
    assert contexts.by_branch("b1") is None


def test_timers_of_what_has_ended_are_swept_out() -> None:
    contexts, context = Contexts(), Context(branches={"open"})
    contexts.opened("open", context)  # type: ignore[arg-type]
    contexts.watch("open", 181.0)
    for number in range(5 * SPARE_TIMERS):
        contexts.opened(f"b{number}", context)  # type: ignore[arg-type]
        contexts.watch(f"b{number}", 181.0)
        contexts.ended(f"b{number}", context, 0.0, 32.0)  # type: ignore[arg-type]
        assert len(contexts._timers) <= SPARE_TIMERS + 10
    contexts.tick(181.0, [])
    assert context.calls == [("open", 181.0)]


def test_an_answered_invite_can_no_longer_be_cancelled() -> None:
    contexts, first, second = Contexts(), Context(), Context()
    key = transaction_key(first.request, "192.0.2.10")
    contexts.begun(first)  # type: ignore[arg-type]
    assert contexts.by_key(key) is first
    contexts.begun(second)  # type: ignore[arg-type]
    contexts.answered(first)  # type: ignore[arg-type]
    assert contexts.by_key(key) is second
    contexts.answered(second)  # type: ignore[arg-type]
    assert contexts.by_key(key) is None


def test_requests_without_an_answer_are_counted() -> None:
    contexts, one, two = Contexts(), Context(), Context(request=request(), is_invite=False)
    for context in (one, two):
        contexts.begun(context)  # type: ignore[arg-type]
    assert contexts.unanswered() == 2
    contexts.answered(two)  # type: ignore[arg-type]
    assert contexts.unanswered() == 1
