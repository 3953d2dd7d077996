"""An edge without sockets: framing, pjsip, the core. A stranger's bytes go in, the oracle sees what goes out.

One to a process, because pjsip has one endpoint.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from itertools import count
from random import Random
from time import monotonic

from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan
from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy import commands
from sipedge.proxy.events import ConnectionClosed, ConnectionOpened, Event, UnreadableReceived
from sipedge.proxy.incoming import Environment
from sipedge.proxy.proxy import Proxy
from sipedge.settings import Listener, Settings
from sipedge.sip.framing import Framer, FramingError
from sipedge.sip.message import Message, parse_message
from sipedge.sip.values import MessageError
from tools.live import wire
from zones.zone import NeighborZone

from .live_setting import DIALPLAN
from .oracle import fault_of

EDGE, STRANGER, CALLEE = "203.0.113.1", "192.0.2.9", "192.0.2.8"
CALLEES_CONNECTION = 1
SEPARATOR = b"\x1e"
"""Between what the stranger sends and what the callee says in its answers."""
SETTINGS = Settings(
    system_name="edge.example.com",
    domains=("near.example",),
    zones=(
        NeighborZone(name="outside", peers=(STRANGER,), transport="TCP", port=5060, monitor=False, border=True),
        NeighborZone(name="inside", peers=(CALLEE,), transport="TCP", port=5060, monitor=False),
        NeighborZone(name="wild", peers=(CALLEE,), transport="TCP", port=5061, monitor=False),
    ),
    plan=CompiledPlan(parse_dialplan(DIALPLAN, "fuzz.dialplan")),
    listeners=(Listener("tcp", EDGE, 5060, transport="TCP"),),
    secret=b"a secret for fuzz only",
)


class Core:
    """``take`` raises AssertionError for a wrong forward, and whatever the core raised."""

    def __init__(self) -> None:
        chance, numbers = Random(1), count(1)
        environment = Environment(lambda: f"{next(numbers):x}", chance.random, chance.randbytes, {})
        self._proxy = Proxy(SETTINGS, environment)
        self._events: deque[Event] = deque()
        self._to_callee: deque[bytes] = deque()
        self.forwarded = 0
        """Requests that reached the callee."""
        limits = SETTINGS.limits
        self._stack = Stack(
            emit=self._events.append,
            send=self._transmit,
            may_answer=lambda branch, connection: self._proxy.may_answer(branch, connection, monotonic()),
            max_message=limits.message,
            max_transactions=limits.transactions,
            max_transactions_per_connection=limits.transactions_per_connection,
        )
        self._connections = count(CALLEES_CONNECTION)
        self._carry_out: dict[type, Callable[..., object]] = {
            commands.Respond: lambda it: self._stack.respond(it.transaction, it.status, it.data),
            commands.Forward: lambda it: self._stack.forward(it.branch, CALLEES_CONNECTION, it.head, it.body),
            commands.Send: lambda it: self._to_callee.append(it.data),
            commands.Cancel: lambda it: self._stack.cancel(it.branch, CALLEES_CONNECTION, it.data),
            commands.Abandon: lambda it: self._stack.abandon(it.branch),
            commands.Drop: lambda it: self._stack.drop(it.transaction),
            commands.Log: _raise,
        }
        self._open(CALLEE)
        self._obey(self._proxy.tick(monotonic()))

    def take(self, data: bytes) -> None:
        """A connection of the stranger's with the bytes up to SEPARATOR, from its begin to its end.

        What follows is a start line and header lines for the answers; without it they are 200.
        """
        data, _, said = data.partition(SEPARATOR)
        connection = self._open(STRANGER)
        for frame in Framer(SETTINGS.limits).feed(data):
            if isinstance(frame, Message):
                self._stack.receive(connection, frame)
            elif isinstance(frame, FramingError) and frame.head is not None and not frame.fatal:
                self._events.append(UnreadableReceived(connection, frame.head, frame.status, frame.reason))
            self._settle(data, said)
        self._events.append(ConnectionClosed(connection))
        self._stack.forget(connection)
        self._settle(data, said)
        self._obey(self._proxy.tick(monotonic()))

    def close(self) -> None:
        """pjsip is free for another one."""
        self._stack.shutdown()

    def _open(self, peer: str) -> int:
        number = next(self._connections)
        self._stack.open(number, Ends(secure=False, local=(EDGE, 5060), remote=(peer, 5060)))
        opened = ConnectionOpened(number, "TCP", peer, 5060, EDGE, 5060, "tcp")
        self._obey(self._proxy.handle(opened, monotonic()))
        return number

    def _settle(self, data: bytes, said: bytes) -> None:
        """Until nothing more happens. Every request that reaches the callee is looked at and answered."""
        while self._events or self._to_callee:
            while self._events:
                self._obey(self._proxy.handle(self._events.popleft(), monotonic()))
            if self._to_callee:
                request = self._to_callee.popleft()
                self.forwarded += 1
                problem = fault_of(request, [data], EDGE.encode())
                assert not problem, f"a wrong forward: {problem}\n{request!r}"
                with contextlib.suppress(MessageError):  # what the callee says may be no message
                    if not request.startswith(b"ACK "):
                        self._stack.receive(CALLEES_CONNECTION, parse_message(_answer(request, said)))

    def _obey(self, orders: list[commands.Command]) -> None:
        for order in orders:
            self._carry_out.get(type(order), _ignore)(order)

    def _transmit(self, connection: int, data: bytes) -> None:
        if connection == CALLEES_CONNECTION and not wire.status_of(data):
            self._to_callee.append(data)


def _answer(request: bytes, said: bytes) -> bytes:
    start, _, lines = said.partition(b"\r\n")
    _, _, copied = wire.answer(request, b"200 OK", b"callee").partition(b"\r\n")
    return (start or b"SIP/2.0 200 OK") + b"\r\n" + (lines + b"\r\n" if lines else b"") + copied


def _raise(log: commands.Log) -> None:
    if log.error is not None:
        raise log.error


def _ignore(order: commands.Command) -> None:
    """Records, relays and closings have nothing to show."""
