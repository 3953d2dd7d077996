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
from sipedge.edge.in_force import InForce, Standing, warm_up
from sipedge.edge.logs import log
from sipedge.edge.others.colleagues import FIRST, Colleagues
from sipedge.edge.server import CANCEL_LIMIT, Server
from sipedge.supervisor.link import Kept, Link
from sipedge.supervisor.supervisor import supervise

from .colleagues import Orders, colleagues, kept_of
from .control import Control
from .follower import Follower
from .heart import Heart
from .loads import revision_text
from .places import first_place
from .reloads import Reloads
from .services import Services

logger = logging.getLogger("sipedge")

GARBAGE_THRESHOLDS = (1_000, 1, 5_000)
"""Objects of a transaction die by reference count; the collector looks for cycles more rarely than Python's default.

It takes 0.2 ms for 1,000 young objects and 0.9 ms for 3,000 with those above, in which nothing else happens (with 2,500
for the first it was 2 ms, for the same work in all). 2,000 connections that come at once are 50,000 objects."""


def run(path: str) -> int:
    """Serve with a configuration until SIGTERM. Raises ConfigError, TlsError, ResolverError, StackError, OSError."""
    warm_up()
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: F401  # shared, too
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
    place = _place(standing, link, kept)
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
    asyncio.get_running_loop().set_exception_handler(_unhandled)
    others = colleagues(link, standing.force.settings, kept)
    if others is not None and others.follows:
        await _follow(standing, link, kept, others)
    else:
        await _lead(path, standing, link, kept, place, others)
    if others is not None:
        await others.bus.aclose()


async def _lead(
    path: str, standing: Standing, link: Link, kept: Kept | None, place: Place | None, others: Colleagues | None
) -> None:
    """All that is done once: by the only worker, or by the first of several."""
    heart = Heart(link, standing.force.settings.limits)
    services = Services()
    sockets = {} if kept is None else kept.sockets
    server = Server(standing.force, sockets, services=services.states, colleagues=others)

    def keep(standing: Standing, place: Place | None) -> None:
        settings = standing.force.settings
        heart.limits = settings.limits
        _allow_files(settings.limits.connections)
        link.keep(kept_of(settings, standing.packed(), server.sockets(), place))
        services.follow(settings)

    bus = others.bus if others is not None else None
    control = Control(server, path, standing, keep, services, bus)
    addresses = await server.start()
    heart.beat()
    reload = Reloads(control.loads.reload, link.done).request
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    _end_by_signal(server, heart)
    if bus is not None:
        await Orders(link.seat, server, bus).begin()
    await control.begin(place)
    settle()
    print(f"sipedge: {standing.force.settings.system_name} serves {', '.join(addresses)}", flush=True)
    link.done()
    await server.run()
    await control.aclose()
    await services.aclose()


async def _follow(standing: Standing, link: Link, kept: Kept | None, others: Colleagues) -> None:
    """All that every worker does, by one that is not the first."""
    if kept is not None:
        kept.close()  # the first one has them; the supervisor takes the connections
    heart = Heart(link, standing.force.settings.limits)
    server = Server(standing.force, {}, colleagues=others)

    def changed(standing: Standing) -> None:
        heart.limits = standing.force.settings.limits
        _allow_files(heart.limits.connections)

    follower = Follower(others.bus, server, standing, changed)
    await server.start()
    heart.beat()
    _end_by_signal(server, heart)
    await Orders(link.seat, server, others.bus).begin()
    settle()
    link.done()
    checking = asyncio.get_running_loop().create_task(follower.check())
    await server.run()
    checking.cancel()


def _end_by_signal(server: Server, heart: Heart) -> None:
    def stop() -> None:
        heart.end(CANCEL_LIMIT)
        server.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def settle() -> None:
    """What is there now stays, and the collector of garbage passes it by."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _place(standing: Standing, link: Link, kept: Kept | None) -> Place | None:
    """Where the edge can be asked. Raises OSError at a first start."""
    if link.seat.worker != FIRST:
        return None
    return first_place(standing.force.settings.control, kept.control if kept else None, kept is not None)


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
