"""The running edge: connections, pjsip, resolver and proxy core joined in one event loop.

Whatever arrives becomes an event in one queue; the core turns each event into commands; the commands are carried out
here. Nothing in this file decides anything about a message.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import random
import resource
import secrets
import signal
from collections import deque
from collections.abc import Callable
from itertools import count
from time import perf_counter, time
from typing import Any

from sipedge.config import ConfigError, load_config
from sipedge.network.connections import Connections
from sipedge.network.resolver import Resolver
from sipedge.network.tls import TlsContexts
from sipedge.pjsip.stack import Stack
from sipedge.proxy import commands
from sipedge.proxy.commands import Command
from sipedge.proxy.events import (
    ConfigChanged,
    ConnectionClosed,
    ConnectionFailed,
    ConnectionOpened,
    Event,
    ForwardFailed,
    MalformedReceived,
    RequestReceived,
    Resolved,
    UnreadableReceived,
)
from sipedge.proxy.history import History
from sipedge.proxy.proxy import Environment, Proxy
from sipedge.settings import Listener, Settings
from sipedge.sip.framing import FramingError
from sipedge.sip.message import Message
from sipedge.sip.responses import response
from sipedge.tap.tap import Tap
from zones.addresses import host_port
from zones.zone import Hop

from .observers import Observers
from .supervisor import supervise

logger = logging.getLogger("sipedge")

POLL = 0.005
"""Seconds between two rounds of pjsip's timers while transactions are open: finished ones must go away soon."""
IDLE_POLL = 0.5


class Server:
    """One edge at work. ``start``, then ``run`` until ``stop``."""

    def __init__(self, path: str, settings: Settings) -> None:
        self._path = path
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._events: deque[Event] = deque()
        self._working = False
        self._timer: asyncio.TimerHandle | None = None
        self._soon = False
        self._awake = False
        self._awake_until = 0.0
        self._stopped = asyncio.Event()
        self._waiting: dict[Hop, list[Command]] = {}
        self._ports: dict[str, int] = {}
        self.history = History(settings.history)
        self._observers: Observers
        self._tap: Tap | None = None
        """What passes is shown to it; None where nobody wants to see."""
        limits = settings.limits
        self._connections = Connections(
            limits=limits,
            tls=TlsContexts(settings.tls, settings.listeners, settings.zones),
            egress=lambda hop, names, usages: self._proxy.egress(hop, names, usages),
            on_opened=self._opened,
            on_message=self._message,
            on_malformed=self._malformed,
            on_failed=self._emit_and_work,
            on_closed=self._closed,
        )
        self._stack = Stack(
            emit=self._emit,
            send=self._transmit,
            host=settings.system_name,
            max_message=limits.message,
            max_transactions=limits.transactions,
            max_transactions_per_connection=limits.transactions_per_connection,
        )
        self._resolver = Resolver(settings.dns, self._resolved)
        self._proxy: Proxy
        self._carry_out: dict[type, Callable[..., None]] = {
            commands.Respond: self._respond,
            commands.Forward: self._forward,
            commands.Cancel: lambda command: self._stack.cancel(command.branch, command.data),
            commands.Abandon: self._abandon,
            commands.Drop: lambda command: self._stack.drop(command.transaction),
            commands.Send: self._send,
            commands.Relay: lambda command: self._transmit(command.connection, command.data),
            commands.Connect: lambda command: self._connect(command.hop),
            commands.Close: lambda command: self._connections.close(command.connection, command.reason),
            commands.Resolve: lambda command: self._resolver.resolve(command.query, command.name, command.kind),
            commands.Log: _log,
            commands.Record: self._record,
            commands.Conclude: self._conclude,
        }

    # ----------------------------------------------------------------------------------------------------- life cycle

    async def start(self) -> list[str]:
        """Open all listeners; returns one text for each. Raises OSError."""
        opened = []
        for listener in self._settings.listeners:
            address, port = await self._connections.listen(listener)
            self._ports[listener.name] = port
            opened.append(_place(listener, address, port))
        unique = count(1)
        boot = secrets.token_hex(4)
        environment = Environment(
            lambda: f"{boot}{next(unique):x}", random.SystemRandom().random, secrets.token_bytes, self._ports
        )
        self._proxy = Proxy(self._settings, environment)
        self._observers = Observers(self._settings, self._proxy, self._stack, self._connections)
        self._tap = self._observers.tap
        self._tick()
        return opened

    async def run(self) -> None:
        """Serve until ``stop``, then wait for open transactions and close."""
        await self._stopped.wait()
        await self._connections.drain(self._settings.limits.drain, self._proxy.is_quiet)
        if self._timer is not None:
            self._timer.cancel()
        await self._connections.aclose()
        await self._resolver.aclose()
        self._stack.shutdown()
        await self._observers.aclose()

    def stop(self) -> None:
        self._stopped.set()

    async def reload(self) -> None:
        """Read the files anew and swap; with an error in them nothing changes."""
        try:
            settings = await self._loop.run_in_executor(None, load_config, self._path)
            contexts = TlsContexts(settings.tls, settings.listeners, settings.zones)
        except (ConfigError, ValueError, OSError) as error:
            logger.error("reload: nothing changed\n%s", error)
            return
        await self._reopen(settings)
        self._connections.reload(limits=settings.limits, tls=contexts)
        if settings.dns != self._settings.dns:
            self._resolver = Resolver(settings.dns, self._resolved)  # the old one answers what it was asked
        self._resolver.forget()
        self._settings = settings
        self.history = self.history.resized(settings.history)
        self._emit_and_work(ConfigChanged(settings))
        await self._observers.reload(settings)
        self._tap = self._observers.tap
        self._tick()
        logger.info("reload: %s is in force", self._path)

    async def _reopen(self, settings: Settings) -> None:
        """Listeners that are new are opened, those that are gone are closed; the others go on."""
        old = {item.name: item for item in self._settings.listeners}
        for listener in settings.listeners:
            if old.get(listener.name) == listener:
                continue
            if listener.name in old:
                self._connections.stop_listening(listener.name)
            try:
                _, self._ports[listener.name] = await self._connections.listen(listener)
            except OSError as error:
                logger.error('reload: listener "%s" cannot be opened: %s', listener.name, error)
        for name in old.keys() - {item.name for item in settings.listeners}:
            self._connections.stop_listening(name)

    # --------------------------------------------------------------------------------------------------- what happens

    def _opened(self, event: ConnectionOpened) -> None:
        self._stack.open(
            event.connection,
            secure=event.transport == "TLS",
            local=(event.local_address, event.local_port),
            remote=(event.peer_address, event.peer_port),
        )
        self._emit_and_work(event)
        if event.hop is not None:
            for command in self._waiting.pop(event.hop, ()):
                self._carry_out[type(command)](command)
        self._work()

    def _message(self, connection: int, message: Message) -> None:
        if self._tap is not None:
            self._tap.received(connection, message)
        try:
            self._stack.receive(connection, message)
        except Exception:
            logger.exception("connection %d: %r", connection, message)
        self._work()
        if not self._awake:
            self._awake = True
            self._loop.call_soon(self._stay_awake)
        self._awake_until = perf_counter() + self._settings.limits.busy_poll

    def _stay_awake(self) -> None:
        """Keep the loop from sleeping for ``limits.busy_poll`` seconds after a message."""
        if perf_counter() < self._awake_until:
            self._loop.call_soon(self._stay_awake)
        else:
            self._awake = False

    def _malformed(self, connection: int, error: FramingError) -> None:
        if error.head is not None:
            if self._tap is not None:
                self._tap.unreadable(connection, error.head)
            self._emit_and_work(UnreadableReceived(connection, error.head, error.status, str(error)))

    def _closed(self, event: ConnectionClosed) -> None:
        self._stack.close(event.connection)
        self._emit_and_work(event)

    def _resolved(self, event: Resolved) -> None:
        if event.error and self._tap is not None:
            self._tap.dns_failed(event.error)
        self._emit_and_work(event)

    def _emit(self, event: Event) -> None:
        if type(event) is MalformedReceived:
            self._connections.malformed(event.connection)
        self._events.append(event)

    def _emit_and_work(self, event: Event) -> None:
        self._events.append(event)
        if isinstance(event, ConnectionFailed):
            self._fail_waiting(event)
        self._work()

    def _work(self) -> None:
        """Handle events until there are none; events that commands cause come behind those that are there."""
        if self._working:
            return
        self._working = True
        try:
            events, carry_out, now = self._events, self._carry_out, self._loop.time()
            while events:
                event = events.popleft()
                for command in self._proxy.handle(event, now):
                    try:
                        carry_out[type(command)](command)
                    except Exception:
                        self._broken(command, event)
        finally:
            self._working = False
        if not self._soon:
            self._sleep(POLL)

    def _tick(self) -> None:
        """pjsip's timers and the core's, then sleep until one is due."""
        now = self._loop.time()
        pause = None
        try:
            pause = self._stack.poll()
        except Exception:
            logger.exception("pjsip's timers")
        for command in self._proxy.tick(now):
            try:
                self._carry_out[type(command)](command)
            except Exception:
                self._broken(command, None)
        self._soon = True
        self._work()
        deadline = self._proxy.next_deadline()
        waits = [wait for wait in (pause, None if deadline is None else deadline - now) if wait is not None]
        self._sleep(min(max(min(waits, default=IDLE_POLL), POLL), IDLE_POLL))

    def _broken(self, command: Command, event: Event | None) -> None:
        """A command could not be carried out: log it with its event, answer 500, and go on."""
        logger.exception("%r, because of %r", command, event)
        if isinstance(event, RequestReceived) and event.transaction and type(command) is not commands.Respond:
            data = response(event.message, 500, tag=f"broken{event.transaction:x}")
            self._stack.respond(event.transaction, 500, data)

    def _sleep(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._soon = seconds <= POLL
        self._timer = self._loop.call_later(seconds, self._tick)

    # --------------------------------------------------------------------------------------------- what is to be done

    def _transmit(self, connection: int, data: bytes) -> None:
        if self._connections.send(connection, data) and self._tap is not None:
            self._tap.sent(connection, data)

    def _respond(self, command: commands.Respond) -> None:
        self._stack.respond(command.transaction, command.status, command.data)

    def _forward(self, command: commands.Forward) -> None:
        connection = self._connection(command.hop, command)
        if connection and not self._stack.forward(command.branch, connection, command.head, command.body):
            self._events.append(ForwardFailed(command.branch, 503, "too many transactions are open"))

    def _send(self, command: commands.Send) -> None:
        connection = self._connection(command.hop, command)
        if connection:
            self._transmit(connection, command.data)

    def _connection(self, hop: Hop, command: commands.Forward | commands.Send) -> int:
        """The connection to use; 0 when the command has to wait for it or has failed."""
        connection = hop.connection or self._connections.find(hop)
        if connection:
            return connection
        waiting = self._waiting.setdefault(hop, [])
        if len(waiting) >= self._settings.limits.waiting_per_hop:
            self._fail(command, "too many requests wait for this connection")
            return 0
        waiting.append(command)
        if len(waiting) == 1:
            self._connect(hop)
        return 0

    def _connect(self, hop: Hop) -> None:
        zone = next((zone for zone in self._settings.zones if zone.name == hop.zone), None)
        if zone is None:  # a reload has come between the look-up and its answer
            gone = f'zone "{hop.zone}" is no longer configured'
            self._fail_waiting(ConnectionFailed(hop.zone, hop.address, hop.port, gone, hop))
            return
        self._connections.connect(hop, zone.tls, self._proxy.source_address(hop))

    def _abandon(self, command: commands.Abandon) -> None:
        for waiting in self._waiting.values():
            waiting[:] = [
                item for item in waiting if not isinstance(item, commands.Forward) or item.branch != command.branch
            ]
        self._stack.abandon(command.branch)

    def _fail_waiting(self, event: ConnectionFailed) -> None:
        if event.hop is not None:
            for command in self._waiting.pop(event.hop, ()):
                self._fail(command, event.reason)

    def _fail(self, command: Command, reason: str) -> None:
        if isinstance(command, commands.Forward):
            self._events.append(ForwardFailed(command.branch, 503, reason))

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
    extra = {"source": command.source} if command.source else None
    logger.log(level, "%s", command.text, exc_info=command.error, extra=extra)


def _place(listener: Listener, address: str, port: int) -> str:
    return f"{listener.transport} {host_port(address, port)}"


def _unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What nobody caught inside the loop (no more file descriptors, say): one line, and the loop goes on."""
    logger.error("%s: %r", context.get("message", "event loop"), context.get("exception"))


def _allow_files(connections: int) -> None:
    """Raise the soft limit of open files to what the limits allow; the usual 1024 is less than 2000 connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * connections + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        if raised < wanted:
            logger.warning("only %d open files are allowed; limits.connections wants %d", raised, wanted)


async def _serve(path: str, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_unhandled)
    _allow_files(settings.limits.connections)
    server = Server(path, settings)
    places = await server.start()
    reloads: set[asyncio.Task[None]] = set()

    def reload() -> None:
        task = loop.create_task(server.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    print(f"sipedge: {settings.system_name} serves {', '.join(places)}", flush=True)
    await server.run()


def run(path: str) -> int:
    """Serve with a configuration until SIGTERM. Raises ConfigError, TlsError, ResolverError, StackError, OSError."""
    return supervise(lambda: _work(path))


GARBAGE_THRESHOLDS = (50_000, 20, 20)
"""Objects of a transaction die by reference count; the collector looks for cycles more rarely than Python's default."""


def _work(path: str) -> int:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a reload asked for before there is anything to reload
    settings = load_config(path)
    runner = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        runner = uvloop.run
    runner(_serve(path, settings))
    return 0
