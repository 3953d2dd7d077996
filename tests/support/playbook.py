"""Conversations with the proxy core: events in, expected commands out.

    (
        book
        >> arrives(invite(), INSIDE)
        << responds(100)
        << forwards(leg, zone="Outside")
        >> answers(leg, 200)
        << responds(200)
    )

Each ``>>`` gives an event to the proxy and wants everything before it to have been expected; each ``<<`` takes the next
command. Branches are random to a test, so a ``Leg`` remembers one when it is forwarded. Decisions for the history go
to ``book.entries``, branches to be taken back to ``book.withdrawn``, what is to be kept to ``book.journal``; log lines
to ``book.log``, where one of level "error" fails the test unless it is expected.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sipedge.proxy.commands import (
    Abandon,
    Cancel,
    Close,
    Command,
    Conclude,
    Connect,
    Drop,
    Forward,
    Keep,
    Log,
    Probed,
    Record,
    Relay,
    Resolve,
    Respond,
    Send,
    Withdraw,
)
from sipedge.proxy.events import (
    ConnectionClosed,
    ConnectionOpened,
    Event,
    ForwardFailed,
    Recalled,
    RequestReceived,
    Resolved,
)
from sipedge.proxy.events import ResponseReceived as Received
from sipedge.proxy.history import Entry
from sipedge.proxy.incoming import Environment
from sipedge.proxy.proxy import Proxy
from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_message
from zones.dns import AddressRecord, SrvRecord
from zones.table import Egress
from zones.zone import Hop

from .messages import answer_to
from .settings import INSIDE_PEER, OUTSIDE_PEER

INSIDE, OUTSIDE, STRANGER = 1, 2, 3
"""Connections that every playbook has: from the peers of the two zones in support.settings, and from nobody's."""
PEERS = {INSIDE: INSIDE_PEER, OUTSIDE: OUTSIDE_PEER, STRANGER: "198.51.100.99"}

FROM_STRANGER = f"<sip:mallory@{PEERS[STRANGER]}>;tag=alice-tag"
"""The stranger's certificate vouches for it."""

START = 1_700_000_000.0
"""Seconds since 1970 when the clock of a playbook stood at 0."""

Step = Callable[["Playbook"], Event | None]


class Leg:
    """A client transaction of the edge, once it was forwarded."""

    branch: str
    hop: Hop
    message: Message

    def token(self, number: int = 0) -> str:
        """The user part of a Record-Route that the edge wrote, from the top."""
        return self.message.items("record-route")[number].partition("@")[0].rpartition(":")[2]


class Call:
    """A server transaction of the edge, once its request arrived."""

    transaction: int
    message: Message


class Captured:
    """What a command carried, for tests that look into it."""

    message: Message
    command: Any


@dataclass
class FakeResolver:
    """Answers Resolve commands from a table: (name, kind) -> records; what is not there does not exist."""

    records: Mapping[tuple[str, str], Sequence[object]]
    ttl: float = 60.0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, command: Resolve) -> Resolved:
        self.asked.append((command.name, command.kind))
        found = tuple(self.records.get((command.name, command.kind), ()))
        return Resolved(command.query, found, "" if found else "nxdomain", self.ttl if found else 0.0)


def federation(domain: str, address: str) -> dict[tuple[str, str], Sequence[object]]:
    """The records of a domain that federates with Microsoft's servers."""
    target = f"sip.{domain}"
    return {
        (f"_sipfederationtls._tcp.{domain}", "SRV"): (SrvRecord(0, 0, 5061, target),),
        (target, "A"): (AddressRecord(address),),
    }


class Playbook:
    """One proxy, its clock and what it said that nobody has expected yet."""

    def __init__(self, settings: Settings, *, resolver: FakeResolver | None = None, now: float = 1000.0) -> None:
        numbers = count(1)
        self.revocation: dict[tuple[int, str], Egress] = {}
        """(connection, zone) -> what the revocation lists say."""
        environment = Environment(
            lambda: f"id{next(numbers):x}",
            lambda: 0.5,
            lambda size: bytes(size),
            {},
            lambda connection, zone: self.revocation.get((connection, zone), Egress()),
            self._offend,
        )
        self.offences: list[tuple[str, str]] = []
        """(address, reason) that the core has told of."""
        self.banned = False
        """Whether an offence gets its address banned."""
        self.now = now
        self.entries: list[Entry] = []
        self.concluded: list[Entry] = []
        self.journal: dict[str, bytes | None] = {}
        self.log: list[Log] = []
        self.withdrawn: list[str] = []
        self.resolver = resolver
        self.last = Call()
        self._transactions = count(1)
        self._commands: deque[Command] = deque()
        self.proxy = Proxy(settings, environment)
        for number, address in PEERS.items():
            self >> opens(number, address)
        self._take(self.proxy.tick(now))

    def _offend(self, address: str, reason: str) -> bool:
        self.offences.append((address, reason))
        return self.banned

    def __rshift__(self, step: Event | Step) -> Playbook:
        self.settle()
        event = step(self) if callable(step) else step
        if event is not None:
            self._take(self.proxy.handle(event, self.now))
        return self

    def __lshift__(self, expected: Expected) -> Playbook:
        assert self._commands, f"nothing more was said, but {expected} is expected"
        expected.check(self._commands.popleft(), self)
        return self

    def settle(self) -> None:
        """All that was said must have been expected."""
        assert not self._commands, f"not expected: {[*map(_show, self._commands)]}"

    def restarted(self, settings: Settings) -> Playbook:
        """Another edge that reads this one's journal."""
        book = Playbook(settings, now=self.now + 1000)
        kept = {key: data for key, data in self.journal.items() if data is not None}
        return book >> Recalled(kept)

    def drain(self) -> list[Command]:
        """What was said and nobody expected, for tests that do not care."""
        commands = [*self._commands]
        self._commands.clear()
        return commands

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self._take(self.proxy.tick(self.now))

    def next_transaction(self) -> int:
        return next(self._transactions)

    def _take(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Conclude):
                self.concluded.append(command.entry)
            elif isinstance(command, Keep):
                self.journal |= {command.key: command.data}
            elif isinstance(command, Record):
                self.entries.append(command.entry)
            elif isinstance(command, Withdraw):
                self.withdrawn.append(command.branch)
            elif isinstance(command, Log):
                self.log.append(command)
                assert command.level != "error" or self.forgives, command.text
            elif isinstance(command, Resolve) and self.resolver is not None:
                self._take(self.proxy.handle(self.resolver.answer(command), self.now))
            else:
                self._commands.append(command)

    forgives = False
    """True: errors in the log are what the test is about."""


# --------------------------------------------------------------------------------------------------------- events (>>)


def opens(number: int, address: str = "198.51.100.99", **fields: Any) -> ConnectionOpened:
    """A peer with a certificate for its own address connects; ``fields`` as in the event."""
    defaults = {"listener": "sip", "names": (address,), "has_certificate": True, "tls_version": "1.3"}
    return ConnectionOpened(number, "TLS", address, 40000 + number, "203.0.113.1", 5061, **{**defaults, **fields})


def closes_connection(number: int) -> ConnectionClosed:
    return ConnectionClosed(number, "closed by the peer")


def arrives(message: Message, connection: int = INSIDE, call: Call | None = None) -> Step:
    """A request, in a server transaction of its own unless it is an ACK or BENOTIFY."""

    def step(book: Playbook) -> Event:
        book.last = call or Call()
        none = message.method in ("ACK", "BENOTIFY")
        book.last.transaction, book.last.message = 0 if none else book.next_transaction(), message
        return RequestReceived(book.last.transaction, connection, message, START + book.now)

    return step


def answers(leg: Leg, status: int, *, connection: int = OUTSIDE, stray: bool = False, **fields: Any) -> Event:
    """A response to what the edge sent on a leg, as a well-behaved user agent makes it."""
    return Received(leg.branch, connection, answer_to(leg.message, status, **fields), stray)


def answers_with(leg: Leg, message: Message, *, connection: int = OUTSIDE, stray: bool = False) -> Event:
    return Received(leg.branch, connection, message, stray)


def fails(leg: Leg, status: int = 503) -> Event:
    """A client transaction ends without a final response."""
    return ForwardFailed(leg.branch, status, {408: "Request Timeout", 503: "the connection was closed"}[status])


def waits(seconds: float) -> Step:
    def step(book: Playbook) -> None:
        book.pass_time(seconds)

    return step


# ------------------------------------------------------------------------------------------------------- commands (<<)


@dataclass
class Expected:
    """One command: its class, what it must hold, and what is to be remembered of it."""

    kind: type[Any]
    conditions: dict[str, Any]
    remember: Callable[[Any, Playbook], None] = lambda command, book: None

    def check(self, command: Command, book: Playbook) -> None:
        assert isinstance(command, self.kind), f"{self} is expected, not {_show(command)}"
        facts = _facts(command, book)
        seen = {name: facts[name] for name in self.conditions}
        assert seen == self.conditions, f"{self.kind.__name__}: {_show(command)}"
        self.remember(command, book)

    def __str__(self) -> str:
        return f"{self.kind.__name__} {self.conditions}"


def forwards(leg: Leg | None = None, zone: str = "", **conditions: Any) -> Expected:
    """A request goes out. Conditions: uri, method, address, connection, and any of the message's header names."""

    def remember(command: Forward, book: Playbook) -> None:
        if leg is not None:
            leg.branch, leg.hop, leg.message = command.branch, command.hop, Message(command.head, command.body)

    return Expected(Forward, {**({"zone": zone} if zone else {}), **conditions}, remember)


def responds(status: int, to: Call | None = None, told: Captured | None = None, **conditions: Any) -> Expected:
    """A response goes back: to the request that arrived last, unless ``to`` names another."""

    def remember(command: Respond, book: Playbook) -> None:
        wanted = (to or book.last).transaction
        assert command.transaction == wanted, f"answered transaction {command.transaction}, not {wanted}"
        message = parse_message(command.data)
        assert message.status == status
        if told is not None:
            told.message, told.command = message, command

    return Expected(Respond, {"status": status, **conditions}, remember)


def cancels(leg: Leg, connection: int = 0) -> Expected:
    """``connection``: which one its hop names, where that is another than the request's."""

    def remember(command: Cancel, book: Playbook) -> None:
        assert (command.branch, command.hop.connection) == (leg.branch, connection or leg.hop.connection)
        cancel = parse_message(command.data)
        assert (cancel.method, cancel.via, cancel.cseq[0]) == ("CANCEL", leg.message.via, leg.message.cseq[0])

    return Expected(Cancel, {}, remember)


def abandons(leg: Leg) -> Expected:
    def remember(command: Abandon, book: Playbook) -> None:
        assert command.branch == leg.branch

    return Expected(Abandon, {}, remember)


def _remembering(command_class: type[Any], told: Captured | None, **conditions: Any) -> Expected:
    def remember(command: Any, book: Playbook) -> None:
        if told is not None:
            told.command = command
            told.message = parse_message(command.data) if hasattr(command, "data") else None  # type: ignore[assignment]

    return Expected(command_class, conditions, remember)


def sends(zone: str, told: Captured | None = None, **conditions: Any) -> Expected:
    """Bytes go out without a transaction: an ACK, a BENOTIFY."""
    return _remembering(Send, told, zone=zone, **conditions)


def relays(connection: int, told: Captured | None = None, **conditions: Any) -> Expected:
    return _remembering(Relay, told, connection=connection, **conditions)


def resolves(name: str, kind: str, told: Captured | None = None) -> Expected:
    return _remembering(Resolve, told, name=name, kind=kind)


def connects(zone: str, told: Captured | None = None) -> Expected:
    return _remembering(Connect, told, zone=zone)


def closes(connection: int) -> Expected:
    return _remembering(Close, None, connection=connection)


def probed(number: int, status: int, **conditions: Any) -> Expected:
    return _remembering(Probed, None, number=number, **{"status": status, **conditions})


def drops() -> Expected:
    """The last request gets no answer at all."""

    def remember(command: Drop, book: Playbook) -> None:
        assert command.transaction == book.last.transaction

    return Expected(Drop, {}, remember)


class _Facts(dict[str, Any]):
    """What can be asked of a command; a name that is none of its fields is a header of its message."""

    def __init__(self, command: Command, message: Message | None) -> None:
        super().__init__({name: getattr(command, name) for name in type(command).__slots__})
        hop = getattr(command, "hop", None)
        if hop is not None:
            self.update({name: getattr(hop, name) for name in ("zone", "address", "port", "transport")})
            self["peer"] = hop.name
            self["hop_connection"] = hop.connection
        self._message = message
        if message is not None:
            self.update(uri=message.uri, method=message.method, status=message.status, body=message.body)

    def __missing__(self, name: str) -> Any:
        assert self._message is not None, name
        return self._message.first(name.replace("_", "-"))


def _facts(command: Command, book: Playbook) -> _Facts:
    data = command.head + command.body if isinstance(command, Forward) else getattr(command, "data", None)
    return _Facts(command, parse_message(data) if data is not None else None)


def _show(command: Command) -> str:
    if isinstance(command, Forward):
        return f"Forward to {command.hop}:\n{command.head.decode('utf-8', 'replace')}"
    data = getattr(command, "data", None)
    return f"{type(command).__name__}: {data.decode('utf-8', 'replace')}" if data is not None else repr(command)


def ups_and_downs(book: Playbook) -> list[tuple[str, str]]:
    """The lines of the log about what is down and up."""
    return [(log.level, log.text) for log in book.log if " is down" in log.text or " is up" in log.text]


Play = Callable[..., Playbook]
"""The fixture: ``play()``, ``play(settings)`` or ``play(settings, resolver)``; see tests/sipedge/conftest.py."""
