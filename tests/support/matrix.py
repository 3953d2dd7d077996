"""Forms of From, methods and what became of a request: what the tables of who may speak have in common.

A letter for each of METHODS: ``y`` goes on, ``n`` is refused with 403 (an ACK or BENOTIFY: dropped), ``p`` is asked for
a password, ``t`` is 504 because the DNS does not answer, ``k`` is a CANCEL that ends its INVITE, ``c`` one that is
answered 481.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from sipedge.proxy.commands import Cancel, Forward, Resolve, Respond, Send
from sipedge.proxy.events import Resolved
from sipedge.proxy.events import ResponseReceived as Received
from sipedge.sip.message import Message, parse_message
from zones.dns import DnsError

from .messages import answer_to, invite, request
from .playbook import OUTSIDE, FakeResolver, Playbook, arrives

METHODS = ("INVITE", "MESSAGE", "SUBSCRIBE", "BENOTIFY", "ACK", "CANCEL", "CANCEL alone")
"""A CANCEL is not judged: it goes where its INVITE went, if that one is open. Alone, it has none."""
FORMS = {
    "own": "<sip:alice@inside.example>",
    "own, other spelling": "<sip:alice@INSIDE%2eexample.>",
    "name in the certificate": "<sip:a@sip.partner.example>",
    "domain by SRV": "<sip:a@partner.example>",
    "domain by SRV, sips": "<sips:a@Partner.Example.>",
    "listed": "<sip:a@hosted.example>",
    "below the domain": "<sip:a@x.partner.example>",
    "a third domain": "<sip:a@microsoft.example>",
    "no answer of the DNS": "<sip:a@mute.example>",
    "anonymous": '"Anonymous" <sip:anonymous@anonymous.invalid>',
    "tel": "<tel:+15551234>",
    "nonsense": "nonsense",
}
ALL, NONE, ASKED, MUTE = "yyyyykc", "nnnnncc", "pppnncc", "tttnncc"

GHOST = "<sip:ghost@identity.example>"
IDENTITIES = (
    "P-Asserted-Identity",
    "P-Preferred-Identity",
    "Remote-Party-ID",
    "Diversion",
    "ms-edge-proxy-message-trust",
)
"""Each is written with GHOST in it."""


class Dns(FakeResolver):
    """mute.example has no answer."""

    def answer(self, command: Resolve) -> Resolved:
        resolved = super().answer(command)
        error: DnsError = "timeout"
        return replace(resolved, error=error) if command.name.endswith(".mute.example") else resolved


class Outcome:
    """One request of one peer, and what the edge did with it."""

    def __init__(self, book: Playbook, method: str, uri: str, from_: str, connection: int, numbers: count[int]) -> None:
        self.book, self._connection = book, connection
        self.sent = b""
        """What left, if it did."""
        self.answer: Message | None = None
        """The edge's final one."""
        self.forward: Forward | None = None
        call_id, extra = f"matrix-{next(numbers)}", tuple(f"{name}: {GHOST}" for name in IDENTITIES)
        self._fields = {"uri": uri, "from_": f"{from_};tag=1", "call_id": call_id, "extra": extra}
        if method == "CANCEL":
            self._give("INVITE")
            self.letter = self._cancelled()
        else:
            self.letter = self._give(method.partition(" ")[0])

    def _give(self, method: str) -> str:
        make = invite(**self._fields) if method == "INVITE" else request(method, **self._fields)  # type: ignore[arg-type]
        self.book >> arrives(make, self._connection)
        letter = "n"
        for command in self.book.drain():
            if isinstance(command, Forward):
                self.forward, self.sent, letter = command, command.head, "y"
            elif isinstance(command, Send):
                self.sent, letter = command.data, "y"
            elif isinstance(command, Respond) and command.status >= 200:
                self.answer = parse_message(command.data)
                letter = {403: "n", 407: "p", 401: "p", 504: "t", 481: "c", 200: "k"}[command.status]
        return letter

    def _cancelled(self) -> str:
        """The INVITE rings, where it went on; then its CANCEL comes."""
        if self.forward is not None:
            self.returned(180)
        self._fields["extra"] = ()
        self.book >> arrives(request("CANCEL", cseq="1 CANCEL", **self._fields), self._connection)  # type: ignore[arg-type]
        commands = self.book.drain()
        statuses = [command.status for command in commands if isinstance(command, Respond)]
        ended = any(isinstance(command, Cancel) for command in commands)
        return {(200, True): "k", (481, False): "c"}[statuses[0], ended]

    def returned(self, status: int, connection: int = OUTSIDE) -> Message:
        """What the caller gets when the other side answers, with all identities and a Warning."""
        assert self.forward is not None
        extra = (*(f"{name}: {GHOST}" for name in IDENTITIES), 'Warning: 399 far.example "no"')
        sent = Message(self.forward.head, self.forward.body)
        self.book >> Received(self.forward.branch, connection, answer_to(sent, status, extra=extra))
        (response,) = (command for command in self.book.drain() if isinstance(command, Respond))
        return parse_message(response.data)


def identities(message: Message) -> tuple[str, ...]:
    """Those of IDENTITIES that are there."""
    return tuple(name for name in IDENTITIES if name.lower() in message.index)
