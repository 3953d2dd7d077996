"""A Stack for each module of tests (pjsip has one endpoint in a process at a time) and the wire that it talks to.

Every test that has a wire runs twice: with the native half and without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from support.native import half

from sipedge.pjsip.native_calls import NativeCalls
from sipedge.pjsip.stack import Counts, Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.events import Event, MalformedReceived, RequestReceived, ResponseReceived
from sipedge.sip.message import Message, parse_message

__all__ = ["half"]
_numbers = count(1)


class Wire:
    """A stack with its events and the bytes that it sent; ``caller`` and ``callee`` are open connections."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.sent: list[tuple[int, bytes]] = []
        self.emit: Callable[[Event], None] = self.events.append
        """What the stack's events go to: a test may put something else in its place, ``clear`` puts it back."""
        self.may_answer: Callable[[str, int], bool] = lambda branch, connection: False
        """Another connection is not where the request went, unless a test says so; ``clear`` undoes that."""
        self.stack = Stack(
            emit=lambda event: self.emit(event),
            send=lambda connection, data: self.sent.append((connection, data)),
            may_answer=lambda branch, connection: self.may_answer(branch, connection),
            max_message=65536,
            max_transactions=30,
            max_transactions_per_connection=10,
        )
        self.caller = self.callee = 0
        self.opened: list[int] = []
        self.empty = self.stack.counts()

    def open(
        self, remote: str = "127.0.0.9", secure: bool = True, *, names: tuple[str, ...] = (), share: str = ""
    ) -> int:
        number = next(_numbers)
        local = "::1" if ":" in remote else "127.0.0.2"
        self.stack.open(
            number, Ends(secure=secure, local=(local, 5061), remote=(remote, 40000), names=names, share=share)
        )
        self.opened.append(number)
        return number

    def clear(self) -> None:
        self.events.clear()
        self.sent.clear()
        self.emit = self.events.append
        self.may_answer = lambda branch, connection: False

    def receive(self, data: bytes, connection: int | None = None) -> list[Event]:
        """What one message makes the stack emit."""
        start = len(self.events)
        self.stack.receive(self.caller if connection is None else connection, parse_message(data))
        return self.events[start:]

    def request(self, data: bytes, connection: int | None = None) -> RequestReceived:
        (event,) = self.receive(data, connection)
        assert isinstance(event, RequestReceived), event
        return event

    def response(self, data: bytes) -> ResponseReceived:
        (event,) = self.receive(data, self.callee)
        assert isinstance(event, ResponseReceived), event
        return event

    def malformed(self, data: bytes, connection: int | None = None) -> tuple[str, int, int]:
        (event,) = self.receive(data, connection)
        assert isinstance(event, MalformedReceived), event
        return event.header, event.line, event.column

    def forward(self, branch: str, message: Message) -> bool:
        return self.stack.forward(branch, self.callee, message.head, message.body)


@pytest.fixture(scope="module")
def shared_wire(half: str) -> Iterator[Wire]:
    wire = Wire()
    assert isinstance(wire.stack._calls, NativeCalls) == (half == "native")
    yield wire
    wire.stack.shutdown()


@pytest.fixture
def wire(shared_wire: Wire) -> Iterator[Wire]:
    """The wire with two fresh connections; afterwards nothing may be left of what the test made."""
    shared_wire.caller = shared_wire.open()
    shared_wire.callee = shared_wire.open("127.0.0.8")
    shared_wire.clear()
    yield shared_wire
    for number in shared_wire.opened:
        shared_wire.stack.forget(number)
    shared_wire.opened.clear()
    shared_wire.stack.set_timeout(32000)
    shared_wire.stack.poll()
    assert shared_wire.stack.counts() == shared_wire.empty == Counts(0, 0, 0, 0, 0, shared_wire.empty.pools)
