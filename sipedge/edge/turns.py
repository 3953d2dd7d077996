"""The turn of the loop: events go to the core, its commands are carried out, and timers wake it in time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter

from sipedge.pjsip.stack import Stack
from sipedge.proxy.commands import Command, Respond
from sipedge.proxy.events import Event, RequestReceived
from sipedge.proxy.proxy import Proxy
from sipedge.sip.responses import response

logger = logging.getLogger("sipedge")

POLL = 0.005
"""Seconds between two rounds of pjsip's timers while transactions are open: finished ones must go away soon."""
IDLE_POLL = 0.5


class Turns:
    """The queue of events. It is worked off between ``start`` and ``stop``; before ``start`` events wait in it."""

    def __init__(self, stack: Stack, functions: Mapping[type, Callable[..., None]]) -> None:
        """``functions``: type of command -> the function that carries it out."""
        self._loop = asyncio.get_running_loop()
        self._stack, self._functions = stack, functions
        self._proxy: Proxy | None = None
        self._events: deque[Event] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._tick_at = float("inf")
        """When ``tick`` comes next, by the loop's clock: ``work`` sets a timer only where it would come too late."""
        self._awake = False
        """Whether ``_look_again`` is to come."""
        self._awake_until = 0.0
        """By perf_counter."""

    def start(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self.tick()

    def stop(self) -> None:
        self._proxy = None
        if self._timer is not None:
            self._timer.cancel()

    def put(self, event: Event) -> None:
        """Queue an event for the next ``work``."""
        self._events.append(event)

    def work(self) -> None:
        """Handle events until there are none; events that commands cause come behind those that are there.

        The core takes all that are there before the first command is carried out, as pjsip has taken all of a read
        before: each of the three is much code, and stays in the processor's cache for a batch (docs/performance.md).

        A function that carries out a command must not call it: the outcome comes later, by way of the loop.
        """
        proxy, events, now = self._proxy, self._events, self._loop.time()
        if proxy is None:
            return
        while events:
            batch = [(event, proxy.handle(event, now)) for event in events]
            events.clear()
            for event, commands in batch:
                self.carry_out(commands, event)
        if self._tick_at > now + POLL:
            self._sleep(POLL)

    def carry_out(self, commands: Iterable[Command], event: Event | None) -> None:
        """Carry out commands in their order. One that fails is logged with its event, and the others go on."""
        functions = self._functions
        for command in commands:
            try:
                functions[type(command)](command)
            except Exception:
                self._broken(command, event)

    def tick(self) -> None:
        """Run pjsip's timers and the core's, then sleep until one is due."""
        proxy, now = self._proxy, self._loop.time()
        if proxy is None:
            return
        pause = None
        try:
            pause = self._stack.poll()
        except Exception:
            logger.exception("pjsip's timers")
        self.carry_out(proxy.tick(now), None)
        self.work()
        deadline = proxy.next_deadline()
        waits = [wait for wait in (pause, None if deadline is None else deadline - now) if wait is not None]
        self._sleep(min(max(min(waits, default=IDLE_POLL), POLL), IDLE_POLL))

    def stay_awake(self, seconds: float) -> None:
        """Keep the loop from sleeping for so long, because waking up costs more than looking again.

        ``python -m tools.bench``, one transaction at a time: p50 of 0.34 ms instead of 0.41, for the same CPU time.
        """
        if not self._awake:
            self._awake = True
            self._loop.call_soon(self._look_again)
        self._awake_until = perf_counter() + seconds

    def _look_again(self) -> None:
        if perf_counter() < self._awake_until:
            self._loop.call_soon(self._look_again)
        else:
            self._awake = False

    def _sleep(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._tick_at = self._loop.time() + seconds
        self._timer = self._loop.call_at(self._tick_at, self.tick)

    def _broken(self, command: Command, event: Event | None) -> None:
        """A command could not be carried out: log it with its event, and answer 500."""
        logger.exception("%r, because of %r", command, event)
        if isinstance(event, RequestReceived) and event.transaction and type(command) is not Respond:
            data = response(event.message, 500, tag=f"broken{event.transaction:x}")
            self._stack.respond(event.transaction, 500, data)
