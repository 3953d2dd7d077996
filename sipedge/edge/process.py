"""The process of an edge: signals, open files, garbage collection, and the loop that serves."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import signal
from typing import Any

from sipedge.config import load_config
from sipedge.settings import Settings

from . import log
from .server import Server
from .supervisor import supervise

logger = logging.getLogger("sipedge")

GARBAGE_THRESHOLDS = (50_000, 20, 20)
"""Objects of a transaction die by reference count; the collector looks for cycles more rarely than Python's default."""


def run(path: str) -> int:
    """Serve with a configuration until SIGTERM. Raises ConfigError, TlsError, ResolverError, StackError, OSError."""
    try:
        return supervise(lambda: _work(path))
    finally:
        log.finish()


def _work(path: str) -> int:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is a configuration to reload
    settings = load_config(path)
    runner = asyncio.run
    with contextlib.suppress(ImportError):
        import uvloop

        runner = uvloop.run
    with log.queued_streams():
        runner(_serve(path, settings))
    return 0


async def _serve(path: str, settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_unhandled)
    _allow_files(settings.limits.connections)
    server = Server(path, settings)
    addresses = await server.start()
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
    print(f"sipedge: {settings.system_name} serves {', '.join(addresses)}", flush=True)
    await server.run()


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
