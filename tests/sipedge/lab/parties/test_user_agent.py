"""Two user agents joined in memory: sessions, subscriptions, route sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sipedge.lab.parties import sip
from sipedge.lab.parties.link import Link
from sipedge.lab.parties.user_agent import UserAgent, pidf, result

SDP = "v=0\r\nm=message 5060 sip null\r\n"


class Wire:
    """One direction of a link: hands what is sent to the other side and keeps it."""

    def __init__(self, receive: Callable[[sip.Message], Awaitable[None]]) -> None:
        self._receive = receive
        self.sent: list[sip.Message] = []
        self.tasks: list[asyncio.Task[None]] = []

    def send(self, message: sip.Message) -> None:
        self.sent.append(message)
        self.tasks.append(asyncio.ensure_future(self._receive(message)))  # type: ignore[arg-type]


class Side:
    """A carrier that delivers to the other side; ``proxied`` adds a Record-Route as a proxy in between would."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.agent = UserAgent(self, SDP)
        self.wire: Wire

    def join(self, other: Side) -> None:
        async def receive(message: sip.Message) -> None:
            if message.status:
                other.agent.response_received(message)
            else:
                user = sip.user_of(sip.uri_of(message.get("To")))
                await other.agent.request_received(other.wire, message, user)  # type: ignore[arg-type]

        self.wire = Wire(receive)

    def contact(self, user: str) -> str:
        return f"<sip:{user}@host.{self.domain}>"

    def identity(self, user: str) -> str:
        return f"<sip:{user}@{self.domain}>"

    def headers(self, method: str, user: str) -> list[tuple[str, str]]:
        return [("User-Agent", self.domain)]

    def answer(self, response: sip.Message) -> None:
        response.headers.append(("Server", self.domain))

    def presence(self, user: str) -> bytes:
        return pidf(f"sip:{user}@{self.domain}", "busy")

    async def deliver(self, request: sip.Message, domain: str) -> Link:
        request.headers.insert(0, ("Via", f"SIP/2.0/TLS {self.domain};branch={sip.new_branch()}"))
        if request.method == "INVITE":
            request.headers[0:0] = [("Record-Route", "<sip:p2;lr>"), ("Record-Route", "<sip:p1;lr>")]
        self.wire.send(request)
        return self.wire  # type: ignore[return-value]


def play(body: Callable[[Side, Side], Awaitable[Any]]) -> tuple[Any, Side, Side]:
    one, other = Side("one.example"), Side("two.example")
    one.join(other)
    other.join(one)

    async def scenario() -> Any:
        value = await body(one, other)
        while pending := [task for side in (one, other) for task in side.wire.tasks if not task.done()]:
            await asyncio.gather(*pending)
        return value

    return asyncio.run(scenario()), one, other


def delivered(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(event["method"], event["sender"]) for event in events if event["event"] == "delivered"]


def test_a_session_from_invite_to_bye(capsys: pytest.CaptureFixture[str]) -> None:
    async def body(one: Side, other: Side) -> list[int]:
        answer = await one.agent.invite("a", "sip:b@two.example", [])
        call_id = answer.call_id
        statuses = [answer.status]
        statuses.append((await one.agent.in_session(call_id, "MESSAGE", [], b"hi")).status)
        statuses.append((await other.agent.in_session(call_id, "INFO", [], b"x")).status)
        statuses.append((await one.agent.in_session(call_id, "BYE", [])).status)
        return statuses

    statuses, one, other = play(body)
    assert statuses == [200] * 4
    assert not one.agent.sessions and not other.agent.sessions
    a, b = "sip:a@one.example", "sip:b@two.example"
    assert delivered(capsys) == [("INVITE", a), ("ACK", a), ("MESSAGE", a), ("INFO", b), ("BYE", a)]


def test_route_sets_run_in_opposite_orders() -> None:
    async def body(one: Side, other: Side) -> None:
        call_id = (await one.agent.invite("a", "sip:b@two.example", [])).call_id
        await one.agent.in_session(call_id, "MESSAGE", [])
        await other.agent.in_session(call_id, "MESSAGE", [])

    _, one, other = play(body)
    mine = next(message for message in one.wire.sent if message.method == "MESSAGE" and not message.status)
    theirs = next(message for message in other.wire.sent if message.method == "MESSAGE" and not message.status)
    assert mine.all("Route") == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert theirs.all("Route") == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert (mine.uri, theirs.uri) == ("sip:b@host.two.example", "sip:a@host.one.example")
    assert sip.tag_of(mine.get("To")) == sip.tag_of(theirs.get("From"))


def test_a_refused_invite_is_acknowledged_with_the_same_branch() -> None:
    async def body(one: Side, other: Side) -> sip.Message:
        async def refuse(message: sip.Message) -> None:
            if message.method == "INVITE":
                one.agent.response_received(sip.response(message, 486, "Busy Here", tag="x"))

        one.wire = Wire(refuse)
        return await one.agent.invite("a", "sip:b@two.example", [])

    answer, one, _ = play(body)
    invite, ack = one.wire.sent
    assert result(answer)["ok"] is False
    assert ack.method == "ACK" and ack.get("Via") == invite.get("Via") and sip.tag_of(ack.get("To")) == "x"
    assert not one.agent.sessions


def test_a_subscription_gets_notify_at_once_and_again() -> None:
    async def body(one: Side, other: Side) -> sip.Message | None:
        call_id = (await one.agent.subscribe("a", "sip:b@two.example", [])).call_id
        return await other.agent.notify(call_id)

    answer, _, other = play(body)
    assert answer is not None and answer.status == 200
    notifies = [message for message in other.wire.sent if message.method == "NOTIFY" and not message.status]
    assert [message.cseq for message in notifies] == [(1, "NOTIFY"), (2, "NOTIFY")]
    assert b"<rpid:busy/>" in notifies[0].body and notifies[0].uri == "sip:a@host.one.example"


def test_benotify_where_it_was_negotiated_and_nobody_answers() -> None:
    async def body(one: Side, other: Side) -> sip.Message | None:
        answer = await one.agent.subscribe("a", "sip:b@two.example", [("Supported", "timer, ms-benotify")])
        return await other.agent.notify(answer.call_id)

    answer, one, other = play(body)
    assert answer is None and result(None)["ok"]
    assert [message.method for message in other.wire.sent if not message.status] == ["BENOTIFY", "BENOTIFY"]
    assert not [message for message in one.wire.sent if message.method == "BENOTIFY"]


@pytest.mark.parametrize(("method", "status"), [("BYE", 481), ("INFO", 481), ("NOTIFY", 481), ("PUBLISH", 405)])
def test_what_belongs_to_nothing(method: str, status: int) -> None:
    async def body(one: Side, other: Side) -> int:
        return (await one.agent.outside(method, "a", "sip:b@two.example", [])).status

    assert play(body)[0] == status


def test_no_answer_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sipedge.lab.parties.user_agent.TIMEOUT", 0.01)

    async def body(one: Side, other: Side) -> None:
        async def swallow(message: sip.Message) -> None:
            pass

        one.wire = Wire(swallow)
        with pytest.raises(TimeoutError):
            await one.agent.outside("OPTIONS", "a", "sip:b@two.example", [])

    play(body)
