"""The functions that pjsip calls: bytes to send, a transaction that ended by itself, a transport to free.

Each callback only notes that. The stack acts on it after the C call has returned, so that neither an exception of the
core nor a call back into pjsip ever runs on top of pjsip.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from . import transport
from .declarations import REQUEST, SUCCESS, TERMINATED, Pointer, StackError
from .endpoint import Endpoint
from .outgoing import Outgoing

SEND = "int(*)(pjsip_transport *, pjsip_tx_data *, const void *, int, void *, void *)"
TRANSPORT = "int(*)(pjsip_transport *)"
STATE = "void(*)(pjsip_transaction *, void *)"


class Callbacks:
    """``operations`` are those of every transport; ``quiet`` and ``listener`` are modules, to one of which each
    transaction belongs. A ``quiet`` one reports nothing: Python knows its state from the calls that it makes.
    """

    def __init__(self, endpoint: Endpoint, outgoing: Outgoing, ended: Callable[[Pointer], None]) -> None:
        """``ended``: called, inside pjsip, for a transaction that a timer has ended; it may do book-keeping only."""
        self._endpoint, self._outgoing, self._ended = endpoint, outgoing, ended
        self.resent: deque[tuple[int, bytes]] = deque()
        """Connection number and bytes: answers to copies of a request, and ACKs."""
        self._failures: deque[BaseException] = deque()
        self._caller_writes = False
        """Inside ``send``."""
        self._ack = b""
        self._ack_on = 0
        """Inside ``distribute``: its arguments."""
        self._connections: dict[int, int] = {}
        ffi, failed = endpoint.ffi, self._failed
        self.operations = (
            ffi.callback(SEND, self._send, onerror=failed),
            ffi.callback(TRANSPORT, _nothing),
            ffi.callback(TRANSPORT, self._destroy, onerror=failed),
        )
        self._name = ffi.new("char[]", b"sipedge")
        self.changed = ffi.callback(STATE, self._changed, onerror=failed)
        module = {"id": -1, "name": (self._name, 7)}
        self.quiet = ffi.new("pjsip_module *", module)
        self.listener = ffi.new("pjsip_module *", {**module, "on_tsx_state": self.changed})

    def name(self, pointer: Pointer, connection: int) -> None:
        """Note the number of the connection that a transport stands for."""
        self._connections[self._endpoint.address(pointer)] = connection

    def send(self, transaction: Pointer, message: Pointer) -> None:
        """Give a transaction a message whose bytes the caller writes: here they are not noted. Raises StackError.

        pjsip calls back from inside, and its callback has no argument that could say whose message it is.
        """
        self._caller_writes = True
        try:
            failed = self._endpoint.lib.pjsip_tsx_send_msg(transaction, message)
        finally:
            self._caller_writes = False
        if failed:
            self._endpoint.lib.pjsip_tx_data_dec_ref(message)
            self._endpoint.check("pjsip_tsx_send_msg", failed)

    def distribute(self, deliver: Callable[[], object], ack: bytes, connection: int) -> None:
        """Call ``deliver``; the bytes of a request that pjsip sends meanwhile are ``ack``, if any.

        They go out on ``connection``: where the response came from, which is not always where its request went.
        """
        self._ack, self._ack_on = ack, connection
        try:
            deliver()
        finally:
            self._ack = b""

    def check(self) -> None:
        """Raises StackError from an exception that happened in a callback."""
        if self._failures:
            raise StackError("a callback from pjsip failed") from self._failures.popleft()

    def _send(self, pointer: Pointer, message: Pointer, *_: Any) -> int:
        """It never fails: 2.15.1 uses freed memory when a send fails inside a transaction (docs/pjsip.md)."""
        if not self._caller_writes:
            connection = self._connections[self._endpoint.address(pointer)]
            if self._ack and message.msg.type == REQUEST:
                self._outgoing.fill(message, self._ack)
                connection = self._ack_on
            self.resent.append((connection, self._outgoing.content(message)))
        return SUCCESS

    def _changed(self, pointer: Pointer, _: Pointer) -> None:
        if pointer.state == TERMINATED:
            pointer.tsx_user = self.quiet
            self._ended(pointer)

    def _destroy(self, pointer: Pointer) -> int:
        self._connections.pop(self._endpoint.address(pointer), None)
        transport.free(self._endpoint, pointer)
        return SUCCESS

    def _failed(self, _: Any, error: BaseException, __: Any) -> None:
        self._failures.append(error)


def _nothing(_: Pointer) -> int:
    return SUCCESS
