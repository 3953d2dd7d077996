"""The process of an edge: signals, open files, garbage collection, and the loop that serves."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
from collections.abc import Mapping
from typing import Any

from sipedge.network.listening import Place
from sipedge.servers.xmpp.federation import Federation

from . import log
from .heart import Heart
from .in_force import InForce
from .link import Kept, Link
from .reloads import Reloads
from .server import CANCEL_LIMIT, Server
from .supervisor import supervise

logger = logging.getLogger("sipedge")

GARBAGE_THRESHOLDS = (50_000, 20, 20)
"""Objects of a transaction die by reference count; the collector looks for cycles more rarely than Python's default."""


def run(path: str) -> int:
    """Serve with a configuration until SIGTERM. Raises ConfigError, TlsError, ResolverError, StackError, OSError."""
    try:
        return supervise(lambda link, kept: _work(path, link, kept))
    finally:
        log.finish()


def _work(path: str, link: Link, kept: Kept | None) -> int:
    """A restart goes on with what was in force, however the files look by now."""
    force = InForce.read(path) if kept is None else InForce.unpacked(kept.packed)
    inherited = {} if kept is None else kept.sockets
    runner = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        runner = uvloop.run
    with log.queued_streams():
        runner(_serve(path, force, link, inherited))
    return 0


async def _serve(path: str, force: InForce, link: Link, inherited: Mapping[Place, socket.socket]) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_unhandled)
    heart = Heart(link, force.settings.limits)
    federation = Federation()

    def keep(force: InForce, sockets: Mapping[Place, socket.socket]) -> None:
        heart.limits = force.settings.limits
        _allow_files(heart.limits.connections)
        link.keep(Kept(heart.limits.heartbeat, force.packed(), sockets))
        federation.follow(force.settings)

    server = Server(path, force, inherited, keep, services=federation.services)
    addresses = await server.start()
    heart.beat()
    loop.add_signal_handler(signal.SIGHUP, Reloads(server.reload, link.done).request)

    def stop() -> None:
        heart.end(CANCEL_LIMIT)
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    print(f"sipedge: {force.settings.system_name} serves {', '.join(addresses)}", flush=True)
    link.done()
    await server.run()
    await federation.aclose()


def _unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception that nobody caught inside the loop (no more file descriptors, say); the loop goes on."""
    error = context.get("exception")
    logger.error("%s: %r", context.get("message", "event loop"), error, exc_info=error)


def _allow_files(connections: int) -> None:
    """Raise the soft limit of open files to what the limits allow; the usual 1024 is less than 2000 connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * connections + 256
    if soft != resource.RLIM_INFINITY and soft < wanted:
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        if raised < wanted:
            logger.warning("only %d open files are allowed; limits.connections wants %d", raised, wanted)
