"""pjsip's transaction layer for a proxy: messages in, events out; bytes out through ``send``.

Identity outside is a number (connections, server transactions) or a branch (client transactions); pointers stay here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import Any

from sipedge.native import library
from sipedge.proxy.events import (
    ConnectionForgotten,
    Event,
    ForwardFailed,
    HopLost,
    MalformedReceived,
    RequestReceived,
    ResponseReceived,
)
from sipedge.sip.message import Message

from . import logs, proof, transport
from .callbacks import Callbacks
from .calls import ABSORBED, ALONE, MISNAMED, Calls
from .clients import Clients
from .declarations import UAC, Pointer, StackError
from .endpoint import Endpoint
from .limit import Tally
from .native_calls import NativeCalls
from .outgoing import Outgoing
from .overload import refuse
from .reception import Malformed, Reception, physical_line
from .servers import Servers
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Counts:
    """For metrics, and for tests that look for leaks."""

    connections: int
    closed: int
    """Connections that are gone, of which transactions are still open."""
    servers: int
    """Server transactions that wait for an answer, for an ACK, or absorb copies of an answered INVITE."""
    clients: int
    """Client transactions that wait for a final response."""
    transactions: int
    """All transactions that pjsip holds, finished ones included until the next poll."""
    pools: int
    """Memory pools of pjsip in use: a few for the stack, one for each connection, transaction and message."""


class Stack:
    """One in a process. All methods are to be called from the thread that made it."""

    def __init__(
        self,
        *,
        emit: Callable[[Event], None],
        send: Callable[[int, bytes], None],
        may_answer: Callable[[str, int], bool],
        max_message: int,
        max_transactions: int,
        max_transactions_per_connection: int,
        workers: int = 1,
        secret: bytes = b"",
        log_level: int = 2,
    ) -> None:
        """Sizes in bytes; at most ``max_transactions`` of each role, of all ``workers`` (``share``).

        ``secret``: 32 bytes, the key of the digests that name transactions, where others have to name them alike; b"":
        one of its own.

        ``may_answer``: whether the peer of a connection is the one that the request of a branch was sent to; asked only
        when that was another connection. ``send`` is also called for connections that are closed by then.

        Raises StackError when pjsip differs from declarations.py.
        """
        self._emit, self._send, self._may_answer = emit, send, may_answer
        self._endpoint = endpoint = Endpoint(transactions=2 * max_transactions, log_level=log_level)
        try:
            self._reception = Reception(endpoint, max_message, secret)
            outgoing = Outgoing(endpoint)
            proof.prove(endpoint, self._reception, outgoing)
        except BaseException:
            endpoint.destroy()
            raise
        self._callbacks = Callbacks(endpoint, outgoing, self._ended)
        self._calls = _calls(endpoint, self._reception, outgoing, self._callbacks)
        self._servers = Servers(self._calls, max_transactions, max_transactions_per_connection, workers)
        self._clients = Clients(self._calls, max_transactions)
        self._connections: dict[int, Transport] = {}
        self._closed: dict[int, Transport] = {}
        """Connections that are gone while transactions of theirs are not (RFC 3261 18.1.1, 18.2.2)."""
        self._idle: deque[int] = deque()
        """Those of them whose last transaction has ended; a look at all of them would cost every poll."""
        self._events: deque[Event] = deque()
        self.reclaim: Callable[[str, Message], bool] = lambda branch, message: False
        """Whether the request of a branch went on without a transaction, and has one now: this response needs it."""
        self.is_elsewhere: Callable[[int, bytes, Message], bool] | None = None
        """Whether another worker has the transaction of a request that is new here, by connection and name: it has been
        given the request then."""

    @property
    def sequences(self) -> int:
        """The address of what parts in C may call (native/sequences.h); 0: pjsip is called from Python."""
        return self._calls.table

    def share(self, servers: Tally, clients: Tally) -> None:
        """Have ``max_transactions`` be those of all workers, of each role."""
        self._servers.total.tally, self._clients.total.tally = servers, clients

    def tell_open(self) -> None:
        """Tell the other workers how many transactions there are, which they know else when the next one begins."""
        self._servers.total.left(len(self._servers))
        self._clients.total.left(len(self._clients))

    def limit(
        self, *, max_message: int, max_transactions: int, max_transactions_per_connection: int, workers: int = 1
    ) -> None:
        """Other limits from now on; transactions that are open stay."""
        self._endpoint.allow(2 * max_transactions)
        self._calls.resize(max_message)
        for connection in self._connections.values():
            self._calls.prepare(connection)
        self._servers.limit(max_transactions, max_transactions_per_connection, workers)
        self._clients.total.most = max_transactions

    def open(self, connection: int, ends: transport.Ends) -> None:
        """Register a connection. Raises StackError for a number that is in use."""
        if connection in self._connections:
            raise StackError(f"connection {connection} is open already")
        made = transport.create(self._endpoint, connection, ends, self._callbacks.operations)
        self._callbacks.name(made.pointer, connection)
        self._calls.prepare(made)
        self._connections[connection] = made

    def close(self, connection: int) -> None:
        """The connection is gone; its transactions stay until their time is over, or their answer has come.

        Emits HopLost for each request that waits for an answer, and ConnectionForgotten once nothing waits.
        """
        gone = self._connections.pop(connection, None)
        if gone is None:
            return
        self._closed[connection] = gone
        gone.idle = self._idle
        gone.settle()
        for client in self._clients.of(gone):
            if client.method != "CANCEL":
                self._events.append(HopLost(client.branch))
        self.poll()

    def forget(self, connection: int) -> None:
        """End all transactions of a connection without a word, and the connection."""
        gone = self._connections.pop(connection, None) or self._closed.pop(connection, None)
        if gone is None:
            return
        for client in self._clients.of(gone):
            self._clients.end(client)
        for number in tuple(gone.servers):
            self._servers.end(number)
        transport.release(self._endpoint, gone)
        self.poll()

    def is_used(self, connection: int) -> bool:
        """Whether a transaction on this connection waits for an answer."""
        used = self._connections.get(connection)
        return used is not None and used.is_used

    def is_owed(self, connection: int) -> bool:
        """Whether a peer waits for an answer to one of its requests."""
        used = self._connections.get(connection)
        return used is not None and used.is_owed

    def transactions_of(self, connection: int) -> int:
        """Those that wait for an answer on this connection, of either side."""
        used = self._connections.get(connection)
        if used is None:
            return 0
        return len(used.clients) + used.asked + len(used.servers) + used.short - len(used.accepted)

    def _release(self) -> None:
        """Let go of closed connections whose last transaction has ended."""
        while self._idle:
            number = self._idle.popleft()
            gone = self._closed.pop(number, None)
            if gone is not None:  # else it was forgotten
                transport.release(self._endpoint, gone)
                self._emit(ConnectionForgotten(number))

    def receive(self, connection: int, message: Message) -> None:
        """Take a framed message; emits an event unless a transaction absorbed it."""
        source = self._connections.get(connection)
        if source is None:
            return
        event: Event | None
        try:
            event = self._response(source, message) if message.status else self._request(source, message)
        except Malformed as error:
            event = MalformedReceived(connection, message, error.header, error.line, error.column)
        self.flush()
        if event is not None:
            self._emit(event)

    def _request(self, source: Transport, message: Message) -> Event | None:
        kind = self._calls.request(source, message)
        if kind == ABSORBED:
            return None
        if kind == MISNAMED:
            raise _bad_method(message)
        if (
            self.is_elsewhere is not None
            and (key := self._calls.key())
            and self.is_elsewhere(source.number, key, message)
        ):
            return None
        if kind == ALONE:
            return RequestReceived(0, source.number, message, time())
        if not self._servers.has_room(source):
            peer = source.peer.decode("ascii")
            logs.logger.warning(
                "%s from %s is refused: 503 too many transactions", message.method[:40], peer, extra={"source": peer}
            )
            self._send(source.number, refuse(message, peer))
            return None
        number = self._servers.open(source, message.method == "INVITE")
        return RequestReceived(number, source.number, message, time())

    def _response(self, source: Transport, message: Message) -> Event | None:
        method, branch = self._calls.response(source, message)
        is_cancel = method == "CANCEL"
        client = self._clients.find(branch, is_cancel)
        if client is None and self.reclaim(branch, message):
            method, branch = self._calls.response(source, message)  # another message was read meanwhile
            client = self._clients.find(branch, is_cancel)
        if client is None:
            if method == "ACK":  # pjsip would take it for a response to an INVITE
                raise _bad_method(message)
            absorbed = self._calls.distribute()
            return None if absorbed or is_cancel else ResponseReceived(branch, source.number, message, stray=True)
        if client.method != method:
            raise _bad_method(message)
        if client.connection is not source and not self._may_answer(client.branch, source.number):
            peer = source.peer.decode("ascii")
            logs.logger.warning("response to %s dropped: it came from %s", branch, peer, extra={"source": peer})
            return None
        self._clients.deliver(client, source, message)
        return None if is_cancel else ResponseReceived(client.branch, source.number, message)

    def respond(self, transaction: int, status: int, data: bytes) -> None:
        """Answer a request with exactly these bytes; nothing happens when its transaction is gone or answered."""
        connection = self._servers.respond(transaction, status, data)
        if connection is not None:
            self._send(connection.number, data)

    def drop(self, transaction: int) -> None:
        """End a server transaction without an answer (RFC 4320 4.2: no 408 to a non-INVITE)."""
        self._servers.end(transaction)

    def forward(self, branch: str, connection: int, head: bytes, body: bytes) -> bool:
        """Open a client transaction and send exactly these bytes; the head's top Via must carry ``branch``.

        False, and nothing is sent or emitted, when the connection is gone, the branch is in use or there is no room.
        Raises StackError for ACK and BENOTIFY, which have no client transaction.
        """
        target = self._connections.get(connection)
        if target is None or self._clients.open(branch, target, head) is None:
            return False
        self._send(connection, head + body)
        return True

    def cancel(self, branch: str, connection: int, data: bytes) -> None:
        """Send a CANCEL in a client transaction of its own to the hop of ``branch``; its answer is not emitted.

        It goes where ``branch`` went, and on ``connection`` where that connection is gone.
        """
        cancelled = self._clients.find(branch)
        if cancelled is None:
            return
        target = self._connections.get(cancelled.connection.number) or self._connections.get(connection)
        if target is not None and self._clients.open(branch, target, data) is not None:
            self._send(target.number, data)

    def source(self, connection: int) -> int:
        """The address of what parts in C know of a connection, until the next ``limit``."""
        return self._connections[connection].source

    def shown(self, message: Message) -> list[int]:
        """The numbers of the header lines that pjsip parses. Raises Malformed."""
        return self._reception.select(message)[0][1:]

    def room(self, connection: int) -> int:
        """How many server transactions may begin on a connection."""
        source = self._connections.get(connection)
        return 0 if source is None else self._servers.room(source)

    def count_short(self, source: int, target: int, more: int) -> None:
        """So many requests more (or less) that have no transaction here: where they came from, where they went."""
        came, went = (self._connections.get(number) or self._closed.get(number) for number in (source, target))
        if came is not None:
            self._servers.count_short(came, more)
        if went is not None:
            went.asked += more
            self._clients.short += more

    def adopt(self, source: int, message: Message, branch: str, target: int, head: bytes) -> tuple[int, bool]:
        """Give a request its transactions that was sent without; ``head``: as it was sent.

        The number of its server transaction, and whether there was room for one of the client's side.
        """
        self._calls.request(self._connections[source], message)
        number = self._servers.open(self._connections[source], message.method == "INVITE")
        return number, self._clients.open(branch, self._connections[target], head) is not None

    def connection_of(self, branch: str) -> int | None:
        """The connection that the request of a branch was sent on, 0 when it is gone; None when nobody waits."""
        client = self._clients.find(branch)
        if client is None:
            return None
        return client.connection.number if client.connection.number in self._connections else 0

    def abandon(self, branch: str) -> None:
        """End a client transaction without a word."""
        client = self._clients.find(branch)
        if client is not None:
            self._clients.end(client)

    def poll(self) -> float | None:
        """Fire all timers that are due; seconds until the next one, None when there is none."""
        delay = self._calls.poll()
        self.flush()
        self._release()
        return delay

    def set_timeout(self, milliseconds: int) -> None:
        """Timers B, F and H of transactions that begin from now on; 64*T1 = 32,000 in RFC 3261."""
        self._endpoint.lib.pjsip_tsx_set_timers(0, 0, 0, milliseconds)

    def counts(self) -> Counts:
        return Counts(
            connections=len(self._connections),
            closed=len(self._closed),
            servers=len(self._servers),
            clients=len(self._clients),
            transactions=self._endpoint.lib.pjsip_tsx_layer_get_tsx_count(),
            pools=self._endpoint.pools(),
        )

    def shutdown(self) -> None:
        """Close all connections and end pjsip; another Stack may be made afterwards."""
        for connection in (*self._connections, *self._closed):
            self.forget(connection)
        self._endpoint.destroy()

    def _ended(self, pointer: Pointer) -> None:
        """A timer of pjsip's ended a transaction."""
        if pointer.role != UAC:
            self._servers.ended(self._endpoint.address(pointer))
            return
        client = self._clients.ended(self._calls.key_of(pointer))
        if client is None or client.method == "CANCEL":
            return
        if pointer.status_code == 408:
            self._events.append(ForwardFailed(client.branch, 408, "no final response in time"))
        else:
            self._events.append(ForwardFailed(client.branch, 503, "the transport failed"))

    def flush(self) -> None:
        """Write and emit what callbacks have noted. Raises StackError when one of them failed."""
        callbacks = self._callbacks
        while callbacks.resent:
            self._send(*callbacks.resent.popleft())
        callbacks.check()
        while self._events:
            self._emit(self._events.popleft())


def _calls(*parts: Any) -> Calls:
    """The half that is at work; ``parts`` are what both are made with."""
    try:
        return NativeCalls(*parts)
    except library.Unusable as reason:
        logs.logger.info("pjsip is called from Python, which is slower than from C: %s", reason)
        return Calls(*parts)


def _bad_method(message: Message) -> Malformed:
    return Malformed("CSeq", physical_line(message, message.index["cseq"][0]), 1)
