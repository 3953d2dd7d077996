"""A small SIP user agent: IM sessions, pager messages, subscriptions (RFC 3261 12, 13, 15; RFC 3428; RFC 6665).

What differs between Microsoft and Cisco (headers, contacts, routing) is the *carrier*'s: it dresses a request, brings
it on its way and says over which link. Timers are few, because everything runs over TLS: a request without a final
answer after ``TIMEOUT`` seconds counts as failed.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import control, sip
from .link import Link

TIMEOUT = 8.0
TYPING = b'<?xml version="1.0"?>\r\n<KeyboardActivity>\r\n  <status status="type" />\r\n</KeyboardActivity>\r\n'


class Carrier(Protocol):
    """What a party adds to the plain user agent."""

    def contact(self, user: str) -> str:
        """The Contact value of a local user."""

    def identity(self, user: str) -> str:
        """The From value of a local user, without a tag."""

    def headers(self, method: str, user: str) -> list[tuple[str, str]]:
        """What this vendor adds to a request outside or inside a dialog."""

    def answer(self, response: sip.Message) -> None:
        """Add what this vendor adds to a response (Server, Record-Route)."""

    def presence(self, user: str) -> bytes:
        """The PIDF document of a local user."""

    async def deliver(self, request: sip.Message, domain: str) -> Link:
        """Add Via and send towards the domain of the remote user; the link it went over."""


@dataclass(slots=True)
class Dialog:
    """RFC 3261 12: one side of a session or subscription."""

    user: str
    call_id: str
    local: str
    """Own From/To value with the tag."""
    remote: str
    target: str
    """Remote target: the URI of the peer's Contact."""
    routes: list[str] = field(default_factory=list)
    sequence: int = 0
    benotify: bool = False

    @property
    def domain(self) -> str:
        return sip.host_of(sip.uri_of(self.remote))


class UserAgent:
    """All local users of one party."""

    def __init__(self, carrier: Carrier, session: str) -> None:
        """``session`` is the SDP that offers and answers an IM session."""
        self._carrier = carrier
        self._session = session.encode()
        self._waiting: dict[tuple[str, int, str], asyncio.Queue[sip.Message]] = {}
        self.sessions: dict[str, Dialog] = {}
        self.watched: dict[str, Dialog] = {}
        """Subscriptions made here, by Call-ID."""
        self.watchers: dict[str, Dialog] = {}
        """Subscriptions of others to a local user, by Call-ID."""

    # What a local user does

    async def invite(self, user: str, to: str, extra: list[tuple[str, str]]) -> sip.Message:
        """Open an IM session; the final response. The dialog stands when it is a 2xx."""
        dialog = self._new(user, to)
        headers = [("Contact", self._carrier.contact(user)), *extra, ("Content-Type", "application/sdp")]
        answer, link, sent = await self._request("INVITE", dialog, headers, self._session)
        if answer.status < 300:
            self._establish(dialog, answer)
            self.sessions[dialog.call_id] = dialog
            await self._carrier.deliver(self._build("ACK", dialog, []), dialog.domain)
        else:
            link.send(_acknowledge(sent, answer))
        return answer

    async def in_session(
        self, call_id: str, method: str, headers: list[tuple[str, str]], body: bytes = b""
    ) -> sip.Message:
        """A request in an open session; BYE ends it."""
        dialog = self.sessions[call_id]
        dialog.sequence += 1
        answer, _, _ = await self._request(method, dialog, headers, body)
        if method == "BYE":
            del self.sessions[call_id]
        return answer

    async def outside(
        self, method: str, user: str, to: str, headers: list[tuple[str, str]], body: bytes = b""
    ) -> sip.Message:
        """A request outside any dialog: pager MESSAGE, OPTIONS."""
        answer, _, _ = await self._request(method, self._new(user, to), headers, body)
        return answer

    async def subscribe(self, user: str, to: str, headers: list[tuple[str, str]]) -> sip.Message:
        dialog = self._new(user, to)
        self.watched[dialog.call_id] = dialog  # the first NOTIFY may overtake the 200 (RFC 6665 4.1.2.4)
        contact = ("Contact", self._carrier.contact(user))
        answer, _, _ = await self._request("SUBSCRIBE", dialog, [contact, ("Event", "presence"), *headers])
        if answer.status < 300:
            self._establish(dialog, answer)
        else:
            del self.watched[dialog.call_id]
        return answer

    async def notify(self, call_id: str, benotify: bool = False) -> sip.Message | None:
        """Presence for one watcher; None after a BENOTIFY, which nobody answers."""
        dialog = self.watchers[call_id]
        body = self._carrier.presence(dialog.user)
        dialog.sequence += 1
        headers = [
            ("Event", "presence"),
            ("subscription-state", "active;expires=7200"),
            ("Content-Type", "application/pidf+xml"),
        ]
        if dialog.benotify or benotify:
            await self._carrier.deliver(self._build("BENOTIFY", dialog, headers, body), dialog.domain)
            return None
        answer, _, _ = await self._request("NOTIFY", dialog, headers, body)
        return answer

    # What comes in

    def response_received(self, message: sip.Message) -> None:
        queue = self._waiting.get((message.call_id, *message.cseq))
        if queue is not None:
            queue.put_nowait(message)

    async def request_received(self, link: Link, request: sip.Message, user: str) -> None:
        """Answer a request that its party let through; ``user`` is the local user it is for."""
        tag = sip.new_tag()
        match request.method:
            case "INVITE":
                link.send(self._answer(request, 180, "Ringing", tag))
                answer = self._accept(request, user, tag, self.sessions)
                answer.headers.append(("Content-Type", "application/sdp"))
                answer.body = self._session
                link.send(answer)
            case "SUBSCRIBE":
                answer = self._accept(request, user, tag, self.watchers)
                answer.headers.append(("Expires", request.get("Expires") or "3600"))
                link.send(answer)
            case "ACK" | "BENOTIFY":
                pass
            case "NOTIFY" if request.call_id not in self.watched:
                return link.send(self._answer(request, 481, "Subscription Does Not Exist", tag))
            case "INFO" | "BYE" | "UPDATE" if request.call_id not in self.sessions:
                return link.send(self._answer(request, 481, "Call Leg/Transaction Does Not Exist", tag))
            case "MESSAGE" | "INFO" | "BYE" | "NOTIFY" | "OPTIONS":
                link.send(self._answer(request, 200, "OK", tag))
            case _:
                return link.send(self._answer(request, 405, "Method Not Allowed", tag))
        if request.method == "BYE":
            del self.sessions[request.call_id]
        self._tell(request, user)
        if request.method == "SUBSCRIBE":
            await self.notify(request.call_id)  # at once: RFC 6665 4.2.1.2

    def _tell(self, request: sip.Message, user: str) -> None:
        sender = sip.uri_of(request.get("From"))
        text = request.body.decode("utf-8", "replace")
        inside = bool(sip.tag_of(request.get("To")))
        what = {"method": request.method, "sender": sender, "user": user, "body": text, "in_dialog": inside}
        control.report("delivered", call_id=request.call_id, **what)

    # Building blocks

    def _new(self, user: str, to: str) -> Dialog:
        local = f"{self._carrier.identity(user)};tag={sip.new_tag()}"
        return Dialog(user, secrets.token_hex(16), local, f"<{to}>", to, sequence=1)

    def _build(self, method: str, dialog: Dialog, headers: list[tuple[str, str]], body: bytes = b"") -> sip.Message:
        routes = [("Route", value) for value in dialog.routes]
        core = [
            ("Max-Forwards", "70"),
            ("From", dialog.local),
            ("To", dialog.remote),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.sequence} {method}"),
        ]
        own = self._carrier.headers(method, dialog.user)
        return sip.Message(f"{method} {dialog.target} SIP/2.0", [*routes, *core, *own, *headers], body)

    async def _request(
        self, method: str, dialog: Dialog, headers: list[tuple[str, str]], body: bytes = b""
    ) -> tuple[sip.Message, Link, sip.Message]:
        """Send and wait for the final response. Raises TimeoutError when none comes."""
        request = self._build(method, dialog, headers, body)
        async with asyncio.timeout(TIMEOUT), self._awaiting(request) as queue:
            link = await self._carrier.deliver(request, dialog.domain)
            return await _final(queue), link, request

    async def exchange_on(self, link: Link, request: sip.Message) -> sip.Message:
        """A request that belongs to one connection, as it is (NEGOTIATE); its final response."""
        async with asyncio.timeout(TIMEOUT), self._awaiting(request) as queue:
            link.send(request)
            return await _final(queue)

    @asynccontextmanager
    async def _awaiting(self, request: sip.Message) -> AsyncIterator[asyncio.Queue[sip.Message]]:
        """Where the responses to a request arrive; by Call-ID and CSeq, for a NEGOTIATE has no branch."""
        key = (request.call_id, *request.cseq)
        queue = self._waiting[key] = asyncio.Queue()
        try:
            yield queue
        finally:
            del self._waiting[key]

    def _establish(self, dialog: Dialog, answer: sip.Message) -> None:
        """RFC 3261 12.1.2: the route set of the caller is the Record-Route in reverse order."""
        dialog.remote = answer.get("To")
        dialog.target = sip.uri_of(answer.get("Contact")) or dialog.target
        dialog.routes = answer.all("Record-Route")[::-1]

    def _accept(self, request: sip.Message, user: str, tag: str, dialogs: dict[str, Dialog]) -> sip.Message:
        """A 200 that makes a dialog (RFC 3261 12.1.1), or refreshes the one there is."""
        answer = self._answer(request, 200, "OK", tag)
        answer.headers.append(("Contact", self._carrier.contact(user)))
        if request.call_id not in dialogs:
            supported = [token.lower() for token in request.all("Supported")]
            dialogs[request.call_id] = Dialog(
                user=user,
                call_id=request.call_id,
                local=answer.get("To"),
                remote=request.get("From"),
                target=sip.uri_of(request.get("Contact")),
                routes=request.all("Record-Route"),
                benotify="ms-benotify" in supported,
            )
        return answer

    def _answer(self, request: sip.Message, status: int, reason: str, tag: str) -> sip.Message:
        answer = sip.response(request, status, reason, tag=tag)
        if request.method in ("INVITE", "SUBSCRIBE") and status < 300:
            routes = [(name, value) for name, value in request.headers if name.lower() == "record-route"]
            answer.headers += routes
        self._carrier.answer(answer)
        return answer


async def _final(queue: asyncio.Queue[sip.Message]) -> sip.Message:
    while (answer := await queue.get()).status < 200:
        pass
    return answer


def _acknowledge(invite: sip.Message, answer: sip.Message) -> sip.Message:
    """The ACK to a failure: same branch, top Via only (RFC 3261 17.1.1.3)."""
    via = next(value for name, value in invite.headers if name.lower() == "via")
    routes = [(name, value) for name, value in invite.headers if name.lower() == "route"]
    headers = [
        ("Via", via),
        *routes,
        ("Max-Forwards", "70"),
        ("From", invite.get("From")),
        ("To", answer.get("To")),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq[0]} ACK"),
    ]
    return sip.Message(f"ACK {invite.uri} SIP/2.0", headers)


def result(answer: sip.Message | None, **fields: Any) -> dict[str, Any]:
    """What a command answers to the runner."""
    if answer is None:
        return {"ok": True, "status": 0, **fields}
    return {"ok": answer.status < 300, "status": answer.status, "call_id": answer.call_id, **fields}


def pidf(entity: str, activity: str) -> bytes:
    """RFC 3863 with one RPID activity (RFC 4480)."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"'
        f' xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="{entity}">\n'
        f' <tuple id="t1"><status><basic>open</basic></status><contact>{entity}</contact></tuple>\n'
        f' <dm:person id="p1"><rpid:activities><rpid:{activity}/></rpid:activities></dm:person>\n'
        "</presence>\n"
    ).encode()
