"""Requests within calls of b2bua zones are decided as the edge did, from the messages of its log alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.b2bua import Conversation, b2bua, called, talking
from support.playbook import INSIDE, PEERS, START, Leg, Playbook, answers_with, arrives, forwards, responds
from support.settings import ZONES, make_settings
from support.traces import CONFIG, record, write_config, write_trace

from sipedge.proxy.commands import Command, Forward, Respond, Send
from sipedge.proxy.events import Event, RequestReceived, ResponseReceived
from sipedge.replay.decider import Decider
from sipedge.replay.running import run
from sipedge.replay.verdict import UNSEEN, Verdict
from sipedge.replay.work import Plans, Wanted
from sipedge.settings import Settings
from sipedge.sip.message import parse_message
from sipedge.traces.records.record import Direction, Endpoint, Record

SETTINGS = b2bua()
EDGE = Endpoint("203.0.113.1", 5061)


class Watched(Playbook):
    """Writes down every message, as ``[log] messages`` does."""

    def __init__(self, settings: Settings) -> None:
        self.records: list[Record] = []
        self._connections: dict[int, int] = {}
        super().__init__(settings)

    def __rshift__(self, step: Event | Callable[[Playbook], Event | None]) -> Playbook:
        event = step(self) if callable(step) else step
        if isinstance(event, RequestReceived):
            self._connections[event.transaction] = event.connection
        if isinstance(event, RequestReceived | ResponseReceived):
            self._write(Direction.RECEIVED, PEERS[event.connection], event.message.to_bytes())
        return self if event is None else super().__rshift__(event)

    def _take(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Forward):
                self._write(Direction.SENT, command.hop.address, command.head + command.body)
            elif isinstance(command, Send):
                self._write(Direction.SENT, command.hop.address, command.data)
            elif isinstance(command, Respond) and command.transaction in self._connections:
                self._write(Direction.SENT, PEERS[self._connections[command.transaction]], command.data)
        super()._take(commands)

    def _write(self, direction: Direction, address: str, data: bytes) -> None:
        ends = [Endpoint(address, 5061), EDGE]
        source, destination = ends if direction is Direction.RECEIVED else ends[::-1]
        self.records.append(
            record(
                data, source=source, destination=destination, direction=direction, exact=False, time=START + self.now
            )
        )


def verdicts(records: list[Record], settings: Settings = SETTINGS) -> list[Verdict]:
    """Of the requests that the edge got."""
    decider = Decider(settings)
    assert decider.follow_calls()
    found = [decider.decide(number, one) for number, one in enumerate(records, 1)]
    return [one for one in found if isinstance(one, Verdict) and not one.sent]


def zones_of(found: list[Verdict]) -> list[tuple[str, str]]:
    return [
        (one.method, one.decision.refused or one.decision.tiers[0].targets[0].zone)
        if one.decision.tiers or one.decision.refused
        else (one.method, one.decision.decided_by)
        for one in found
    ]


def edge_said(book: Playbook) -> list[tuple[str, str]]:
    return [
        (entry.method, entry.route or (entry.explanation.tiers[0].targets[0].zone if entry.explanation else ""))
        for entry in book.entries
    ]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("names", [("Inside",), ("Outside",), ("Inside", "Outside")])
def test_every_request_of_a_call_goes_as_at_the_edge(turned: bool, names: tuple[str, ...]) -> None:
    settings = b2bua(*names)
    book = Watched(settings)
    call = talking(book, turned=turned)
    for sender in (call.caller, call.callee):
        for method in ("INFO", "UPDATE", "INVITE", "REFER"):
            call.passes(sender, method)
            if method == "INVITE":
                book >> arrives(sender.request("ACK", number=sender.cseq), sender.connection)
                book.drain()
    call.passes(call.caller, "BYE")
    assert zones_of(verdicts(book.records, settings)) == edge_said(book)


def test_behind_its_end_a_call_is_unknown_as_at_the_edge() -> None:
    book = Watched(SETTINGS)
    call = talking(book)
    call.passes(call.callee, "BYE")
    book >> arrives(call.caller.request("INFO"), INSIDE)
    book.drain()
    last = verdicts(book.records)[-1]
    assert last.decision.refused.startswith("481 ")


def test_the_whole_replay_follows_them_too(tmp_path: Path) -> None:
    secret = bytes(range(32))
    book = Watched(replace(SETTINGS, secret=secret))
    call = talking(book)
    call.passes(call.callee, "INFO")
    config = CONFIG.replace('type = "neighbor"', 'type = "neighbor"\ntopology = "b2bua"', 1)
    config = config.replace("[edge]\n", '[edge]\nsecret_file = "secret"\n')
    (tmp_path / "secret").write_text(secret.hex())
    (tmp_path / "secret").chmod(0o600)
    path, trace = write_config(tmp_path, config=config), write_trace(tmp_path / "trace.jsonl", book.records)
    (part,) = run(Plans((path,), follows=True), Wanted(rows=True, received_only=True), [trace])
    assert [row.rpartition(" -> ")[2].split()[0] for row in part.rows] == ["Outside", "Outside", "Inside"]


def test_where_the_trace_begins_within_the_call_it_says_so() -> None:
    book = Watched(SETTINGS)
    call = talking(book)
    begun = len(book.records)
    call.passes(call.caller, "INFO")
    assert zones_of(verdicts(book.records[begun:])) == [("INFO", UNSEEN)]
    assert zones_of(verdicts(book.records[1:]))[-1] == ("INFO", UNSEEN)


def test_without_the_secret_nothing_joins_the_two_legs() -> None:
    book = Watched(SETTINGS)
    talking(book)
    other = replace(SETTINGS, secret=b"x" * 32)
    assert zones_of(verdicts(book.records, other))[-1] == ("ACK", UNSEEN)


def test_the_callee_that_answered_is_the_one() -> None:
    book = Watched(SETTINGS)
    call = called(book)
    early = call.callee.answer(call.leg.message, 180, tag="another")
    book >> answers_with(call.leg, early)
    book.drain()
    call.answered().acknowledged().passes(call.callee, "BYE")
    assert zones_of(verdicts(book.records))[-1] == ("BYE", "Inside")


def test_a_contact_that_changes_is_followed() -> None:
    book = Watched(SETTINGS)
    call: Conversation = talking(book)
    call.passes(call.callee, "UPDATE")
    leg = Leg()
    book >> arrives(call.caller.request("INFO"), INSIDE) << forwards(leg, "Outside")
    assert verdicts(book.records)[-1].decision.searched == book.entries[-1].alias


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("is_caller", [True, False])
def test_a_contact_that_changes_in_the_answer_to_a_target_refresh_is_followed(method: str, is_caller: bool) -> None:
    book = Watched(SETTINGS)
    call = talking(book)
    sender, other = (call.caller, call.callee) if is_caller else (call.callee, call.caller)
    leg, last = Leg(), Leg()
    book >> arrives(sender.request(method), sender.connection)
    if method == "INVITE":
        book << responds(100)
    book << forwards(leg, other.zone)
    other.user = "moved"
    book >> answers_with(leg, other.answer(leg.message, 200), connection=other.connection)
    book.drain()
    book >> arrives(sender.request("INFO"), sender.connection) << forwards(last, other.zone, uri=other.contact[1:-1])
    found = verdicts(book.records)[-1].decision
    assert found.searched == book.entries[-1].alias and zones_of(verdicts(book.records))[-1] == ("INFO", other.zone)


def test_who_answers_too_late_moves_nobody() -> None:
    """Its 200 to the first INVITE has the Call-ID of the callee's leg, and another tag (RFC 3261 13.2.2.4)."""
    book = Watched(SETTINGS)
    call = talking(book)
    late = call.callee.answer(call.leg.message, 200, tag="another").to_bytes().replace(b"sip:bob@phone", b"sip:x@phone")
    book >> answers_with(call.leg, parse_message(late), stray=True)
    book.drain()
    last = Leg()
    book >> arrives(call.caller.request("INFO"), INSIDE) << forwards(last, "Outside", uri=call.callee.contact[1:-1])
    assert verdicts(book.records)[-1].decision.searched == book.entries[-1].alias


def test_without_b2bua_zones_nothing_is_followed() -> None:
    assert not Decider(make_settings(zones=ZONES)).follow_calls()
