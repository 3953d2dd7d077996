"""What the lab proves: chat and presence both ways through two edges, and the faults that Microsoft's Edge refuses.

Each step gives one line of the verdict. A step fails alone: the others still run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from . import layout
from .parties import sip
from .party import Event, Party, Recorder

ROMEO = f"sip:romeo@{layout.CISCO}"
JULIET = f"sip:juliet@{layout.MICROSOFT}"


@dataclass(frozen=True, slots=True)
class StepResult:
    """One line of the verdict."""

    name: str
    ok: bool
    detail: str = ""


class Failed(Exception):
    """A step that did not go as it must; the text says what was seen instead."""


@dataclass(slots=True)
class Lab:
    """The running parties."""

    recorder: Recorder
    dns: Party
    imp: Party
    presence: Party
    sfb: Party
    xmpp: tuple[Party, Party] | None
    """IM&P's XMPP server and a partner's; None: XMPP is left out."""
    web: layout.Layout | None
    """Where the outside edge publishes; None: that is left out."""

    async def delivered(self, since: int, party: Party, method: str, text: str = "") -> Event:
        """What a party's user got since event number ``since``."""
        try:
            return await self.recorder.wait(
                lambda event: (
                    event["event"] == "delivered"
                    and event["party"] == party.name
                    and event["method"] == method
                    and text in event["body"]
                ),
                since,
                5,
            )
        except TimeoutError:
            raise Failed(f"{method} {text!r} did not reach {party.name}") from None

    async def settled(self, since: int) -> None:
        """Every request that a party sent got its final response there."""
        try:
            await self.recorder.until(lambda: not unanswered(self.recorder.events[since:]), 5)
        except TimeoutError:
            raise Failed(f"no answer to {', '.join(unanswered(self.recorder.events[since:]))}") from None

    @property
    def now(self) -> int:
        """The number of the next event."""
        return len(self.recorder.events)


Steps = Mapping[str, Callable[[Lab], Awaitable[str]]]
"""By their titles; each gives what it saw, or raises Failed."""


def unanswered(events: list[Event]) -> list[str]:
    """Methods of requests that parties sent and got no final response to; ACK and BENOTIFY want none."""
    waiting: dict[tuple[str, str, str], str] = {}
    for event in events:
        if event["event"] != "message":
            continue
        message = sip.parse(event["text"].partition("\r\n\r\n")[0])
        key = (event["party"], message.call_id, message.get("CSeq"))
        if event["direction"] == "sent" and not message.status and message.method not in ("ACK", "BENOTIFY"):
            waiting[key] = message.method
        elif event["direction"] == "received" and message.status >= 200:
            waiting.pop(key, None)
    return list(waiting.values())


async def run(lab: Lab, steps: Steps) -> list[StepResult]:
    """All steps in turn."""
    return [await _check(lab, title, step) for title, step in steps.items()]


async def _check(lab: Lab, title: str, step: Callable[[Lab], Awaitable[str]]) -> StepResult:
    since = lab.now
    lab.recorder.add({"event": "step", "title": title, "time": time.time(), "party": "lab"})
    try:
        detail = await step(lab)
        await lab.settled(since)
        return StepResult(title, True, detail)
    except Failed as error:
        return StepResult(title, False, str(error))
    except TimeoutError:
        return StepResult(title, False, "no answer in time")


async def ask(party: Party, do: str, status: int, **fields: str | bool) -> Event:
    """A command that must end with a certain status."""
    answer = await party.ask(do, **fields)
    if answer.get("status") != status:
        seen = answer.get("status") or answer.get("error")
        raise Failed(f"{party.name}: {do} was answered {seen}, not {status}")
    return answer


async def traversal_up(lab: Lab, seconds: float = 30.0) -> None:
    """Ask again and again until a message gets through both edges. Raises TimeoutError when none does."""
    end = time.monotonic() + seconds
    while not await _through(lab):
        if time.monotonic() > end:
            raise TimeoutError(f"no message gets through both edges; the last answer: {_last_answer(lab.recorder)}")
        await asyncio.sleep(0.1)  # an edge tells nobody when its zone is up


async def _through(lab: Lab) -> bool:
    try:
        return bool((await lab.presence.ask("pager", to=JULIET, text="anybody there?")).get("status") == 200)
    except TimeoutError:
        return False


def _last_answer(recorder: Recorder) -> str:
    """Status and Warning of what the IM&P node received last: an edge says there why it went no further."""
    texts = [event["text"] for event in recorder.events if event["event"] == "message" and event["party"] == "imp"]
    if not texts:
        return "none"
    message = sip.parse(texts[-1].partition("\r\n\r\n")[0])
    return f"{message.start} {message.get('Warning')}"


async def _session(lab: Lab, caller: Party, callee: Party, user: str, to: str) -> str:
    since = lab.now
    call_id = (await ask(caller, "invite", 200, user=user, to=to))["call_id"]
    arrived = await lab.delivered(since, callee, "INVITE", "m=message")
    sessions = {caller: call_id, callee: str(arrived["call_id"])}  # an edge between two dialogs makes the second one
    await lab.delivered(since, callee, "ACK")
    for speaker, listener, text in ((caller, callee, "Good morrow! Ünd 😀"), (callee, caller, "And to you.")):
        await ask(speaker, "type", 200, call_id=sessions[speaker])
        await lab.delivered(since, listener, "INFO", "KeyboardActivity")
        await ask(speaker, "say", 200, call_id=sessions[speaker], text=text)
        await lab.delivered(since, listener, "MESSAGE", text)
    await ask(caller, "bye", 200, call_id=call_id)
    await lab.delivered(since, callee, "BYE")
    return "INVITE, ACK, two INFO, two MESSAGE, BYE"


async def session_from_sfb(lab: Lab) -> str:
    return await _session(lab, lab.sfb, lab.imp, "juliet", ROMEO)


async def session_from_imp(lab: Lab) -> str:
    return await _session(lab, lab.imp, lab.sfb, "romeo", JULIET)


async def pager_from_sfb(lab: Lab) -> str:
    since = lab.now
    await ask(lab.sfb, "pager", 200, user="juliet", to=ROMEO, text="One line for Romeo")
    await lab.delivered(since, lab.presence, "MESSAGE", "One line for Romeo")
    return "MESSAGE outside a dialog"


async def pager_from_imp(lab: Lab) -> str:
    since = lab.now
    await ask(lab.presence, "pager", 200, to=JULIET, text="One line for Juliet")
    await lab.delivered(since, lab.sfb, "MESSAGE", "One line for Juliet")
    return "MESSAGE outside a dialog"


async def presence_of_imp(lab: Lab) -> str:
    since = lab.now
    await ask(lab.sfb, "subscribe", 200, user="juliet", to=ROMEO)
    await lab.delivered(since, lab.presence, "SUBSCRIBE")
    await lab.delivered(since, lab.sfb, "NOTIFY", "open")
    since = lab.now
    await lab.presence.ask("status", note="Away")
    await lab.delivered(since, lab.sfb, "NOTIFY", "away")
    return "SUBSCRIBE with Proxy-Require: ms-benotify, NOTIFY open, NOTIFY away"


async def presence_of_sfb(lab: Lab) -> str:
    since = lab.now
    await ask(lab.presence, "subscribe", 200, to=JULIET)
    watcher = await lab.delivered(since, lab.sfb, "SUBSCRIBE")
    await lab.delivered(since, lab.presence, "NOTIFY", "away")
    await ask(lab.sfb, "notify", 200, call_id=watcher["call_id"], activity="busy")
    await lab.delivered(since, lab.presence, "NOTIFY", "busy")
    await ask(lab.sfb, "notify", 0, call_id=watcher["call_id"], activity="busy", benotify=True)
    await lab.delivered(since, lab.imp, "BENOTIFY")
    return f"SUBSCRIBE, two NOTIFY to {layout.ROUTING_NAME}, BENOTIFY"


async def partner_test(lab: Lab) -> str:
    answer = await lab.sfb.ask("options", user="juliet", to=f"sip:Options_User@{layout.CISCO}")
    status = int(answer.get("status", 0))
    if not 200 <= status < 500 or status == 408:
        raise Failed(f"OPTIONS was answered {status or answer.get('error')}")
    return f"OPTIONS answered {status}"


async def connections(lab: Lab) -> str:
    """NEGOTIATE came first on each connection and was refused; keep-alives cost none of them."""
    answers = [event["status"] for event in lab.recorder.events if event["event"] == "negotiated"]
    before = (await lab.sfb.ask("keep_alive"))["connections"]
    await ask(lab.sfb, "pager", 200, user="juliet", to=ROMEO, text="Still there?")
    after = (await lab.sfb.ask("keep_alive"))["connections"]
    if not answers or set(answers) - {405, 501} or after != before:
        raise Failed(f"NEGOTIATE answered {answers}; {before} connections, then {after}")
    return f"NEGOTIATE answered {answers[0]} on {len(answers)} connections, all open after a keep-alive"


async def _fault(lab: Lab, target: str, number: int) -> str:
    """With a wrong SRV target both directions get 504: a bare one here, diagnostics on Microsoft's side."""
    record = {"view": "external", "name": layout.FEDERATION + layout.CISCO, "kind": "SRV"}
    await lab.dns.ask("set", **record, values=[f"10 10 5061 {target}."])
    try:
        since = lab.now
        answer = await ask(lab.sfb, "invite", 504, user="juliet", to=ROMEO)
        if answer.get("diagnostics") != number:
            raise Failed(f"the SfB user got ms-diagnostics {answer.get('diagnostics')}, not {number}")
        await ask(lab.imp, "invite", 504, user="romeo", to=JULIET)
        _bare(lab.recorder, since, number)
    finally:
        await lab.dns.ask("set", **record, values=[f"10 10 5061 {layout.EDGE_NAME}."])
    return f"bare 504 to the IM&P node; ms-diagnostics {number} on the SfB client"


def _bare(recorder: Recorder, since: int, number: int) -> None:
    def refusal(event: Event) -> bool:
        return bool(
            event["event"] == "message"
            and event["party"] == "imp"
            and event["direction"] == "received"
            and event["text"].startswith("SIP/2.0 504 ")
        )

    refused = recorder.find(refusal, since)
    text = refused["text"] if refused is not None else ""
    if "Server: RTC/6.0" not in text or "ms-diagnostics" in text.lower():
        raise Failed("the 504 at the IM&P node is not the Edge's bare one")
    wanted = f"504: {number};"
    logged = recorder.find(lambda event: event["event"] == "log" and wanted in event["text"], since)
    if logged is None:
        raise Failed(f"the Edge's log does not name {number}")


async def wrong_domain(lab: Lab) -> str:
    return await _fault(lab, "sip.sub.ciscoexample.com", 1009)


async def wrong_certificate(lab: Lab) -> str:
    return await _fault(lab, "sip2.ciscoexample.com", 1010)


STEPS: Steps = {
    "IM session, SfB to IM&P": session_from_sfb,
    "IM session, IM&P to SfB": session_from_imp,
    "Pager message, SfB to IM&P": pager_from_sfb,
    "Pager message, IM&P to SfB": pager_from_imp,
    "Presence of IM&P, watched from SfB": presence_of_imp,
    "Presence of SfB, watched from IM&P": presence_of_sfb,
    "OPTIONS partner test": partner_test,
    "NEGOTIATE and keep-alives": connections,
    "SRV target outside the domain": wrong_domain,
    "Certificate without the SRV target": wrong_certificate,
}
