"""The running edge: connections, pjsip, resolver and proxy core joined in one event loop.

Whatever arrives becomes an event in one queue; the core turns each event into commands; the commands are carried out
here. Nothing in this file decides anything about a message.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sipedge.network.connections import Connections
from sipedge.network.listening import Place, place_of
from sipedge.network.resolver import Resolver
from sipedge.network.tcp.sockets import Sockets
from sipedge.network.tls import TlsContexts
from sipedge.pjsip.stack import Stack
from sipedge.proxy import commands
from sipedge.proxy.events import (
    ConfigChanged,
    ConnectionClosed,
    ConnectionFailed,
    ConnectionOpened,
    DrainEnded,
    Ending,
    Event,
    MalformedReceived,
    Resolved,
    RevocationChanged,
    Undelivered,
    UnreadableReceived,
)
from sipedge.proxy.proxy import Proxy
from sipedge.servers.state import ServiceState
from sipedge.settings import DnsSettings, Settings
from sipedge.sip.framing import FramingError
from sipedge.sip.message import Message
from sipedge.tap.tap import Tap
from zones.addresses import host_port

from .environment import environment_of
from .in_force import InForce, release_in_slices
from .keeping import Keeping
from .lists import Lists
from .logs import log
from .observers import Observers
from .others.colleagues import FIRST, Colleagues, stack_limits
from .others.elsewhere import Elsewhere, ends_of
from .parts import Parts
from .prepared import Prepared
from .recording import Recording
from .sending import Sending
from .short_way import ShortWay
from .together import Together, among_of, together_of
from .turns import Turns

logger = logging.getLogger("sipedge")

CANCEL_LIMIT = 1.0
"""Seconds at the very end in which callees may answer a CANCEL."""


class Server:
    """One edge at work. ``start``, then ``run`` until ``stop``."""

    def __init__(
        self,
        force: InForce,
        inherited: Mapping[Place, socket.socket],
        sockets: Callable[[], Sockets] = Sockets,
        services: Callable[[], Sequence[ServiceState]] = tuple,
        colleagues: Colleagues | None = None,
    ) -> None:
        """``inherited``: sockets that listen already. ``services``: what runs on engines beside this edge.

        ``colleagues``: where this is one of several workers. ``sockets``: what connections are made of.
        """
        self._force, self._services = force, services
        self._settings = settings = force.settings
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._colleagues = colleagues
        self._ports: dict[str, int] = {}
        self.recording = Recording(settings.history)
        self._lists = Lists(settings, lambda: self.tell(RevocationChanged()))
        self._connections = self._make_connections(inherited, sockets)
        self._stack = self._make_stack()
        self._resolver = Resolver(settings.dns, self._resolved)
        self._keeping = Keeping(settings, colleagues.bus.worker if colleagues else FIRST)
        self.functions = self._make_functions()
        """Type of command -> the function that carries it out."""
        self._turns = Turns(self._stack, self.functions)
        self._elsewhere = elsewhere = Elsewhere(colleagues)
        self._sending = self._make_sending(elsewhere)
        parts = self._stack, self._connections, self._turns, elsewhere
        self._together = together_of(colleagues, settings.workers, *parts) if colleagues else None
        self._proxy: Proxy
        self._observers: Observers
        self._short: ShortWay
        self._tap: Tap | None = None
        """None when no message is to be shown to anybody."""
        self.probed: Callable[[commands.Probed], None] = lambda probed: None

    def _make_connections(
        self, inherited: Mapping[Place, socket.socket], sockets: Callable[[], Sockets]
    ) -> Connections:
        settings = self._settings
        return Connections(
            limits=settings.limits,
            tls=self._force.contexts(),
            egress=lambda hop, names, usages: self._proxy.egress(hop, names, usages),
            revocations=self._lists.revocations,
            on_opened=self._opened,
            on_message=self._message,
            on_read=self._read,
            on_malformed=self._malformed,
            on_failed=self._failed,
            on_closed=self._closed,
            is_used=lambda connection: (
                self._stack.is_used(connection) or self._is_elsewhere(Together.is_used, connection)
            ),
            is_owed=lambda connection: (
                self._stack.is_owed(connection) or self._is_elsewhere(Together.is_owed, connection)
            ),
            retire_within=settings.timers.c,
            is_trusted=lambda address: self._proxy.is_neighbor(address),
            inherited=inherited,
            sockets=sockets,
            among=among_of(self._colleagues, lambda: self._together) if self._colleagues else None,
        )

    def _is_elsewhere(self, what: Callable[[Together, int], bool], connection: int) -> bool:
        return self._together is not None and what(self._together, connection)

    def _make_sending(self, elsewhere: Elsewhere) -> Sending:
        return Sending(
            self._stack,
            self._connections,
            self._turns,
            elsewhere,
            settings=lambda: self._settings,
            proxy=lambda: self._proxy,
            transmit=self._transmit,
        )

    def _make_stack(self) -> Stack:
        return Stack(
            emit=self._emit,
            send=self._transmit,
            may_answer=lambda branch, connection: self._proxy.may_answer(branch, connection, self._loop.time()),
            secret=self._colleagues.secret if self._colleagues else b"",
            **stack_limits(self._settings),
        )

    def _make_functions(self) -> Mapping[type, Callable[..., None]]:
        return {
            commands.Respond: self._respond,
            commands.Forward: lambda command: self._sending.forward(command),
            commands.Cancel: lambda command: self._sending.cancel(command),
            commands.Withdraw: lambda command: self._sending.withdraw(command),
            commands.Abandon: lambda command: self._sending.abandon(command),
            commands.Drop: lambda command: self._stack.drop(command.transaction),
            commands.Send: lambda command: self._sending.send(command),
            commands.Relay: lambda command: self._transmit(command.connection, command.data),
            commands.Connect: lambda command: self._sending.connect_here(command.hop),
            commands.Close: lambda command: self._sending.close(command),
            commands.Resolve: lambda command: self._resolver.resolve(
                command.query, command.name, command.kind, command.asker
            ),
            commands.Log: log.say,
            commands.Record: self.recording.record,
            commands.Conclude: self.recording.conclude,
            commands.Keep: self._keeping.keep,
            commands.CallGiven: self._give,
            commands.Probed: lambda command: self.probed(command),
            commands.Remember: lambda command: self._short.remember(command),
        }

    async def start(self) -> list[str]:
        """Open all listeners; returns a text for each. Raises OSError."""
        listeners, listening = self._settings.listeners, self._connections.listening
        if not self._follows:
            listening.swap(listeners, self._open(self._settings))
        self._note_ports()
        environment = environment_of(self._ports, self._connections, self._colleagues, self._together)
        self._proxy = Proxy(self._settings, environment)
        parts = self._settings, self._proxy, self._stack, self._connections
        self._observers = Observers(*parts, lambda: self._resolver, self._services, self._colleagues)
        self._observers.opening = self._sending.waiting
        self._tap = self.recording.tap = self._observers.tap
        ways = self._stack, self._connections, self._proxy, self._turns, self._elsewhere
        self._short = ShortWay(
            *ways,
            environment.ids(),
            self._received,
            self._sending.take_back,
            self.recording.went_short,
            self._stay_awake,
        )
        self._short.configure(self._settings)
        self._short.watch(self._tap is not None and self._tap.sees_messages)
        if self._together is not None:
            self._together.begin(self._proxy, self._sending, self._short, self._lists, self._received)
        self._turns.start(self._proxy)
        self.tell(self._keeping.recalled())
        self._serve()
        self._lists.start(lambda: self._settings.tls.crl_interval)
        bound = listening.bound()
        return [f"{each.transport} {host_port(*bound[each.name])}" for each in listeners if each.name in bound]

    @property
    def _follows(self) -> bool:
        return self._colleagues is not None and self._colleagues.follows

    def accept(self, place: Place, taken: socket.socket, source: str, too_many: str) -> None:
        """A connection that the supervisor has taken; ``source`` and ``too_many``: see Connections.accepted."""
        listener = next((each for each in self._settings.listeners if place_of(each) == place), None)
        if listener is None or self._stopped.is_set():
            taken.close()
            if self._colleagues is not None:
                self._colleagues.gone(source)
        else:
            self._connections.accepted(listener, taken, source, too_many)

    def _note_ports(self) -> None:
        """The core reads them from this dictionary."""
        self._ports.clear()
        self._ports.update({name: port for name, (_, port) in self._connections.listening.bound().items()})
        if self._follows and self._colleagues is not None:
            self._ports.update(self._colleagues.ports)

    async def run(self) -> None:
        """Serve until ``stop``, then begin nothing more, wait for what is open, answer what still is, and close."""
        await self._stopped.wait()
        self._short.end()
        self.tell(Ending())
        await self._connections.drain(self._settings.limits.drain, self._is_quiet)
        self.tell(DrainEnded())
        await self._connections.drain(CANCEL_LIMIT, lambda: not self._proxy.is_cancelling())
        await self._lists.aclose()
        await self._connections.aclose()
        await self._resolver.aclose()
        self._turns.stop()
        self._stack.shutdown()
        await self._observers.aclose()
        await self._keeping.aclose()

    def _is_quiet(self) -> bool:
        """Whether nothing is lost by ending now, for another worker either."""
        return self._proxy.is_quiet() and (self._together is None or self._together.quiet())

    def tell(self, event: Event) -> None:
        """Have the core handle an event now."""
        self._turns.put(event)
        self._turns.work()

    def close(self, connection: int, reason: str) -> None:
        """Here or in the worker that has it."""
        self._sending.close(commands.Close(connection, reason))

    def stop(self) -> None:
        self._stopped.set()

    async def prepare(self, force: InForce) -> Prepared:
        """Open what another configuration needs, beside what is in use. Raises ValueError and OSError: nothing is open.

        One at a time, and ``use`` or nothing follows: see loads.py.
        """
        settings = force.settings
        use_lists = await self._lists.prepare(settings.zones)
        contexts = await self._loop.run_in_executor(None, force.contexts)
        resolver = self._resolver_for(settings.dns)
        observed, journal = await self._observers.open(settings), None
        try:
            if self._stopped.is_set():
                raise OSError("the edge is ending")
            journal = await self._loop.run_in_executor(None, self._keeping.open, settings)
            opened = self._open(settings)
        except OSError:
            await self._loop.run_in_executor(None, observed.close)
            if journal is not None:
                journal.end()
            raise
        return Prepared(force, use_lists, contexts, resolver, observed, journal, opened)

    async def unprepare(self, prepared: Prepared) -> None:
        """It is not used after all."""
        if prepared.resolver is not self._resolver:
            await prepared.resolver.aclose()
        await self._loop.run_in_executor(None, prepared.observed.close)

    async def use(self, prepared: Prepared, ports: Mapping[str, int] | None = None) -> None:
        """Swap, within one turn of the loop, then close what is old. ``ports``: where another worker listens."""
        if ports is not None and self._colleagues is not None:
            self._colleagues = replace(self._colleagues, ports=ports)
        settings = prepared.force.settings
        prepared.use_lists()
        self._lists.follow(settings)
        self._keeping.use(settings, prepared.journal)
        self._swap(prepared.force, prepared.contexts, prepared.resolver, prepared.opened)
        self._serve()
        await self._observers.reload(prepared.observed)
        self._tap = self.recording.tap = self._observers.tap
        self._short.watch(self._tap is not None and self._tap.sees_messages)
        self._turns.tick()

    @property
    def parts(self) -> Parts:
        observers, stopped = self._observers, self._stopped.is_set()
        return Parts(
            self._settings, self._proxy, self._connections, self._stack, observers, self.recording.history, stopped
        )

    def sockets(self) -> Mapping[Place, socket.socket]:
        """Those that listen."""
        return self._connections.listening.sockets()

    def _open(self, settings: Settings) -> Mapping[Place, socket.socket]:
        """Raises OSError."""
        return {} if self._follows else self._connections.listening.open(settings.listeners, settings.places)

    def _serve(self) -> None:
        """Take connections, where not the supervisor does."""
        if self._colleagues is None:
            self._connections.listening.serve()

    @property
    def ports(self) -> Mapping[str, int]:
        """Name of a listener -> its port."""
        return dict(self._ports)

    def _resolver_for(self, dns: DnsSettings) -> Resolver:
        """Raises ResolverError."""
        return self._resolver if dns == self._settings.dns else Resolver(dns, self._resolved)

    def _swap(
        self, force: InForce, contexts: TlsContexts, resolver: Resolver, opened: Mapping[Place, socket.socket]
    ) -> None:
        """All within one turn of the loop: nobody sees a half of it."""
        settings = force.settings
        if not self._follows:
            self._connections.listening.swap(settings.listeners, opened)
        self._connections.reload(limits=settings.limits, tls=contexts, retire_within=settings.timers.c)
        self._stack.limit(**stack_limits(settings))
        self._note_ports()
        self._resolver = resolver  # the old one answers what it was asked
        self._resolver.forget()
        self._short.configure(settings)
        release_in_slices(self._settings.plan)
        self._force, self._settings = force, settings
        self.recording.history = self.recording.history.resized(settings.history)
        self.tell(ConfigChanged(settings))

    def _opened(self, event: ConnectionOpened) -> None:
        self._stack.open(event.connection, ends_of(event))
        self._short.opened(event)
        self._turns.put(event)
        self._turns.work()
        if event.hop is not None:
            self._sending.opened(event.hop, event)
        if self._together is not None:
            self._together.announce(event.connection)
        self._turns.work()

    def _message(self, connection: int, message: Message) -> None:
        if self._together is None or not self._together.takes_response(connection, message):
            self._received(connection, message)

    def _received(self, connection: int, message: Message) -> None:
        """A message that is this worker's, or a request that came here: pjsip finds out whose it is."""
        if self._tap is not None:
            self._tap.received(connection, message)
        try:
            self._stack.receive(connection, message)
        except Exception:
            logger.exception("connection %d: %r", connection, message)

    def _read(self) -> None:
        """Every message of a read has been through pjsip."""
        self._turns.work()
        if self._together is not None:
            self._together.publish()
        self._stay_awake()

    def _stay_awake(self) -> None:
        if self._together is None:  # workers that stayed awake would take each other's processor time
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
            self._sending.failed(event.hop, event.reason)
            if self._together is not None:
                self._together.connect_failed(event)
        self._turns.work()

    def _closed(self, event: ConnectionClosed, unsent: list[bytes]) -> None:
        self._short.closed(event.connection)
        self._sending.closed(event, unsent)
        if self._together is not None:
            self._together.gone(event)
        self._turns.put(event)
        self._stack.close(event.connection)
        self._turns.work()

    def _resolved(self, event: Resolved) -> None:
        if event.error and self._tap is not None:
            self._tap.dns_failed(event.error)
        self.tell(event)

    def _emit(self, event: Event) -> None:
        if type(event) is MalformedReceived:
            self._short.adopt_on(event.connection)
            self._connections.malformed(event.connection)
        self._turns.put(event)

    def _transmit(self, connection: int, data: bytes) -> None:
        if not self._sending.write(connection, data):
            self._turns.put(Undelivered(connection, data))
        elif self._tap is not None:
            self._tap.sent(connection, data)

    def _give(self, command: commands.CallGiven) -> None:
        if self._together is not None:
            self._together.give(command)

    def _respond(self, command: commands.Respond) -> None:
        self._stack.respond(command.transaction, command.status, command.data)
