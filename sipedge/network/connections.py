"""All connections of the edge: listeners, connections that it opens, limits, reload, drain.

Every connection has a number, never used twice. Callbacks tell what happens, in this order for each number:
``on_opened`` once, then ``on_message`` and ``on_malformed``, with ``on_read`` at the end of each read, then
``on_closed`` once. When the edge could not open a connection, ``on_failed`` comes instead. Callbacks run in the event
loop, must not raise and may call any method here; ``on_closed`` and ``on_failed`` never come from inside a call of
``send``, ``close`` or ``connect``.

A connection serves the hop that it was opened for, and no other hop. A hop is zone, transport, address, port and the
name that the certificate was checked against: reuse by address alone is the error of CVE-2020-15260.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping
from functools import partial

from sipedge.certificates.identity import IdentityError, PeerCertificate
from sipedge.proxy.events import ConnectionClosed, ConnectionFailed, ConnectionOpened
from sipedge.rates.bans import Bans
from sipedge.settings import Limits, Listener
from sipedge.sip.framing import CRLF, Frame, FramingError, KeepAlive, Take
from sipedge.sip.message import Message
from zones.addresses import source_of
from zones.names import host_name
from zones.table import Egress
from zones.zone import Hop, TlsPolicy

from .admission import SWEPT, Admission, Slices
from .connection import Connection
from .handshakes import Handshakes
from .listening import Listening, Place
from .opened import certificate_of, opened
from .record import OFFENCES, Among, Counts, Record
from .revocation import Revocations
from .state import EDGE_STOPS, LAST_ENDED, OPEN, ORDERLY, REST, State
from .tcp.options import os_reason
from .tcp.sockets import Sockets
from .tls import TlsContexts, TlsError
from .tls_stream import TlsStream

SCRATCH = 65536
SWEEP = 1.0
"""Seconds between two looks at the clock, less where a limit is shorter."""
DONE_CHECK = 0.02
POLICY = TlsPolicy()
NO_SOCKETS: Mapping[Place, socket.socket] = {}

_log = logging.getLogger("sipedge.connections")


class Connections:
    """Made inside a running event loop; ``aclose`` ends it. From ``made`` to ``gone`` it is each connection's Owner."""

    hops_lost = 0
    """How often a hop has lost its connection."""

    def __init__(
        self,
        *,
        limits: Limits,
        tls: TlsContexts,
        egress: Callable[[Hop, tuple[str, ...], frozenset[str] | None], Egress],
        on_opened: Callable[[ConnectionOpened], None],
        on_message: Callable[[int, Message], None],
        on_read: Callable[[], None],
        on_malformed: Callable[[int, FramingError], None],
        on_failed: Callable[[ConnectionFailed], None],
        on_closed: Callable[[ConnectionClosed, list[bytes]], None],
        is_used: Callable[[int], bool],
        is_owed: Callable[[int], bool],
        retire_within: float,
        revocations: Revocations,
        is_trusted: Callable[[str], bool] = lambda address: False,
        inherited: Mapping[Place, socket.socket] = NO_SOCKETS,
        sockets: Callable[[], Sockets] = Sockets,
        among: Among | None = None,
    ) -> None:
        """``egress``: ``ZoneTable.egress``, which judges the certificate of a peer that the edge connected to.

        ``on_closed`` is also told what was to be sent and certainly did not arrive. ``is_used``: whether a transaction
        on a connection waits for an answer; ``is_owed``: whether its peer waits for one of ours. ``retire_within``:
        seconds that a connection may go on for its open transactions once nothing new is opened on it.
        ``revocations``: is it revoked? ``revocation`` asks it once a peer's zone is known. ``among``: several workers.
        ``is_trusted``: whether an address is never banned. ``inherited``: sockets that listen already.
        """
        self.limits = limits
        self.scratch = memoryview(bytearray(SCRATCH))
        self._tls, self._egress, self._revocations = tls, egress, revocations
        self._on_opened, self._on_message, self._on_read = on_opened, on_message, on_read
        self._on_malformed, self._on_failed, self._on_closed = on_malformed, on_failed, on_closed
        self._is_used, self._is_owed, self._retire_within = is_used, is_owed, retire_within
        self.bans, self._is_trusted = Bans(), is_trusted
        self._loop, self._among = asyncio.get_running_loop(), among or Among()
        self._records: dict[int, Record] = {}
        self._open: dict[int, Connection] = {}
        self._by_hop: dict[Hop, int] = {}
        self._connecting: dict[Hop, asyncio.Task[None]] = {}
        self._outgoing, self._admission, self._handshakes, self.slices = 0, Admission(), Handshakes(), Slices()
        self._sockets = sockets()
        self.listening = Listening(self.accepted, inherited, self._sockets.listen)
        self.refused: dict[tuple[str, str], int] = {}
        """(zone or '', a record's ``refusal``) -> connections that did not come about."""
        self._unsent: list[Connection] = []
        """What ``_flush`` has to flush, once a turn of the loop."""
        self._closed = False
        self._sweeper: asyncio.Handle = self._loop.call_later(self._sweep_interval(), self._sweep)

    def connect(self, hop: Hop, policy: TlsPolicy = POLICY, source: str = "") -> None:
        """Open a connection; ``on_opened`` or ``on_failed`` tells the result, once for all calls made meanwhile.

        ``source``: the local address, '' for any. Nothing happens when a connection for the hop is open: ``find`` it.
        """
        if self._closed or hop in self._connecting or hop in self._by_hop:
            return
        self._connecting[hop] = self._loop.create_task(self._connect(hop, policy, source))

    def accepted(self, listener: Listener, taken: socket.socket, source: str = "", too_many: str = "") -> None:
        """One by another process counts there for a ``source``. ``too_many``: why it has to be refused."""
        record = self._record(listener)
        record.given, record.too_many = source, too_many
        self._sockets.take(taken, record.connection)

    def find(self, hop: Hop) -> int | None:
        """The open connection that this hop may use."""
        if hop.connection:
            return hop.connection if hop.connection in self._open else None
        return self._by_hop.get(hop)

    def is_open(self, connection: int) -> bool:
        return connection in self._open

    def send(self, connection: int, *messages: bytes) -> bool:
        """Send at the end of this turn of the loop, with all else for this peer. False: the connection is gone."""
        target = self._open.get(connection)
        if target is None:
            return False
        target.send(*messages)
        return True

    def shorten(self, connection: int, take: Take) -> None:
        """Let somebody else have the whole messages that arrive first."""
        target = self._open.get(connection)
        if target is not None:
            target.framer.take = take

    def sound(self, connection: int) -> None:
        """A good message came that framing has not seen."""
        self._records[connection].malformed_in_a_row = 0

    def close(self, connection: int, reason: str) -> None:
        """Send what is queued, then close. Nothing is delivered from it any more."""
        target = self._open.get(connection)
        if target is not None:
            target.close(reason)

    def malformed(self, connection: int) -> None:
        """Count a message as malformed that framing took for a good one. To be called from inside ``on_message``."""
        if connection in self._open:
            self._records[connection].malformed_in_a_row += 1

    def offence(self, address: str, reason: str) -> bool:
        """Count an offence of an address (``Limits.ban_after``); whether it is banned now. Open connections stay."""
        self._among.offence(address, reason)
        return self.offends(address, reason)

    def offends(self, address: str, reason: str) -> bool:
        """As ``offence``; the other workers know of it."""
        now, source = self._loop.time(), source_of(address)
        if self._is_trusted(address):
            return False
        ban = self.bans.offence(source, reason, self.limits, now)
        if ban is not None:
            text = "%s is banned for %.0f s (%s): its connections are refused"
            _log.warning(text, source, ban.until - now, reason, extra={"source": source})
        return self.bans.left(source, now) > 0

    def revocation(self, connection: int, zone: str) -> Egress:
        """What a zone makes of the revocation lists about the peer of an open connection."""
        target = self._open.get(connection)
        return Egress() if target is None else self._revocations.judge(zone, target.tls)

    def counts(self) -> Counts:
        blocked = sum(connection.blocked for connection in self._open.values())
        return Counts(len(self._open), self._admission.accepted, self._admission.sources, blocked)

    def reload(self, *, limits: Limits, tls: TlsContexts, retire_within: float) -> None:
        """Use new limits, and new contexts for new handshakes.

        Open TLS connections serve no hop any more and end with their last transaction; but they stay as they are when
        no file, zone or listener differs (``TlsContexts.fingerprint``).
        """
        changed = tls.fingerprint != self._tls.fingerprint
        self.limits, self._tls, self._retire_within = limits, tls, retire_within
        self.bans.forget()
        for connection in self._open.values():
            connection.limit(limits)
        if not changed:
            return
        for connection in self._open.values():
            if connection.transport == "TLS":
                self._retire(self._records[connection.number])

    async def drain(self, seconds: float, done: Callable[[], bool]) -> None:
        """Accept nothing more, then wait until ``done()`` says that no transaction is open, at most ``seconds``."""
        self.listening.close()
        end = self._loop.time() + seconds
        while not done() and self._loop.time() < end:
            await asyncio.sleep(DONE_CHECK)

    async def aclose(self) -> None:
        """Close everything. Queued bytes are sent; a peer that does not read them has a second."""
        self._closed = True
        self.listening.close()
        tasks = list(self._connecting.values())
        for record in list(self._records.values()):
            record.connection.close(EDGE_STOPS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        end = self._loop.time() + SWEEP
        while (self._records or self.slices) and self._loop.time() < end:
            await asyncio.sleep(DONE_CHECK)
        for record in list(self._records.values()):
            record.connection.abort(EDGE_STOPS)
        self._sweeper.cancel()
        self._handshakes.close()
        await asyncio.sleep(0)
        self._sockets.close()

    def made(self, connection: Connection) -> TlsStream | None:
        """See connection.Owner: the socket is there."""
        record = self._records[connection.number]
        if connection.listener is None:
            return record.stream
        record.source = source_of(connection.peer[0])
        counted = self._admission.enter(record.source, self.limits)
        too_many = record.too_many if record.given else counted
        left = self.bans.left(record.source, self._loop.time())
        if left:
            record.refusal = "ban"
            connection.abort(f"refused: banned for another {left:.0f} s")
            return None
        if too_many or self._closed:
            record.refusal = "limit"
            connection.abort(f"refused: {too_many or EDGE_STOPS}")
            return None
        if connection.transport != "TLS":
            return None
        return TlsStream(record.tls.server(connection.listener), server_side=True)

    def shake_hands(self, connection: Connection, stream: TlsStream) -> None:
        """See connection.Owner."""
        self._handshakes.step(source_of(connection.peer[0]), stream, connection.shaken)

    def ready(self, connection: Connection) -> None:
        """See connection.Owner: the handshake is done."""
        record, hop = self._records[connection.number], connection.hop
        try:
            certificate = certificate_of(connection)
        except IdentityError as error:
            refusal = str(error)
        else:
            refusal = self._judge(connection, certificate)
        if refusal:
            record.refusal = "certificate"
            connection.close(refusal)
            return
        self._open[connection.number] = connection
        if hop is not None:
            self._connecting.pop(hop, None)
            self._by_hop[hop] = connection.number
        if connection.transport == "TLS" and record.tls.fingerprint != self._tls.fingerprint:
            self._retire(record)
        self._on_opened(opened(connection, certificate))

    def arrived(self, connection: Connection, frames: list[Frame]) -> None:
        """See connection.Owner: frames of one read."""
        record = self._records[connection.number]
        for frame in frames:
            if type(frame) is Message:
                before = record.malformed_in_a_row
                self._on_message(connection.number, frame)
                if record.malformed_in_a_row == before:
                    record.malformed_in_a_row = 0
            elif type(frame) is KeepAlive:
                connection.send(CRLF * frame.count)
            elif type(frame) is FramingError:
                self._take_error(record, frame)
            if connection.state is not OPEN or record.malformed_in_a_row > self.limits.malformed_in_a_row:
                break
        self._on_read()  # what closes a connection does so behind its answers
        if type(frame) is FramingError and frame.fatal:
            connection.deafen(f"framing is lost: {frame.reason}")
            self._offends(record)
        elif record.malformed_in_a_row > self.limits.malformed_in_a_row:
            connection.close(f"more than {self.limits.malformed_in_a_row} malformed messages in a row")
            self._offends(record)

    def unsent(self, connection: Connection) -> None:
        """See connection.Owner."""
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(connection)

    def half_closed(self, connection: Connection) -> bool:
        """See connection.Owner: the peer sends no more."""
        self._retire(self._records[connection.number])
        return self._is_owed(connection.number)

    def lost(self, connection: Connection, reason: str, unsent: list[bytes]) -> None:
        """See connection.Owner: the connection has ended."""
        hop = connection.hop
        was_open = self._open.pop(connection.number, None) is not None
        ended = logging.DEBUG if reason in ORDERLY else logging.INFO
        self._say(ended if was_open else logging.WARNING, connection, reason)
        if was_open:
            self._forget_hop(connection)
            tell = partial(self._on_closed, ConnectionClosed(connection.number, reason), unsent)
            self.slices.do(lambda: self._loop.call_soon(tell))
            return
        refusal = self._records[connection.number].refusal
        counted = (hop.zone if hop is not None else "", refusal)
        self.refused[counted] = self.refused.get(counted, 0) + 1
        if hop is None and refusal in OFFENCES and connection.spoke:
            self.offence(connection.peer[0], refusal)
        if hop is not None:
            self._connecting.pop(hop, None)
            failed = ConnectionFailed(hop.zone, hop.address, hop.port, reason, hop)
            self._loop.call_soon(self._on_failed, failed)

    def gone(self, connection: Connection) -> None:
        """See connection.Owner: there is no socket any more. It may come twice."""
        record = self._records.pop(connection.number, None)
        if record is None:
            return
        if connection.hop is not None:
            self._outgoing -= 1
            self._among.opened(self._outgoing)
        elif record.source:
            self._admission.leave(record.source)
        if record.given:
            self._among.gone(record.given)

    def _record(self, origin: Listener | Hop) -> Record:
        """Make a connection; its record stays until it is ``gone``."""
        connection = Connection(self, next(self._among.numbers), origin)
        record = self._records[connection.number] = Record(connection, self._tls)
        return record

    async def _connect(self, hop: Hop, policy: TlsPolicy, source: str) -> None:
        record = self._record(hop)
        connection = record.connection
        self._outgoing += 1
        try:
            if self._among.opened(self._outgoing) > self.limits.connections:
                raise ConnectionError("too many connections are open")
            if hop.transport == "TLS":
                name = host_name(hop.name) or None
                record.stream = TlsStream(record.tls.client(policy), server_side=False, server_name=name)
            async with asyncio.timeout(self.limits.connect):
                await self._sockets.connect(connection, hop.address, hop.port, source)
        except (OSError, TlsError, ValueError) as error:
            slow = isinstance(error, TimeoutError) and not error.errno
            if connection.state is not OPEN:  # else it came about in the last moment
                record.refusal = "connect"
                connection.abort(f"no answer in {self.limits.connect:g} s" if slow else os_reason(error))

    def _judge(self, connection: Connection, certificate: PeerCertificate | None) -> str:
        """Why the edge refuses a peer that it connected to; '' when it does not."""
        hop = connection.hop
        if hop is None or connection.transport != "TLS":
            return ""
        names = certificate.names if certificate else ()
        verdict = self._egress(hop, names, certificate.key_usages if certificate else None)
        for judged in (verdict, Egress() if verdict.refused else self._revocations.judge(hop.zone, connection.tls)):
            if judged.refused:
                return judged.refused
            if judged.warning:
                self._say(logging.WARNING, connection, judged.warning)
        return ""

    def _take_error(self, record: Record, error: FramingError) -> None:
        self._say(logging.WARNING, record.connection, f"malformed message: {error.reason}")
        self._on_malformed(record.connection.number, error)
        record.malformed_in_a_row += not error.fatal

    def _offends(self, record: Record) -> None:
        if record.connection.hop is None:
            self.offence(record.connection.peer[0], "malformed")

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        for connection in unsent:
            connection.flush()

    def _retire(self, record: Record) -> None:
        if record.retire_by is None:
            record.retire_by = self._loop.time() + self._retire_within
            self._among.unusable(record.connection.number)
        self._forget_hop(record.connection)

    def _end_retired(self, record: Record, retire_by: float, now: float) -> None:
        """End it at the second look in a row that finds nothing open: what the peer had under way has come by then."""
        connection = record.connection
        is_half = connection.state is State.HALF_CLOSED
        is_quiet = not (self._is_owed if is_half else self._is_used)(connection.number)
        if is_quiet and (is_half or record.was_quiet):
            connection.close(LAST_ENDED)
        elif now >= retire_by + REST:
            connection.close("its transactions did not end in time")
        elif now >= retire_by:
            connection.rest()
        record.was_quiet = is_quiet

    def _forget_hop(self, connection: Connection) -> None:
        """Let ``find`` give it to nobody any more."""
        if connection.hop is not None and self._by_hop.get(connection.hop) == connection.number:
            del self._by_hop[connection.hop]
            self.hops_lost += 1

    def _sweep(self, left: list[int] | None = None) -> None:
        """``left``: whom this round still has to look at, some of them gone by now; None for a new one."""
        left = list(self._records) if left is None else left
        now, numbers = self._loop.time(), left[-SWEPT:]
        del left[-SWEPT:]
        for number in numbers:
            record = self._records.get(number)
            if record is not None:
                record.connection.sweep(now)
                if record.retire_by is not None:
                    self._end_retired(record, record.retire_by, now)
        if left:
            self._sweeper = self._loop.call_soon(self._sweep, left)
        else:
            self._sweeper = self._loop.call_later(self._sweep_interval(), self._sweep)

    def _sweep_interval(self) -> float:
        limits = self.limits
        times = (limits.handshake, limits.first_byte, limits.message_time, limits.idle, limits.drain)
        return min(SWEEP, max(min(times) / 4, 0.01))

    def _say(self, level: int, connection: Connection, text: str) -> None:
        source = self._records[connection.number].source or connection.peer[0]
        _log.log(level, "%s: %s", connection, text, extra={"source": source}, stacklevel=2)
