"""Server transactions (RFC 3261 17.2), named by numbers."""

from __future__ import annotations

from .calls import Calls, Handle
from .limit import Limit
from .transport import Transport

SHARE = 4
"""All connections of one address, over IPv6 of one /64, may have one transaction in so many: others have room."""


class _Server:
    __slots__ = ("handle", "connection", "is_invite", "answered")

    def __init__(self, handle: Handle, connection: Transport, is_invite: bool) -> None:
        self.handle, self.connection, self.is_invite, self.answered = handle, connection, is_invite, False


class Servers:
    """Transactions that wait for an answer or an ACK, and INVITEs answered with 2xx, which absorb their copies."""

    def __init__(self, calls: Calls, total: int, each: int, workers: int) -> None:
        self._calls = calls
        self.total = Limit(total)
        self.limit(total, each, workers)
        self._held: dict[str, int] = {}
        """Transactions of each share, without answered INVITEs."""
        self._servers: dict[int, _Server] = {}
        self._invites: dict[int, int] = {}
        """Numbers of INVITE transactions by address: pjsip tells of their end by pointer."""
        self._accepted: dict[int, None] = {}
        """INVITEs answered with 2xx, oldest first."""
        self._last = 0
        self._short = 0
        """Requests without a transaction here that take up room."""

    def __len__(self) -> int:
        return len(self._servers) + self._short

    def limit(self, total: int, each: int, workers: int) -> None:
        """At most so many transactions from now on, ``each``: of one connection; ``total``: of all workers."""
        self.total.most, self._each, self._each_address = total, each, max(each, total // SHARE // workers)

    def has_room(self, source: Transport) -> bool:
        """Whether there is room for a transaction; the oldest answered INVITE makes room."""
        if self._held.get(source.share, 0) >= self._each_address:
            return False
        if len(source.servers) + source.short >= self._each and not self._give_way(source.accepted):
            return False
        return self.total.left(len(self)) > 0 or self._give_way(self._accepted)

    def room(self, source: Transport) -> int:
        """How many transactions may begin, if no answered INVITE makes room."""
        address, connection = self._held.get(source.share, 0), len(source.servers) + source.short
        return min(self._each_address - address, self._each - connection, self.total.left(len(self)))

    def count_short(self, source: Transport, more: int) -> None:
        """So many requests more (or less) wait for their answer without a transaction here."""
        source.short += more
        self._short += more
        held = self._held[source.share] = self._held.get(source.share, 0) + more
        if not held:
            del self._held[source.share]

    def _give_way(self, accepted: dict[int, None]) -> bool:
        oldest = next(iter(accepted), None)
        if oldest is None:
            return False
        self.end(oldest)
        return True

    def open(self, source: Transport, is_invite: bool) -> int:
        """Make a transaction of the request that was shown to pjsip last; returns its number."""
        handle = self._calls.open(is_invite)
        self._last = number = self._last + 1
        self._servers[number] = _Server(handle, source, is_invite)
        source.servers[number] = None
        self._held[source.share] = self._held.get(source.share, 0) + 1
        if is_invite:
            self._invites[self._calls.address(handle)] = number
        return number

    def respond(self, number: int, status: int, data: bytes) -> Transport | None:
        """Give a response to its transaction; the connection on which the caller writes it, None when nobody waits."""
        server = self._servers.get(number)
        if server is None or server.answered:
            return None
        self._calls.respond(server.handle, status, data)
        if status >= 200:
            self._answer(number, server, status)
        return server.connection

    def _answer(self, number: int, server: _Server, status: int) -> None:
        server.answered = True
        if not server.is_invite:
            self._forget(number)  # it ends with the next poll, and answers copies of the request until then
        elif status < 300:
            self._calls.accept(server.handle, status)
            server.connection.accepted[number] = self._accepted[number] = None
            self._release(server.connection.share)

    def ended(self, address: int) -> None:
        """pjsip has ended a transaction."""
        number = self._invites.get(address)
        if number is not None:
            self._forget(number)

    def end(self, number: int) -> None:
        """End a transaction without an answer; nothing happens when it has ended."""
        server = self._servers.get(number)
        if server is None:
            return
        self._forget(number)
        self._calls.end(server.handle)

    def _forget(self, number: int) -> None:
        server = self._servers.pop(number)
        server.connection.servers.pop(number, None)
        if number in self._accepted:
            del self._accepted[number], server.connection.accepted[number]
        else:
            self._release(server.connection.share)
        if server.is_invite:
            del self._invites[self._calls.address(server.handle)]
        server.connection.settle()

    def _release(self, share: str) -> None:
        left = self._held[share] = self._held[share] - 1
        if not left:
            del self._held[share]
