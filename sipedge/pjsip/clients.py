"""Client transactions (RFC 3261 17.1), named by branches."""

from __future__ import annotations

from sipedge.sip.message import Message

from .acknowledgement import acknowledge
from .calls import Calls, Handle, Key
from .declarations import StackError
from .limit import Limit
from .outgoing import MAX_BRANCH, MAX_METHOD
from .transport import Transport

_WITHOUT = (b"ACK", b"BENOTIFY")
"""Methods that have no client transaction: nobody answers them."""


class Client:
    """Waits for a final response. ``invite``: the head of an INVITE as it was sent, empty for other methods."""

    __slots__ = ("key", "branch", "method", "handle", "connection", "invite")

    def __init__(self, key: Key, branch: str, method: str, handle: Handle, connection: Transport) -> None:
        self.key, self.branch, self.method = key, branch, method
        self.handle, self.connection, self.invite = handle, connection, b""


class Clients:
    """Transactions that wait for a final response."""

    def __init__(self, calls: Calls, total: int) -> None:
        self._calls, self.total = calls, Limit(total)
        self._clients: dict[Key, Client] = {}
        self.short = 0
        """Requests without a transaction here."""

    def __len__(self) -> int:
        return len(self._clients) + self.short

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
        if key in self._clients or self.total.left(len(self)) <= 0:
            return None
        if not 0 < len(named) <= MAX_BRANCH or len(method) > MAX_METHOD:
            return None
        handle = self._calls.forward(method, named, target)
        if handle is None:
            return None
        client = self._clients[key] = Client(key, branch, method.decode("ascii"), handle, target)
        target.clients[key] = None
        if method == b"INVITE":
            client.invite = head
        return client

    def deliver(self, client: Client, source: Transport, message: Message) -> None:
        """Give the response that was read last, from ``source``, to its transaction, which ACKs a non-2xx there."""
        status = message.status
        ack = acknowledge(client.invite, message) if status >= 300 and client.invite else b""
        self._calls.deliver(client.handle, status >= 200, ack, source.number)
        if status >= 200:
            self._forget(client)

    def ended(self, key: Key) -> Client | None:
        """pjsip has ended a transaction that had no final response."""
        client = self._clients.get(key)
        if client is not None:
            self._forget(client)
        return client

    def end(self, client: Client) -> None:
        """End a transaction without a word."""
        self._forget(client)
        self._calls.end(client.handle)

    def _forget(self, client: Client) -> None:
        del self._clients[client.key]
        client.connection.clients.pop(client.key, None)
        client.connection.settle()
