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
from collections.abc import Callable, Mapping
from itertools import count
from time import time

from sipedge.config import ConfigError
from sipedge.network.connections import Connections
from sipedge.network.crl_fetching import CrlFetcher
from sipedge.network.listening import Place, open_socket
from sipedge.network.resolver import Resolver
from sipedge.network.revocation import Revocations
from sipedge.network.tls import TlsContexts
from sipedge.pjsip.stack import Stack
from sipedge.proxy import commands
from sipedge.proxy.events import (
    ConfigChanged,
    ConnectionClosed,
    ConnectionFailed,
    ConnectionOpened,
    Event,
    ForwardFailed,
    MalformedReceived,
    Resolved,
    RevocationChanged,
    UnreadableReceived,
)
from sipedge.proxy.history import History
from sipedge.proxy.proxy import Environment, Proxy
from sipedge.settings import Listener
from sipedge.sip.framing import FramingError
from sipedge.sip.message import Message
from sipedge.tap.tap import Tap
from zones.addresses import host_port
from zones.dns import allowed_in
from zones.zone import Hop

from .in_force import InForce
from .observers import Observers
from .turns import Turns
from .waiting import Waiting

logger = logging.getLogger("sipedge")


class Server:
    """One edge at work. ``start``, then ``run`` until ``stop``."""

    def __init__(
        self,
        path: str,
        force: InForce,
        inherited: Mapping[Place, socket.socket],
        keep: Callable[[InForce, Mapping[Place, socket.socket]], None],
        opener: Callable[[Listener], socket.socket] = open_socket,
    ) -> None:
        """``path``: of the configuration, for ``reload``. ``inherited``: sockets that listen already.

        ``keep`` is told what is in force, with the listening sockets, after the start and each reload.
        """
        self._path, self._force = path, force
        self._keep = keep
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
        self.functions = self._make_functions()
        """Type of command -> the function that carries it out."""
        self._turns = Turns(self._stack, self.functions)
        self._proxy: Proxy
        self._keeper: asyncio.Task[None]
        self._observers: Observers
        self._tap: Tap | None = None
        """None when no message is to be shown to anybody."""

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
            on_malformed=self._malformed,
            on_failed=self._failed,
            on_closed=self._closed,
            inherited=inherited,
            opener=opener,
        )

    def _make_stack(self) -> Stack:
        limits = self._settings.limits
        return Stack(
            emit=self._emit,
            send=self._transmit,
            host=self._settings.system_name,
            max_message=limits.message,
            max_transactions=limits.transactions,
            max_transactions_per_connection=limits.transactions_per_connection,
        )

    def _make_functions(self) -> Mapping[type, Callable[..., None]]:
        return {
            commands.Respond: self._respond,
            commands.Forward: self._forward,
            commands.Cancel: lambda command: self._stack.cancel(command.branch, command.data),
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
            commands.Log: _log,
            commands.Record: self._record,
            commands.Conclude: self._conclude,
        }

    async def start(self) -> list[str]:
        """Open all listeners; returns a text for each. Raises OSError."""
        listeners, listening = self._settings.listeners, self._connections.listening
        listening.swap(listeners, listening.open(listeners))
        self._note_ports()
        unique = count(1)
        boot = secrets.token_hex(4)
        environment = Environment(
            lambda: f"{boot}{next(unique):x}",
            random.SystemRandom().random,
            secrets.token_bytes,
            self._ports,
            self._connections.revocation,
        )
        self._proxy = Proxy(self._settings, environment)
        self._observers = Observers(self._settings, self._proxy, self._stack, self._connections, lambda: self._resolver)
        self._tap = self._observers.tap
        self._turns.start(self._proxy)
        await listening.serve()
        self._keep(self._force, listening.sockets())
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
        """Serve until ``stop``, then wait for open transactions and close."""
        await self._stopped.wait()
        await self._connections.drain(self._settings.limits.drain, self._proxy.is_quiet)
        self._keeper.cancel()
        await self._fetcher.aclose()
        await self._connections.aclose()
        await self._resolver.aclose()
        self._turns.stop()
        self._stack.shutdown()
        await self._observers.aclose()

    def stop(self) -> None:
        self._stopped.set()

    async def reload(self) -> None:
        """Read the files anew, open what is new, and swap; when any of this fails nothing changes.

        One at a time: see reloads.py.
        """
        try:
            force = await self._loop.run_in_executor(None, InForce.read, self._path)
            use_lists = await self._revocations.prepare(force.settings.zones)
            contexts = force.contexts()
            opened = self._connections.listening.open(force.settings.listeners)
        except (ConfigError, ValueError, OSError) as error:
            logger.error("reload: nothing changed\n%s", error)
            return
        use_lists()
        self._fetcher.follow(force.settings.dns, allowed_in(force.settings.zones))
        self._swap(force, contexts, opened)
        await self._connections.listening.serve()
        self._keep(force, self._connections.listening.sockets())
        await self._observers.reload(force.settings)
        self._tap = self._observers.tap
        self._turns.tick()
        logger.info("reload: %s is in force", self._path)

    def _swap(self, force: InForce, contexts: TlsContexts, opened: Mapping[Place, socket.socket]) -> None:
        """All within one turn of the loop: nobody sees a half of it."""
        settings = force.settings
        self._connections.listening.swap(settings.listeners, opened)
        self._connections.reload(limits=settings.limits, tls=contexts)
        self._note_ports()
        if settings.dns != self._settings.dns:
            self._resolver = Resolver(settings.dns, self._resolved)  # the old one answers what it was asked
        self._resolver.forget()
        self._force, self._settings = force, settings
        self.history = self.history.resized(settings.history)
        self._turns.put(ConfigChanged(settings))
        self._turns.work()

    def _opened(self, event: ConnectionOpened) -> None:
        self._stack.open(
            event.connection,
            secure=event.transport == "TLS",
            local=(event.local_address, event.local_port),
            remote=(event.peer_address, event.peer_port),
        )
        self._turns.put(event)
        self._turns.work()
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
        self._turns.work()
        self._turns.stay_awake(self._settings.limits.busy_poll)

    def _malformed(self, connection: int, error: FramingError) -> None:
        if error.head is not None:
            if self._tap is not None:
                self._tap.unreadable(connection, error.head)
            self._turns.put(UnreadableReceived(connection, error.head, error.status, str(error)))
            self._turns.work()

    def _failed(self, event: ConnectionFailed) -> None:
        self._turns.put(event)
        if event.hop is not None:
            self._fail_waiting(event.hop, event.reason)
        self._turns.work()

    def _closed(self, event: ConnectionClosed) -> None:
        self._stack.close(event.connection)
        self._turns.put(event)
        self._turns.work()

    def _lists_changed(self) -> None:
        self._turns.put(RevocationChanged())
        self._turns.work()

    def _resolved(self, event: Resolved) -> None:
        if event.error and self._tap is not None:
            self._tap.dns_failed(event.error)
        self._turns.put(event)
        self._turns.work()

    def _emit(self, event: Event) -> None:
        if type(event) is MalformedReceived:
            self._connections.malformed(event.connection)
        self._turns.put(event)

    def _transmit(self, connection: int, data: bytes) -> None:
        if self._connections.send(connection, data) and self._tap is not None:
            self._tap.sent(connection, data)

    def _respond(self, command: commands.Respond) -> None:
        self._stack.respond(command.transaction, command.status, command.data)

    def _forward(self, command: commands.Forward) -> None:
        connection = self._connection(command)
        if connection and not self._stack.forward(command.branch, connection, command.head, command.body):
            self._turns.put(ForwardFailed(command.branch, 503, "too many transactions are open"))

    def _send(self, command: commands.Send) -> None:
        connection = self._connection(command)
        if connection:
            self._transmit(connection, command.data)

    def _connection(self, command: commands.Forward | commands.Send) -> int:
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

    def _fail(self, command: commands.Forward | commands.Send, reason: str) -> None:
        if isinstance(command, commands.Forward):
            self._turns.put(ForwardFailed(command.branch, 503, reason))

    def _record(self, command: commands.Record) -> None:
        command.entry.time = time()
        self.history.add(command.entry)
        if self._tap is not None:
            self._tap.searched(command.entry)

    def _conclude(self, command: commands.Conclude) -> None:
        if self._tap is not None:
            self._tap.concluded(command.entry)


def _log(command: commands.Log) -> None:
    level = logging.getLevelNamesMapping()[command.level.upper()]
    if logger.isEnabledFor(level):
        error = command.error
        raised = None if error is None else (type(error), error, error.__traceback__)
        extra = {"source": command.source} if command.source else None
        file, line = command.place
        logger.handle(logger.makeRecord(logger.name, level, file, line, "%s", (command.text,), raised, extra=extra))
