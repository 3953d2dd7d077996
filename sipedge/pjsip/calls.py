"""What one step of a transaction asks of pjsip: a request or response shown to it, forwarded, answered, ended.

These sequences are most of what pjsip costs. Here they are made with cffi; native_calls.py makes the same ones in C. A
transaction is a *handle* outside of here, whatever the half at work takes for one.
"""

from __future__ import annotations

from typing import Any

from sipedge.sip.message import Message

from .callbacks import Callbacks
from .declarations import ACK, CANCEL, Pointer
from .endpoint import Endpoint
from .outgoing import Outgoing
from .reception import Reception
from .transport import Transport

Handle = Any
"""Names a transaction of pjsip: a cffi pointer, or its address."""

ABSORBED, ALONE, NEW, MISNAMED = range(4)
"""What a request is: a transaction has taken it; it has none (ACK, BENOTIFY); it wants one; CSeq has another method."""

Key = tuple[bytes, bool]
"""Branch in lower case (RFC 3261 7.3.1: tokens have no case), and whether it is the CANCEL of that branch."""


class Calls:
    """The sequences by cffi. They are all there is where nothing could be compiled, and the oracle where it was."""

    def __init__(self, endpoint: Endpoint, reception: Reception, outgoing: Outgoing, callbacks: Callbacks) -> None:
        self._endpoint, self._ffi, self._lib = endpoint, endpoint.ffi, endpoint.lib
        self._reception, self._outgoing, self._callbacks = reception, outgoing, callbacks
        self._result = endpoint.ffi.new("pjsip_transaction **")
        self.table = 0
        """The address of the sequences for parts in C; 0: there are none."""

    def resize(self, max_message: int) -> None:
        """Room for messages of this size in bytes; every transport has to be prepared again."""
        self._reception.resize(max_message)

    def prepare(self, transport: Transport) -> None:
        """Before the first message of a connection, and after ``resize``."""
        self._reception.prepare(transport)

    def request(self, source: Transport, message: Message) -> int:
        """Show a request to pjsip: ABSORBED, ALONE, NEW or MISNAMED. Raises Malformed."""
        parsed = self._reception.parse(source, message)
        if self._reception.method() != message.method:
            return MISNAMED
        if message.method == "BENOTIFY":  # never answered: a transaction would wait for ever
            return ALONE
        self._reception.identify(source)
        if self._reception.distribute():
            return ABSORBED
        return ALONE if parsed.line.req.method.id == ACK else NEW

    def key(self) -> bytes:
        """What names the transaction of the request that was shown last, in all workers; b"" where no digest does."""
        return self._reception.key()

    def open(self, is_invite: bool) -> Handle:
        """Make a server transaction of the request that was shown last, which was NEW. Raises StackError."""
        user = self._callbacks.listener if is_invite else self._callbacks.quiet
        result, lib, received = self._result, self._lib, self._reception.data
        if lib.pjsip_tsx_create_uas(user, received, result):
            # The same request came before: its transaction has ended, but has not yet left pjsip's table.
            self._endpoint.fire_timers()
            self._endpoint.check("pjsip_tsx_create_uas", lib.pjsip_tsx_create_uas(user, received, result))
        pointer = result[0]
        lib.pjsip_tsx_recv_msg(pointer, received)
        return pointer

    def response(self, source: Transport, message: Message) -> tuple[str, str]:
        """Have pjsip read a response: the method in its CSeq, the branch of its top Via. Raises Malformed."""
        self._reception.parse(source, message)
        return self._reception.method(), self._reception.branch()

    def distribute(self) -> bool:
        """Give the response that was read last to a transaction that nobody waits for; whether there was one."""
        return self._reception.distribute()

    def deliver(self, handle: Handle, is_final: bool, ack: bytes, connection: int) -> None:
        """Give the response that was read last to its transaction; ``ack`` goes out on ``connection`` if need be."""
        if is_final:
            handle.tsx_user = self._callbacks.quiet  # nothing that it says from now on is news
        self._callbacks.distribute(self._reception.distribute, ack, connection)

    def forward(self, method: bytes, branch: bytes, target: Transport) -> Handle | None:
        """Open a client transaction whose request the caller writes; None when the branch is in use.

        Raises StackError.
        """
        callbacks, lib, result = self._callbacks, self._lib, self._result
        message = self._outgoing.request(method, branch)
        if lib.pjsip_tsx_create_uac(callbacks.quiet, message, result):
            # A transaction of that branch has ended, but has not yet left pjsip's table.
            lib.pjsip_tx_data_dec_ref(message)
            return None
        pointer = result[0]
        # With its transport set, a transaction sends at once: pjsip resolves nothing and looks for no connection.
        lib.pjsip_transport_add_ref(target.pointer)
        pointer.transport = target.pointer
        pointer.is_reliable = 1
        pointer.addr = target.address
        pointer.addr_len = target.address_length
        callbacks.send(pointer, message)
        pointer.tsx_user = callbacks.listener
        return pointer

    def respond(self, handle: Handle, status: int, data: bytes) -> None:
        """Give a server transaction its response, whose bytes the caller writes. Raises StackError."""
        self._callbacks.send(handle, self._outgoing.response(status, data))

    def accept(self, handle: Handle, status: int) -> None:
        """RFC 6026 7.1, "Accepted": copies of an INVITE that has its 2xx are absorbed, its ACKs go to the core."""
        handle.status_code = status

    def end(self, handle: Handle) -> None:
        """End a transaction without a word."""
        handle.tsx_user = self._callbacks.quiet
        self._lib.pjsip_tsx_terminate(handle, 503)

    def poll(self) -> float | None:
        """Fire all timers that are due; seconds until the next one, None when there is none."""
        return self._endpoint.fire_timers()

    def address(self, handle: Handle) -> int:
        """What ``callbacks.ended`` can name the transaction by."""
        return self._endpoint.address(handle)

    def key_of(self, ended: Pointer) -> Key:
        """The name of a client transaction that has ended."""
        branch: bytes = self._ffi.unpack(ended.branch.ptr, ended.branch.slen)
        return branch.lower(), ended.method.id == CANCEL
