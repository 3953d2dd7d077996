"""The running edge: connections, pjsip, resolver and proxy core joined in one event loop.

Whatever arrives becomes an event in one queue; the core turns each event into commands; the commands are carried out
here. Nothing in this file decides anything about a message.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from time import perf_counter, time

from sipedge.network.connections import Connections
from sipedge.network.crl_fetching import CrlFetcher
from sipedge.network.listening import Place, open_socket
from sipedge.network.resolver import Resolver
from sipedge.network.revocation import Revocations
from sipedge.network.tls import TlsContexts
from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy import commands
from sipedge.proxy.events import (
    ConfigChanged,
    ConnectionClosed,
    ConnectionFailed,
    ConnectionOpened,
    DrainEnded,
    Ending,
    Event,
    ForwardFailed,
    MalformedReceived,
    Resolved,
    RevocationChanged,
    Undelivered,
    UnreadableReceived,
)
from sipedge.proxy.history import Entry, History, entry_of
from sipedge.proxy.incoming import Environment
from sipedge.proxy.proxy import Proxy
from sipedge.remembered.native.ways import Records
from sipedge.servers.state import ServiceState
from sipedge.settings import DnsSettings, Listener
from sipedge.sip.framing import FramingError
from sipedge.sip.message import Message
from sipedge.sip.responses import branch_of_request
from sipedge.tap.tap import Tap
from zones.addresses import host_port, source_of
from zones.dns import allowed_in
from zones.zone import Hop

from . import log
from .in_force import InForce, release_in_slices
from .keeping import Keeping
from .observers import Observers
from .parts import Parts, stack_limits
from .prepared import Prepared
from .short_way import ShortWay
from .turns import Turns
from .waiting import ToHop, Waiting

logger = logging.getLogger("sipedge")

CANCEL_LIMIT = 1.0
"""Seconds at the very end in which callees may answer a CANCEL."""


class Server:
    """One edge at work. ``start``, then ``run`` until ``stop``."""

    def __init__(
        self,
        force: InForce,
        inherited: Mapping[Place, socket.socket],
        opener: Callable[[Listener], socket.socket] = open_socket,
        services: Callable[[], Sequence[ServiceState]] = tuple,
    ) -> None:
        """``inherited``: sockets that listen already. ``services``: what runs on engines beside this edge."""
        self._force, self._services = force, services
        self._settings = settings = force.settings
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._waiting = Waiting()
        self._ports: dict[str, int] = {}
        self.history = History(settings.history)
        self._fetcher = CrlFetcher(self._lists_changed)
        self._fetcher.follow(settings.dns, allowed_in(settings.zones))
        self._revocations = Revocations(settings.zones, self._fetcher)
        self._connections = self._make_connections(inherited, opener)
        self._stack = self._make_stack()
        self._resolver = Resolver(settings.dns, self._resolved)
        self._keeping = Keeping(settings)
        self.functions = self._make_functions()
        """Type of command -> the function that carries it out."""
        self._turns = Turns(self._stack, self.functions)
        self._proxy: Proxy
        self._keeper: asyncio.Task[None]
        self._observers: Observers
        self._short: ShortWay
        self._tap: Tap | None = None
        """None when no message is to be shown to anybody."""
        self.concluded: Callable[[Entry], None] | None = None
        """Told of each decision whose request has its final status."""
        self.probed: Callable[[commands.Probed], None] = lambda probed: None

    def _make_connections(
        self, inherited: Mapping[Place, socket.socket], opener: Callable[[Listener], socket.socket]
    ) -> Connections:
        settings = self._settings
        return Connections(
            limits=settings.limits,
            tls=self._force.contexts(),
            egress=lambda hop, names, usages: self._proxy.egress(hop, names, usages),
            revocations=self._revocations,
            on_opened=self._opened,
            on_message=self._message,
            on_read=self._read,
            on_malformed=self._malformed,
            on_failed=self._failed,
            on_closed=self._closed,
            is_used=lambda connection: self._stack.is_used(connection),
            is_owed=lambda connection: self._stack.is_owed(connection),
            retire_within=settings.timers.c,
            is_trusted=lambda address: self._proxy.is_neighbor(address),
            inherited=inherited,
            opener=opener,
        )

    def _make_stack(self) -> Stack:
        return Stack(
            emit=self._emit,
            send=self._transmit,
            may_answer=lambda branch, connection: self._proxy.may_answer(branch, connection, self._loop.time()),
            **stack_limits(self._settings.limits),
        )

    def _make_functions(self) -> Mapping[type, Callable[..., None]]:
        return {
            commands.Respond: self._respond,
            commands.Forward: self._forward,
            commands.Cancel: self._cancel,
            commands.Withdraw: self._withdraw,
            commands.Abandon: self._abandon,
            commands.Drop: lambda command: self._stack.drop(command.transaction),
            commands.Send: self._send,
            commands.Relay: lambda command: self._transmit(command.connection, command.data),
            commands.Connect: lambda command: self._connect(command.hop),
            commands.Close: lambda command: self._connections.close(command.connection, command.reason),
            commands.Resolve: lambda command: self._resolver.resolve(
                command.query, command.name, command.kind, command.asker
            ),
            commands.Log: log.say,
            commands.Record: self._record,
            commands.Conclude: self._conclude,
            commands.Keep: self._keeping.keep,
            commands.Probed: lambda command: self.probed(command),
            commands.Remember: lambda command: self._short.remember(command),
        }

    async def start(self) -> list[str]:
        """Open all listeners; returns a text for each. Raises OSError."""
        listeners, listening = self._settings.listeners, self._connections.listening
        listening.swap(listeners, listening.open(listeners, self._settings.places))
        self._note_ports()
        unique = count(1)
        boot = secrets.token_hex(4)
        environment = Environment(
            lambda: f"{boot}{next(unique):x}",
            random.SystemRandom().random,
            secrets.token_bytes,
            self._ports,
            self._connections.revocation,
            self._connections.offence,
        )
        self._proxy = Proxy(self._settings, environment)
        self._observers = Observers(
            self._settings, self._proxy, self._stack, self._connections, lambda: self._resolver, self._services
        )
        self._tap = self._observers.tap
        ways = self._stack, self._connections, self._proxy, self._turns
        self._short = ShortWay(*ways, environment.ids(), self._take_back, self._recorded)
        self._short.configure(self._settings)
        self._short.watch(self._tap is not None and self._tap.sees_messages)
        self._turns.start(self._proxy)
        self.tell(self._keeping.recalled())
        await listening.serve()
        self._keeper = self._loop.create_task(
            self._revocations.keep_fresh(lambda: self._settings.tls.crl_interval, self._lists_changed)
        )
        bound = listening.bound()
        return [f"{each.transport} {host_port(*bound[each.name])}" for each in listeners]

    def _note_ports(self) -> None:
        """The core reads them from this dictionary."""
        self._ports.clear()
        self._ports.update({name: port for name, (_, port) in self._connections.listening.bound().items()})

    async def run(self) -> None:
        """Serve until ``stop``, then begin nothing more, wait for what is open, answer what still is, and close."""
        await self._stopped.wait()
        self._short.end()
        self.tell(Ending())
        await self._connections.drain(self._settings.limits.drain, self._proxy.is_quiet)
        self.tell(DrainEnded())
        await self._connections.drain(CANCEL_LIMIT, lambda: not self._proxy.is_cancelling())
        self._keeper.cancel()
        await self._fetcher.aclose()
        await self._connections.aclose()
        await self._resolver.aclose()
        self._turns.stop()
        self._stack.shutdown()
        await self._observers.aclose()
        await self._keeping.aclose()

    def tell(self, event: Event) -> None:
        """Have the core handle an event now."""
        self._turns.put(event)
        self._turns.work()

    def stop(self) -> None:
        self._stopped.set()

    async def prepare(self, force: InForce) -> Prepared:
        """Open what another configuration needs, beside what is in use. Raises ValueError and OSError: nothing is open.

        One at a time, and ``use`` or nothing follows: see loads.py.
        """
        settings = force.settings
        use_lists = await self._revocations.prepare(settings.zones)
        contexts = await self._loop.run_in_executor(None, force.contexts)
        resolver = self._resolver_for(settings.dns)
        observed, journal = await self._observers.open(settings), None
        try:
            if self._stopped.is_set():
                raise OSError("the edge is ending")
            journal = await self._loop.run_in_executor(None, self._keeping.open, settings)
            opened = self._connections.listening.open(settings.listeners, settings.places)
        except OSError:
            await self._loop.run_in_executor(None, observed.close)
            if journal is not None:
                journal.end()
            raise
        return Prepared(force, use_lists, contexts, resolver, observed, journal, opened)

    async def use(self, prepared: Prepared) -> None:
        """Swap, within one turn of the loop, then close what is old."""
        settings = prepared.force.settings
        prepared.use_lists()
        self._fetcher.follow(settings.dns, allowed_in(settings.zones))
        self._keeping.use(settings, prepared.journal)
        self._swap(prepared.force, prepared.contexts, prepared.resolver, prepared.opened)
        await self._connections.listening.serve()
        await self._observers.reload(prepared.observed)
        self._tap = self._observers.tap
        self._short.watch(self._tap is not None and self._tap.sees_messages)
        self._turns.tick()

    @property
    def parts(self) -> Parts:
        observers, stopped = self._observers, self._stopped.is_set()
        return Parts(self._settings, self._proxy, self._connections, self._stack, observers, self.history, stopped)

    def sockets(self) -> Mapping[Place, socket.socket]:
        """Those that listen."""
        return self._connections.listening.sockets()

    def _resolver_for(self, dns: DnsSettings) -> Resolver:
        """Raises ResolverError."""
        return self._resolver if dns == self._settings.dns else Resolver(dns, self._resolved)

    def _swap(
        self, force: InForce, contexts: TlsContexts, resolver: Resolver, opened: Mapping[Place, socket.socket]
    ) -> None:
        """All within one turn of the loop: nobody sees a half of it."""
        settings = force.settings
        self._connections.listening.swap(settings.listeners, opened)
        self._connections.reload(limits=settings.limits, tls=contexts, retire_within=settings.timers.c)
        self._stack.limit(**stack_limits(settings.limits))
        self._note_ports()
        self._resolver = resolver  # the old one answers what it was asked
        self._resolver.forget()
        self._short.configure(settings)
        release_in_slices(self._settings.plan)
        self._force, self._settings = force, settings
        self.history = self.history.resized(settings.history)
        self.tell(ConfigChanged(settings))

    def _opened(self, event: ConnectionOpened) -> None:
        ends = Ends(
            event.transport == "TLS",
            local=(event.local_address, event.local_port),
            remote=(event.peer_address, event.peer_port),
            names=event.names,
            share=source_of(event.peer_address),
        )
        self._stack.open(event.connection, ends)
        self._short.opened(event)
        self.tell(event)
        if event.hop is not None:
            self._turns.carry_out(self._waiting.take(event.hop), event)
        self._turns.work()

    def _message(self, connection: int, message: Message) -> None:
        if self._tap is not None:
            self._tap.received(connection, message)
        try:
            self._stack.receive(connection, message)
        except Exception:
            logger.exception("connection %d: %r", connection, message)

    def _read(self) -> None:
        """Every message of a read has been through pjsip."""
        self._turns.work()
        self._turns.stay_awake(self._settings.limits.busy_poll)

    def _malformed(self, connection: int, error: FramingError) -> None:
        self._short.adopt_on(connection)
        if error.head is not None:
            if self._tap is not None:
                self._tap.unreadable(connection, error.head)
            self._turns.put(UnreadableReceived(connection, error.head, error.status, str(error)))

    def _failed(self, event: ConnectionFailed) -> None:
        self._turns.put(event)
        if event.hop is not None:
            self._fail_waiting(event.hop, event.reason)
        self._turns.work()

    def _closed(self, event: ConnectionClosed, unsent: list[bytes]) -> None:
        self._short.closed(event.connection)
        for data in unsent[: self._settings.limits.waiting_per_hop]:  # more could not wait for another connection
            self._take_back(event, data)
        self._turns.put(event)
        self._stack.close(event.connection)
        self._turns.work()

    def _lists_changed(self) -> None:
        self.tell(RevocationChanged())

    def _resolved(self, event: Resolved) -> None:
        if event.error and self._tap is not None:
            self._tap.dns_failed(event.error)
        self.tell(event)

    def _emit(self, event: Event) -> None:
        if type(event) is MalformedReceived:
            self._short.adopt_on(event.connection)
            self._connections.malformed(event.connection)
        self._turns.put(event)

    def _take_back(self, event: ConnectionClosed, data: bytes) -> None:
        """A message did not arrive: a request fails and may be sent again, others find another connection."""
        branch = branch_of_request(data)
        if branch and self._stack.connection_of(branch) == event.connection:
            self._stack.abandon(branch)
            self._turns.put(ForwardFailed(branch, 503, event.reason, unsent=True))
        else:
            self._turns.put(Undelivered(event.connection, data))

    def _transmit(self, connection: int, data: bytes) -> None:
        if not self._connections.send(connection, data):
            self._turns.put(Undelivered(connection, data))
        elif self._tap is not None:
            self._tap.sent(connection, data)

    def _respond(self, command: commands.Respond) -> None:
        self._stack.respond(command.transaction, command.status, command.data)

    def _forward(self, command: commands.Forward) -> None:
        if not (connection := self._connection(command)):
            return
        if not self._connections.is_open(connection):
            self._turns.put(ForwardFailed(command.branch, 503, "the connection is closed", unsent=True))
        elif not self._stack.forward(command.branch, connection, command.head, command.body):
            self._turns.put(ForwardFailed(command.branch, 503, "too many transactions are open"))

    def _cancel(self, command: commands.Cancel) -> None:
        connection = self._stack.connection_of(command.branch)
        if connection == 0:  # it is gone, and the answer still awaited
            connection = self._connection(command)
        if connection:
            self._stack.cancel(command.branch, connection, command.data)

    def _send(self, command: commands.Send) -> None:
        if connection := self._connection(command):
            self._transmit(connection, command.data)

    def _connection(self, command: ToHop) -> int:
        """The connection to use; 0 when the command has to wait for it or has failed."""
        hop = command.hop
        connection = hop.connection or self._connections.find(hop)
        if connection:
            return connection
        if self._waiting.count(hop) >= self._settings.limits.waiting_per_hop:
            self._fail(command, "too many requests wait for this connection")
        elif self._waiting.add(command):
            self._connect(hop)
        return 0

    def _connect(self, hop: Hop) -> None:
        zone = next((zone for zone in self._settings.zones if zone.name == hop.zone), None)
        if zone is None:  # a reload has come between the look-up and its answer
            self._fail_waiting(hop, f'zone "{hop.zone}" is no longer configured')
            return
        self._connections.connect(hop, zone.tls, self._proxy.source_address(hop))

    def _withdraw(self, command: commands.Withdraw) -> None:
        if self._waiting.abandon(command.branch):
            self._turns.put(ForwardFailed(command.branch, 487, "withdrawn before it was sent"))

    def _abandon(self, command: commands.Abandon) -> None:
        self._waiting.abandon(command.branch)
        self._stack.abandon(command.branch)

    def _fail_waiting(self, hop: Hop, reason: str) -> None:
        for command in self._waiting.take(hop):
            self._fail(command, reason)

    def _fail(self, command: ToHop, reason: str) -> None:
        if isinstance(command, commands.Forward):
            self._turns.put(ForwardFailed(command.branch, 503, reason))

    def _record(self, command: commands.Record) -> None:
        command.entry.time, command.entry.begun = time(), perf_counter()
        self.history.add(command.entry)
        if self._tap is not None:
            self._tap.searched(command.entry)

    def _conclude(self, command: commands.Conclude) -> None:
        command.entry.seconds = perf_counter() - command.entry.begun
        if self._tap is not None:
            self._tap.concluded(command.entry)
        if self.concluded is not None:
            self.concluded(command.entry)

    def _recorded(self, connection: int, begun: Records, ended: Records, copies: list[bytes]) -> None:
        """What a connection has brought that went the short way; ``copies``: methods of requests that came again."""
        self.history.extend(begun)
        if self._tap is not None:
            self._tap.went_short(connection, begun, ended, copies)
        if self.concluded is not None:
            for record in ended:
                self.concluded(entry_of(record))
