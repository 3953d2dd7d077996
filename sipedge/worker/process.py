"""The process of an edge: signals, open files, garbage collection, and the loop that serves."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import signal
from time import monotonic, time
from typing import Any

from sipedge.control.channel.place import Place
from sipedge.edge import log
from sipedge.edge.in_force import InForce, Standing
from sipedge.edge.server import CANCEL_LIMIT, Server
from sipedge.supervisor.link import Kept, Link
from sipedge.supervisor.supervisor import supervise

from .control import Control
from .heart import Heart
from .loads import revision_text
from .places import first_place
from .reloads import Reloads
from .services import Services

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
    standing = Standing(InForce.read(path), time()) if kept is None else _resumed(kept)
    runner = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        runner = uvloop.run
    place = first_place(standing.force.settings.control, kept.control if kept else None, kept is not None)
    try:
        with log.queued_streams():
            runner(_serve(path, standing, link, kept, place))
    finally:
        if place is not None:
            place.remove()
    return 0


def _resumed(kept: Kept) -> Standing:
    """What was in force, or what was before it where the time to confirm it has run out meanwhile."""
    standing = Standing.unpacked(kept.packed)
    now = standing.at(monotonic())
    if now is not standing:
        logger.error("nobody confirmed revision %s: %s is in force again", *map(revision_text, (standing, now)))
    return now


async def _serve(path: str, standing: Standing, link: Link, kept: Kept | None, place: Place | None) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_unhandled)
    heart = Heart(link, standing.force.settings.limits)
    services = Services()
    sockets = {} if kept is None else kept.sockets
    server = Server(standing.force, sockets, services=services.states)

    def keep(standing: Standing, place: Place | None) -> None:
        heart.limits = standing.force.settings.limits
        _allow_files(heart.limits.connections)
        link.keep(Kept(heart.limits.heartbeat, standing.packed(), server.sockets(), place))
        services.follow(standing.force.settings)

    control = Control(server, path, standing, keep, services)
    addresses = await server.start()
    heart.beat()
    loop.add_signal_handler(signal.SIGHUP, Reloads(control.loads.reload, link.done).request)

    def stop() -> None:
        heart.end(CANCEL_LIMIT)
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await control.begin(place)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    print(f"sipedge: {standing.force.settings.system_name} serves {', '.join(addresses)}", flush=True)
    link.done()
    await server.run()
    await control.aclose()
    await services.aclose()


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
