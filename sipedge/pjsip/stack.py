"""pjsip's transaction layer for a proxy: messages in, events out; bytes out through ``send``.

Identity outside is a number (connections, server transactions) or a branch (client transactions); pointers stay here.
Callbacks from C only note what happened. Events are emitted and resent bytes written after the C call has returned, so
neither an exception in the core nor a call back into the stack ever runs on top of pjsip.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..events import Event, ForwardFailed, MalformedReceived, RequestReceived, ResponseReceived
from ..message import Message, MessageError
from . import logs, proof, transport
from .acknowledgement import acknowledge
from .declarations import ACK, CANCEL, COMPLETED, REQUEST, SUCCESS, TERMINATED, UAC, Pointer, StackError
from .endpoint import Endpoint
from .outgoing import MAX_BRANCH, MAX_METHOD, Outgoing
from .overload import refuse
from .reception import Malformed, Reception, physical_line
from .transport import Transport

_CANCEL = "CANCEL "
"""In front of a branch: the client transaction of its CANCEL."""
_REASONS = {408: "Request Timeout", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class Counts:
    """What is alive: for metrics and for tests that look for leaks."""

    connections: int
    servers: int
    """Server transactions that wait for an answer, for an ACK, or absorb copies of an answered INVITE."""
    clients: int
    transactions: int
    """All transactions that pjsip holds, finished ones included until the next poll."""
    pools: int
    """Memory pools of pjsip in use; a stack without connections has a small fixed number of them."""


class _Server:
    __slots__ = ("pointer", "connection", "is_invite", "answered")

    def __init__(self, pointer: Pointer, connection: Transport, is_invite: bool) -> None:
        self.pointer, self.connection, self.is_invite, self.answered = pointer, connection, is_invite, False


class _Client:
    __slots__ = ("pointer", "connection", "invite")

    def __init__(self, pointer: Pointer, connection: Transport, invite: bytes) -> None:
        self.pointer, self.connection, self.invite = pointer, connection, invite
        """``invite``: the head that was sent, of an INVITE; empty for other methods."""


class Stack:
    """One in a process. All methods are to be called from the thread that made it."""

    def __init__(
        self,
        *,
        emit: Callable[[Event], None],
        send: Callable[[int, bytes], None],
        host: str,
        max_message: int,
        max_transactions: int,
        max_transactions_per_connection: int,
        log_level: int = 2,
    ) -> None:
        """``host`` is this edge's name; sizes in bytes. Raises StackError when pjsip is not what is declared here."""
        self._emit, self._send, self._host = emit, send, host
        self._max_total, self._max_each = max_transactions, max_transactions_per_connection
        self._endpoint = Endpoint(transactions=2 * max_transactions, log_level=log_level)
        try:
            self._prepare(max_message)
        except BaseException:
            self._endpoint.destroy()
            raise

    def _prepare(self, max_message: int) -> None:
        endpoint = self._endpoint
        self._ffi, self._lib = endpoint.ffi, endpoint.lib
        self._reception = Reception(endpoint, max_message)
        self._outgoing = Outgoing(endpoint)
        self._received: Pointer = self._reception.data
        self._connections: dict[int, Transport] = {}
        self._numbers: dict[int, int] = {}
        """Connection numbers by address of the pjsip_transport."""
        self._servers: dict[int, _Server] = {}
        self._clients: dict[str, _Client] = {}
        self._invites: dict[int, int] = {}
        """Numbers of INVITE server transactions by address of the pjsip_transaction."""
        self._last_number = 0
        self._events: deque[Event] = deque()
        self._resent: deque[tuple[int, bytes]] = deque()
        self._failures: deque[BaseException] = deque()
        self._sending = False
        """Inside respond, forward or cancel: the caller writes the bytes, the callback need not."""
        self._ack = b""
        self._handled = self._ffi.new("int *")
        self._transaction = self._ffi.new("pjsip_transaction **")
        self._callbacks = self._make_callbacks()
        proof.prove(endpoint, self._reception, self._outgoing)

    def _make_callbacks(self) -> tuple[Any, ...]:
        """Callbacks and the two "modules" that pjsip tells of transactions: one listens, the other does not."""
        ffi = self._ffi
        send = ffi.callback(
            "int(pjsip_transport *, pjsip_tx_data *, const void *, int, void *, void *)",
            self._on_send,
            onerror=self._on_error,
        )
        nothing = ffi.callback("int(pjsip_transport *)", lambda _: SUCCESS)
        destroy = ffi.callback("int(pjsip_transport *)", self._on_destroy, onerror=self._on_error)
        state = ffi.callback("void(pjsip_transaction *, void *)", self._on_state, onerror=self._on_error)
        self._operations = (send, nothing, destroy)
        name = ffi.new("char[]", b"sipedge")
        self._quiet = ffi.new("pjsip_module *", {"id": -1, "name": (name, 7)})
        self._listener = ffi.new("pjsip_module *", {"id": -1, "name": (name, 7), "on_tsx_state": state})
        return (send, nothing, destroy, state, name)

    # ------------------------------------------------------------------------------------------------ connections

    def open(self, connection: int, *, secure: bool, local: tuple[str, int], remote: tuple[str, int]) -> None:
        """Register a connection; addresses are numeric. Raises StackError for a number that is in use."""
        if connection in self._connections:
            raise StackError(f"connection {connection} is open already")
        made = transport.create(self._endpoint, connection, secure, local, remote, self._operations)
        self._reception.prepare(made)
        self._connections[connection] = made
        self._numbers[self._address(made.pointer)] = connection

    def close(self, connection: int) -> None:
        """Forget a connection and all its transactions; each request sent on it fails with 503."""
        gone = self._connections.pop(connection, None)
        if gone is None:
            return
        for key in tuple(gone.clients):
            self._end_client(key)
            if not key.startswith(_CANCEL):
                self._events.append(ForwardFailed(key, 503, "the connection was closed"))
        for number in tuple(gone.servers):
            self._end_server(number)
        transport.release(self._endpoint, gone)
        self._endpoint.fire_timers()
        self._flush()

    # -------------------------------------------------------------------------------------------------- receiving

    def receive(self, connection: int, message: Message) -> None:
        """Take a framed message; emits what it is, or nothing when a transaction absorbed it."""
        source = self._connections.get(connection)
        if source is None:
            return
        try:
            parsed = self._reception.parse(source, message)
            if parsed.type == REQUEST:
                event = self._request(source, message, parsed)
            else:
                event = self._response(source, message)
        except Malformed as error:
            event = MalformedReceived(connection, message, error.header, error.line, error.column)
        if self._resent or self._failures or self._events:
            self._flush()
        if event is not None:
            self._emit(event)

    def _request(self, source: Transport, message: Message, parsed: Pointer) -> Event | None:
        method = message.method
        if self._reception.method() != method:
            raise Malformed("CSeq", physical_line(message, message.index["cseq"][0]), 1)
        if method == "BENOTIFY":  # never answered: a transaction would wait for ever
            return RequestReceived(0, source.number, message)
        self._reception.identify(source)
        if self._distribute():
            return None
        if parsed.line.req.method.id == ACK:
            return RequestReceived(0, source.number, message)
        if not self._has_room(source):
            self._resent.append((source.number, refuse(message, source.peer.decode("ascii"))))
            return None
        return RequestReceived(self._serve(source, method == "INVITE"), source.number, message)

    def _distribute(self) -> bool:
        """Hand the receive buffer to pjsip; True when a transaction took it."""
        handled = self._handled
        self._lib.pjsip_endpt_process_rx_data(self._endpoint.pointer, self._received, self._ffi.NULL, handled)
        return bool(handled[0])

    def _has_room(self, source: Transport) -> bool:
        """Whether one more server transaction fits; an answered INVITE that only absorbs copies gives way."""
        if len(source.servers) < self._max_each and len(self._servers) < self._max_total:
            return True
        for number, accepted in source.servers.items():
            if accepted:
                self._end_server(number)
                return True
        return False

    def _serve(self, source: Transport, is_invite: bool) -> int:
        """Open a server transaction for what is in the receive buffer; its number."""
        user = self._listener if is_invite else self._quiet
        result, received, lib = self._transaction, self._received, self._lib
        if lib.pjsip_tsx_create_uas(user, received, result):
            # The same request came before and its transaction has ended, but not yet left the table.
            self._endpoint.fire_timers()
            self._endpoint.check("pjsip_tsx_create_uas", lib.pjsip_tsx_create_uas(user, received, result))
        pointer = result[0]
        lib.pjsip_tsx_recv_msg(pointer, received)
        self._last_number = number = self._last_number + 1
        self._servers[number] = _Server(pointer, source, is_invite)
        source.servers[number] = False
        if is_invite:
            self._invites[self._address(pointer)] = number
        return number

    def _response(self, source: Transport, message: Message) -> Event | None:
        method = self._reception.method()
        branch = self._reception.branch()
        if method == "ACK":  # pjsip would take it for a response to the INVITE
            raise Malformed("CSeq", physical_line(message, message.index["cseq"][0]), 1)
        key = _CANCEL + branch if method == "CANCEL" else branch
        client = self._clients.get(key)
        if client is not None and client.connection.peer != source.peer:
            logs.logger.warning("response to %s dropped: it came from %s", branch, source.peer.decode("ascii"))
            return None
        if client is not None:
            absorbed = not self._deliver(key, client, message)
            stray = False
        else:
            stray = not (absorbed := self._distribute())
        if absorbed or method == "CANCEL":
            return None
        return ResponseReceived(branch, source.number, message, stray=stray)

    def _deliver(self, key: str, client: _Client, message: Message) -> bool:
        """Give a response to its client transaction; True when the transaction passes it on."""
        pointer, status = client.pointer, message.status
        awaited = pointer.state < COMPLETED
        if status >= 300 and client.invite:
            self._ack = acknowledge(client.invite, message)
        if status >= 200:
            pointer.tsx_user = self._quiet  # nothing that it says from now on is news
        handled = self._distribute()
        self._ack = b""
        if status >= 200 and handled:
            self._forget_client(key)
        return awaited and handled

    # ---------------------------------------------------------------------------------------------------- sending

    def respond(self, transaction: int, status: int, data: bytes) -> None:
        """Answer a request with exactly these bytes; nothing happens when its transaction is gone or answered."""
        server = self._servers.get(transaction)
        if server is None or server.answered:
            return
        if not self._transmit(server.pointer, self._outgoing.response(status, data)):
            return
        if status >= 200:
            self._answered(transaction, server, status)
        self._send(server.connection.number, data)

    def _answered(self, number: int, server: _Server, status: int) -> None:
        server.answered = True
        if not server.is_invite:
            self._forget_server(number)  # it ends with the next poll, and answers copies of the request until then
        elif status < 300:
            # RFC 6026 7.1, "Accepted": copies of the INVITE are absorbed for 64*T1 while every ACK goes to the core.
            server.pointer.status_code = 200
            server.connection.servers[number] = True

    def forward(self, branch: str, connection: int, head: bytes, body: bytes) -> bool:
        """Open a client transaction and send exactly these bytes.

        False, and nothing is sent, when the connection is gone, the branch is in use or there is no room. The head's
        top Via must carry ``branch``. Raises StackError for ACK and BENOTIFY, which have no client transaction.
        """
        target = self._connections.get(connection)
        if target is None or branch in self._clients or len(self._clients) >= self._max_total:
            return False
        method = head[: head.index(b" ")]
        if method in (b"ACK", b"BENOTIFY"):
            raise StackError(f"{method.decode()} is sent without a transaction")
        pointer = self._start(method, branch, target)
        if pointer is None:
            return False
        self._keep_client(branch, _Client(pointer, target, head if method == b"INVITE" else b""))
        self._send(connection, head + body if body else head)
        return True

    def cancel(self, branch: str, data: bytes) -> None:
        """Send a CANCEL in a client transaction of its own, where ``branch`` went; the answer to it is not emitted."""
        cancelled = self._clients.get(branch)
        key = _CANCEL + branch
        if cancelled is None or key in self._clients:
            return
        pointer = self._start(b"CANCEL", branch, cancelled.connection)
        if pointer is not None:
            self._keep_client(key, _Client(pointer, cancelled.connection, b""))
            self._send(cancelled.connection.number, data)

    def abandon(self, branch: str) -> None:
        """End a client transaction without a word."""
        if branch in self._clients:
            self._end_client(branch)

    def _start(self, method: bytes, branch: str, target: Transport) -> Pointer | None:
        """A client transaction that has sent its request; None when pjsip holds one of that name still."""
        named = branch.encode("latin-1")
        if not 0 < len(named) <= MAX_BRANCH or len(method) > MAX_METHOD:
            return None
        message = self._outgoing.request(method, named)
        lib, result = self._lib, self._transaction
        if lib.pjsip_tsx_create_uac(self._quiet, message, result):
            lib.pjsip_tx_data_dec_ref(message)
            return None
        pointer = result[0]
        # With its transport set, a transaction sends at once: pjsip resolves nothing and looks for no connection.
        lib.pjsip_transport_add_ref(target.pointer)
        pointer.transport = target.pointer
        pointer.is_reliable = 1
        pointer.addr = target.address
        pointer.addr_len = target.address_length
        if not self._transmit(pointer, message):
            lib.pjsip_tsx_terminate(pointer, 503)
            return None
        pointer.tsx_user = self._listener
        return pointer

    def _transmit(self, pointer: Pointer, message: Pointer) -> bool:
        self._sending = True
        try:
            status = self._lib.pjsip_tsx_send_msg(pointer, message)
        finally:
            self._sending = False
        if status:
            self._lib.pjsip_tx_data_dec_ref(message)
        return not status

    # ---------------------------------------------------------------------------------------------- time and end

    def poll(self) -> float | None:
        """Fire all timers that are due; seconds until the next one, None when there is none."""
        delay = self._endpoint.fire_timers()
        if self._resent or self._failures or self._events:
            self._flush()
        return delay

    def set_timeout(self, milliseconds: int) -> None:
        """Timers B and F (and H) of transactions that begin from now on; 64*T1 = 32,000 in RFC 3261."""
        self._lib.pjsip_tsx_set_timers(0, 0, 0, milliseconds)

    def counts(self) -> Counts:
        return Counts(
            connections=len(self._connections),
            servers=len(self._servers),
            clients=len(self._clients),
            transactions=self._lib.pjsip_tsx_layer_get_tsx_count(),
            pools=self._endpoint.pools(),
        )

    def shutdown(self) -> None:
        """Close all connections and end pjsip; another Stack may be made afterwards."""
        for connection in tuple(self._connections):
            self.close(connection)
        self._endpoint.destroy()

    # ------------------------------------------------------------------------------------- callbacks from pjsip

    def _on_send(self, pointer: Pointer, message: Pointer, *_: Any) -> int:
        """A transport's send_msg. It never fails: a send that fails inside a transaction is a defect of 2.15.1."""
        if self._sending:
            return SUCCESS
        if self._ack and message.msg.type == REQUEST:
            self._outgoing.fill(message, self._ack)
        self._resent.append((self._numbers[self._address(pointer)], self._outgoing.content(message)))
        return SUCCESS

    def _on_state(self, pointer: Pointer, _: Pointer) -> None:
        """A transaction that nobody silenced changed: only its end by a timer counts."""
        if pointer.state != TERMINATED:
            return
        if pointer.role != UAC:
            number = self._invites.get(self._address(pointer))
            if number is not None:
                self._forget_server(number)
            return
        key = self._ffi.unpack(pointer.branch.ptr, pointer.branch.slen).decode("latin-1")
        if pointer.method.id == CANCEL:
            self._forget_client(_CANCEL + key)
        elif key in self._clients:
            self._forget_client(key)
            status = 408 if pointer.status_code == 408 else 503
            self._events.append(ForwardFailed(key, status, _REASONS[status]))
        pointer.tsx_user = self._quiet

    def _on_destroy(self, pointer: Pointer) -> int:
        self._numbers.pop(self._address(pointer), None)
        transport.free(self._endpoint, pointer)
        return SUCCESS

    def _on_error(self, _: Any, error: BaseException, __: Any) -> None:
        self._failures.append(error)

    # ------------------------------------------------------------------------------------------------ book-keeping

    def _flush(self) -> None:
        """Write and emit what callbacks have noted. Raises what one of them raised."""
        while self._resent:
            self._send(*self._resent.popleft())
        if self._failures:
            raise StackError("a callback from pjsip failed") from self._failures.popleft()
        while self._events:
            self._emit(self._events.popleft())

    def _address(self, pointer: Pointer) -> int:
        return int(self._ffi.cast("uintptr_t", pointer))

    def _keep_client(self, key: str, client: _Client) -> None:
        self._clients[key] = client
        client.connection.clients.add(key)

    def _forget_client(self, key: str) -> None:
        client = self._clients.pop(key, None)
        if client is not None:
            client.connection.clients.discard(key)

    def _end_client(self, key: str) -> None:
        pointer = self._clients[key].pointer
        pointer.tsx_user = self._quiet
        self._forget_client(key)
        self._lib.pjsip_tsx_terminate(pointer, 503)

    def _forget_server(self, number: int) -> None:
        server = self._servers.pop(number)
        server.connection.servers.pop(number, None)
        if server.is_invite:
            self._invites.pop(self._address(server.pointer), None)

    def _end_server(self, number: int) -> None:
        pointer = self._servers[number].pointer
        pointer.tsx_user = self._quiet
        self._forget_server(number)
        self._lib.pjsip_tsx_terminate(pointer, 503)
