"""Client transactions (RFC 3261 17.1), named by branches."""

from __future__ import annotations

from sipedge.sip.message import Message

from .acknowledgement import acknowledge
from .callbacks import Callbacks
from .declarations import CANCEL, Pointer, StackError
from .endpoint import Endpoint
from .outgoing import MAX_BRANCH, MAX_METHOD, Outgoing
from .reception import Reception
from .transport import Transport

_WITHOUT = (b"ACK", b"BENOTIFY")
"""Methods that have no client transaction: nobody answers them."""
Key = tuple[bytes, bool]
"""Branch in lower case (RFC 3261 7.3.1: tokens have no case), and whether it is the CANCEL of that branch."""


class Client:
    """Waits for a final response. ``invite``: the head of an INVITE as it was sent, empty for other methods."""

    __slots__ = ("key", "branch", "method", "pointer", "connection", "invite")

    def __init__(self, key: Key, branch: str, method: str, pointer: Pointer, connection: Transport) -> None:
        self.key, self.branch, self.method = key, branch, method
        self.pointer, self.connection, self.invite = pointer, connection, b""


class Clients:
    """Transactions that wait for a final response."""

    def __init__(self, endpoint: Endpoint, outgoing: Outgoing, callbacks: Callbacks, total: int) -> None:
        self._ffi, self._lib = endpoint.ffi, endpoint.lib
        self._outgoing, self._callbacks, self.total = outgoing, callbacks, total
        self._clients: dict[Key, Client] = {}
        self._result = endpoint.ffi.new("pjsip_transaction **")

    def __len__(self) -> int:
        return len(self._clients)

    def find(self, branch: str, is_cancel: bool = False) -> Client | None:
        return self._clients.get((branch.encode("latin-1").lower(), is_cancel))

    def of(self, connection: Transport) -> list[Client]:
        return [self._clients[key] for key in connection.clients]

    def open(self, branch: str, target: Transport, head: bytes) -> Client | None:
        """Make a transaction that has sent its request as far as pjsip knows; the caller writes the bytes.

        None when there is no room or the branch is in use. Raises StackError for a method without client transactions.
        """
        named = branch.encode("latin-1")
        method = head[: head.index(b" ")]
        if method in _WITHOUT:
            raise StackError(f"{method.decode()} is sent without a transaction")
        key = named.lower(), method == b"CANCEL"
        if key in self._clients or len(self._clients) >= self.total:
            return None
        if not 0 < len(named) <= MAX_BRANCH or len(method) > MAX_METHOD:
            return None
        pointer = self._start(method, named, target)
        if pointer is None:
            return None
        client = self._clients[key] = Client(key, branch, method.decode("ascii"), pointer, target)
        target.clients.add(key)
        if method == b"INVITE":
            client.invite = head
        return client

    def _start(self, method: bytes, branch: bytes, target: Transport) -> Pointer | None:
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

    def deliver(self, client: Client, source: Transport, message: Message, reception: Reception) -> None:
        """Give the response in the receive buffer, from ``source``, to its transaction, which ACKs a non-2xx there."""
        status, callbacks = message.status, self._callbacks
        ack = acknowledge(client.invite, message) if status >= 300 and client.invite else b""
        if status >= 200:
            client.pointer.tsx_user = callbacks.quiet  # nothing that it says from now on is news
        callbacks.distribute(reception, ack, source.number)
        if status >= 200:
            self._forget(client)

    def ended(self, pointer: Pointer) -> Client | None:
        """pjsip has ended a transaction that had no final response."""
        branch = self._ffi.unpack(pointer.branch.ptr, pointer.branch.slen)
        client = self._clients.get((branch.lower(), pointer.method.id == CANCEL))
        if client is not None:
            self._forget(client)
        return client

    def end(self, client: Client) -> None:
        """End a transaction without a word."""
        client.pointer.tsx_user = self._callbacks.quiet
        self._forget(client)
        self._lib.pjsip_tsx_terminate(client.pointer, 503)

    def _forget(self, client: Client) -> None:
        del self._clients[client.key]
        client.connection.clients.discard(client.key)
        client.connection.settle()
