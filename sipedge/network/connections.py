"""All connections of the edge: listeners, connections out, who may use which, limits, reload, drain.

Every connection has a number, never used twice. What happens is told by callbacks, in this order for each number:
``on_opened`` once, then ``on_message`` and ``on_malformed``, then ``on_closed`` once, after which the number means
nothing. A connection that the edge tried to open and could not is told by ``on_failed`` instead. Callbacks run in the
event loop, must not raise and may call any method here; ``on_closed`` and ``on_failed`` never come from inside a call
of ``send``, ``close`` or ``connect``.

A connection that was opened for a hop (zone, transport, address, port and name that its certificate was checked
against) serves that very hop and no other one (the class of error of CVE-2020-15260).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from itertools import count

from sipedge.certificates.identity import IdentityError, PeerCertificate, certificate_names
from sipedge.proxy.events import ConnectionClosed, ConnectionFailed, ConnectionOpened
from sipedge.settings import Limits, Listener
from sipedge.sip.framing import CRLF, Frame, FramingError, KeepAlive
from sipedge.sip.message import Message
from zones.names import host_name
from zones.table import Egress
from zones.zone import Hop, TlsPolicy, Transport

from .connection import Connection, Phase, os_reason
from .log_limit import LogLimit
from .tls import TlsContexts, TlsError
from .tls_stream import TlsStream

SCRATCH = 65536
BACKLOG = 512
SWEEP = 1.0
"""Seconds between two looks at the clock, less where a limit is shorter."""
DONE_CHECK = 0.02
POLICY = TlsPolicy()

_log = logging.getLogger("sipedge.connections")


class Connections:
    """Made inside a running event loop; ``aclose`` ends it."""

    def __init__(
        self,
        *,
        limits: Limits,
        tls: TlsContexts,
        egress: Callable[[Hop, tuple[str, ...], frozenset[str] | None], Egress],
        on_opened: Callable[[ConnectionOpened], None],
        on_message: Callable[[int, Message], None],
        on_malformed: Callable[[int, FramingError], None],
        on_failed: Callable[[ConnectionFailed], None],
        on_closed: Callable[[ConnectionClosed], None],
    ) -> None:
        """``egress``: ``ZoneTable.egress``, which judges the certificate of a peer that the edge connected to."""
        self.limits = limits
        self.scratch = memoryview(bytearray(SCRATCH))
        self._tls, self._egress = tls, egress
        self._on_opened, self._on_message, self._on_malformed = on_opened, on_message, on_malformed
        self._on_failed, self._on_closed = on_failed, on_closed
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._sockets: dict[int, Connection] = {}
        """All that hold a socket, by number, handshakes and farewells included."""
        self._open: dict[int, Connection] = {}
        self._by_hop: dict[Hop, int] = {}
        self._connecting: dict[Hop, asyncio.Task[None] | None] = {}
        """The task is None once TCP is connected and the handshake goes on."""
        self._listeners: dict[str, asyncio.Server] = {}
        self._sources: dict[str, int] = {}
        self.refused: dict[tuple[str, str], int] = {}
        """(zone or '', "limit", "connect", "handshake" or "certificate") -> connections that did not come about."""
        self._accepted = 0
        self._dirty: list[Connection] = []
        self._alone = False
        """Inside ``arrived`` with one message: what it causes is written at its end, not a turn of the loop later."""
        self._generation = 0
        self._closed = False
        self._lines = LogLimit()
        self._sweeper = self._loop.call_later(self._sweep_interval(), self._sweep)

    # -------------------------------------------------------------------------------------------- what others call

    async def listen(self, listener: Listener) -> tuple[str, int]:
        """Accept connections; the address and port bound (port 0: the system chose). Raises OSError."""
        server = await self._loop.create_server(
            lambda: self._new(transport=listener.transport, listener=listener.name),
            listener.address,
            listener.port,
            backlog=BACKLOG,
            reuse_address=True,
        )
        self._listeners[listener.name] = server
        bound = server.sockets[0].getsockname()
        return bound[0], bound[1]

    def stop_listening(self, name: str) -> None:
        """Take no more connections on this listener; those it accepted stay."""
        server = self._listeners.pop(name, None)
        if server is not None:
            server.close()

    def connect(self, hop: Hop, policy: TlsPolicy = POLICY, source: str = "") -> None:
        """Open a connection; the result comes as ``on_opened`` or ``on_failed``, one for all calls made meanwhile.

        ``source``: the local address it is to come from, '' for whichever the system takes.
        Nothing happens when one that serves the hop is open already: ask ``find`` first.
        """
        if self._closed or hop in self._connecting or hop in self._by_hop:
            return
        self._connecting[hop] = self._loop.create_task(self._connect(hop, policy, source))

    def find(self, hop: Hop) -> int | None:
        """An open connection that this hop may use."""
        if hop.connection:
            return hop.connection if hop.connection in self._open else None
        return self._by_hop.get(hop)

    def send(self, connection: int, data: bytes) -> bool:
        """Send at the end of this turn of the loop, together with all else for this peer. False: it is gone."""
        found = self._open.get(connection)
        if found is None:
            return False
        found.send(data)
        return True

    def close(self, connection: int, reason: str) -> None:
        """Send what is queued, then close. Nothing is delivered from it any more."""
        found = self._open.get(connection)
        if found is not None:
            found.close(reason)

    def malformed(self, connection: int) -> None:
        """Count a message that turned out to be malformed only later; called from inside ``on_message``."""
        found = self._open.get(connection)
        if found is not None:
            self._count_malformed(found)

    def reload(self, *, limits: Limits, tls: TlsContexts) -> None:
        """New material for new handshakes. TLS connections serve nothing new and are closed after ``limits.drain``.

        Where no file, zone or listener is different (``TlsContexts.fingerprint``) they stay.
        """
        changed = tls.fingerprint != self._tls.fingerprint
        self.limits, self._tls = limits, tls
        if not changed:
            return
        self._generation += 1
        drain_by = self._loop.time() + limits.drain
        for connection in self._open.values():
            if connection.transport == "TLS":
                self._retire(connection, drain_by)

    async def drain(self, seconds: float, done: Callable[[], bool]) -> None:
        """Accept nothing more, then wait until ``done()`` says that no transaction is open, at most ``seconds``."""
        for name in list(self._listeners):
            self.stop_listening(name)
        end = self._loop.time() + seconds
        while not done() and self._loop.time() < end:
            await asyncio.sleep(DONE_CHECK)

    async def aclose(self) -> None:
        """Close everything: queued bytes are sent, a peer that does not read them is not waited for long."""
        self._closed = True
        for name in list(self._listeners):
            self.stop_listening(name)
        tasks = [task for task in self._connecting.values() if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self._sockets.values()):
            connection.close("the edge stops")
        end = self._loop.time() + SWEEP
        while self._sockets and self._loop.time() < end:
            await asyncio.sleep(DONE_CHECK)
        for connection in list(self._sockets.values()):
            connection.abort("the edge stops")
        self._sweeper.cancel()
        await asyncio.sleep(0)

    # -------------------------------------------------------------------------------------- what connections call

    def made(self, connection: Connection) -> TlsStream | None:
        """A socket is connected: count it, and give it TLS. See connection.Owner."""
        self._sockets[connection.number] = connection
        if connection.hop is None:
            self._accepted += 1
            connection.source = source = _source(connection.peer[0])
            self._sources[source] = held = self._sources.get(source, 0) + 1
            if self._closed or self._accepted > self.limits.connections or held > self.limits.connections_per_source:
                what = "in all" if held <= self.limits.connections_per_source else f"from {source}"
                self._say(logging.WARNING, connection, f"refused: too many connections {what}")
                self._count_refused(connection, "limit")
                connection.refuse()
                return None
        connection.generation = self._generation
        if connection.transport != "TLS":
            return None
        if connection.hop is None:
            assert connection.listener is not None
            return TlsStream(self._tls.server(connection.listener), server_side=True)
        return connection.client_stream

    def ready(self, connection: Connection) -> None:
        """The handshake is done. See connection.Owner."""
        try:
            certificate = _certificate(connection)
        except IdentityError as error:
            connection.refusal = "certificate"
            connection.close(str(error))
            return
        names = certificate.names if certificate else ()
        usages = certificate.key_usages if certificate else None
        hop = connection.hop
        if hop is not None and connection.transport == "TLS":
            judged = self._egress(hop, names, usages)
            if judged.refused:
                connection.refusal = "certificate"
                connection.close(judged.refused)
                return
            if judged.warning:
                self._say(logging.WARNING, connection, judged.warning)
        self._open[connection.number] = connection
        if hop is not None:
            self._connecting.pop(hop, None)
            self._by_hop[hop] = connection.number
        if connection.transport == "TLS" and connection.generation != self._generation:
            self._retire(connection, self._loop.time() + self.limits.drain)
        self._on_opened(_opened(connection, certificate))

    def arrived(self, connection: Connection, frames: list[Frame]) -> None:
        """Frames of one read, in order. See connection.Owner."""
        self._alone = len(frames) == 1 and not self._dirty
        try:
            self._deliver(connection, frames)
        finally:
            alone, self._alone = self._alone, False
        if alone and self._dirty:
            self._flush()

    def _deliver(self, connection: Connection, frames: list[Frame]) -> None:
        for frame in frames:
            if connection.phase is not Phase.OPEN:
                return
            if type(frame) is Message:
                before = connection.malformed_in_a_row
                self._on_message(connection.number, frame)
                if connection.malformed_in_a_row == before:
                    connection.malformed_in_a_row = 0
            elif type(frame) is KeepAlive:
                connection.send(CRLF * frame.count)
            elif type(frame) is FramingError:
                self._take_error(connection, frame)

    def unsent(self, connection: Connection) -> None:
        """See connection.Owner."""
        if not self._dirty and not self._alone:
            self._loop.call_soon(self._flush)
        self._dirty.append(connection)

    def lost(self, connection: Connection, reason: str) -> None:
        """It is over: tell who was told of it. See connection.Owner."""
        hop = connection.hop
        was_open = self._open.pop(connection.number, None) is not None
        self._say(logging.INFO if was_open else logging.WARNING, connection, reason)
        if was_open:
            if hop is not None and self._by_hop.get(hop) == connection.number:
                del self._by_hop[hop]
            self._loop.call_soon(self._on_closed, ConnectionClosed(connection.number, reason))
            return
        self._count_refused(connection, connection.refusal)
        if hop is not None:
            self._connecting.pop(hop, None)
            failed = ConnectionFailed(hop.zone, hop.address, hop.port, reason, hop)
            self._loop.call_soon(self._on_failed, failed)

    def gone(self, connection: Connection) -> None:
        """The socket is closed. See connection.Owner."""
        self._sockets.pop(connection.number, None)
        source, connection.source = connection.source, ""
        if source:
            self._accepted -= 1
            self._sources[source] -= 1
            if not self._sources[source]:
                del self._sources[source]

    # ------------------------------------------------------------------------------------------------------ inside

    def _new(self, *, transport: Transport, listener: str | None = None, hop: Hop | None = None) -> Connection:
        return Connection(self, next(self._numbers), transport=transport, listener=listener, hop=hop)

    async def _connect(self, hop: Hop, policy: TlsPolicy, source: str) -> None:
        connection = self._new(transport=hop.transport, hop=hop)
        try:
            if len(self._sockets) - self._accepted + len(self._connecting) > self.limits.connections:
                raise ConnectionError("too many connections are open")
            if hop.transport == "TLS":
                name = host_name(hop.name) or None
                connection.client_stream = TlsStream(self._tls.client(policy), server_side=False, server_name=name)
            async with asyncio.timeout(self.limits.connect):
                local = (source, 0) if source else None
                await self._loop.create_connection(lambda: connection, hop.address, hop.port, local_addr=local)
        except (OSError, TlsError, ValueError) as error:
            slow = isinstance(error, TimeoutError) and not error.errno
            if hop in self._connecting:  # else it came about in the last moment, or its end was told already
                connection.refuse()
                connection.peer = (hop.address, hop.port)
                connection.refusal = "connect"
                self.lost(connection, f"no answer in {self.limits.connect:g} s" if slow else os_reason(error))
        else:
            if hop in self._connecting:
                self._connecting[hop] = None

    def _take_error(self, connection: Connection, error: FramingError) -> None:
        self._say(logging.WARNING, connection, f"malformed message: {error.reason}")
        self._on_malformed(connection.number, error)
        if error.fatal:
            connection.close(f"framing is lost: {error.reason}")
        else:
            self._count_malformed(connection)

    def _count_malformed(self, connection: Connection) -> None:
        connection.malformed_in_a_row += 1
        if connection.malformed_in_a_row > self.limits.malformed_in_a_row:
            connection.close(f"more than {self.limits.malformed_in_a_row} malformed messages in a row")

    def _count_refused(self, connection: Connection, reason: str) -> None:
        key = (connection.hop.zone if connection.hop is not None else "", reason)
        self.refused[key] = self.refused.get(key, 0) + 1

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for connection in dirty:
            connection.flush()

    def _retire(self, connection: Connection, drain_by: float) -> None:
        connection.drain_by = min(connection.drain_by, drain_by)
        if connection.hop is not None and self._by_hop.get(connection.hop) == connection.number:
            del self._by_hop[connection.hop]

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in list(self._sockets.values()):
            connection.sweep(now)
        self._sweeper = self._loop.call_later(self._sweep_interval(), self._sweep)

    def _sweep_interval(self) -> float:
        limits = self.limits
        times = (limits.handshake, limits.first_byte, limits.message_time, limits.idle, limits.drain)
        return min(SWEEP, max(min(times) / 4, 0.01))

    def _say(self, level: int, connection: Connection, text: str) -> None:
        left_out = self._lines.admit(connection.peer[0], self._loop.time())
        if left_out is not None:
            _log.log(level, "%s: %s%s", connection, text, left_out)


def _source(address: str) -> str:
    """Who counts as one source: an IPv4 address, or the /64 that one IPv6 site has."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return address


def _certificate(connection: Connection) -> PeerCertificate | None:
    """Raises IdentityError."""
    der = connection.tls.getpeercert(binary_form=True) if connection.tls is not None else None
    return certificate_names(der) if der else None


def _opened(connection: Connection, certificate: PeerCertificate | None) -> ConnectionOpened:
    version = connection.tls.version() if connection.tls is not None else None
    return ConnectionOpened(
        connection=connection.number,
        transport=connection.transport,
        peer_address=connection.peer[0],
        peer_port=connection.peer[1],
        local_address=connection.local[0],
        local_port=connection.local[1],
        listener=connection.listener,
        zone=connection.hop.zone if connection.hop is not None else None,
        names=certificate.names if certificate else (),
        has_certificate=certificate is not None,
        common_name=certificate.common_name if certificate else "",
        key_usages=certificate.key_usages if certificate else None,
        tls_version=(version or "").removeprefix("TLSv"),
        hop=connection.hop,
    )
