"""The faults: each does its harm to the world for some seconds, undoes it, and returns."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

from .callee import reset
from .world import TCP_PORT, TLS_PORT, World

Fault = Callable[[World, float], Awaitable[None]]
PAUSE = 0.5
"""Seconds between two blows of a fault that strikes again and again."""
STRANGERS = 60
"""Connections of addresses that no zone knows, each of which is a line of the log: more than its pipe holds."""
JUNK_CONNECTIONS = 4
_junk = random.Random(1)
_strangers = itertools.count()


async def none(world: World, seconds: float) -> None:
    await asyncio.sleep(seconds)


async def peer_killed(world: World, seconds: float) -> None:
    callee = world.callees["faulty"]
    callee.die()
    await asyncio.sleep(seconds)
    await callee.listen()


async def rst(world: World, seconds: float) -> None:
    async for _ in _blows(seconds):
        for connection in [*world.callees["faulty"].connections]:
            reset(connection.transport)


async def half_close(world: World, seconds: float) -> None:
    async for _ in _blows(seconds):
        for connection in [*world.callees["faulty"].connections]:
            connection.half_close()


async def mute(world: World, seconds: float) -> None:
    callee = world.callees["faulty"]
    callee.mute = True
    await asyncio.sleep(seconds)
    callee.mute = False


async def black_hole(world: World, seconds: float) -> None:
    """Nothing is read, nothing is closed."""
    connections = [*world.callees["faulty"].connections]
    for connection in connections:
        connection.transport.pause_reading()
    await asyncio.sleep(seconds)
    for connection in connections:
        if not connection.transport.is_closing():
            connection.transport.resume_reading()


async def one_byte_a_second(world: World, seconds: float) -> None:
    tasks = [connection.trickle() for connection in world.callees["faulty"].connections]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def caller_reset(world: World, seconds: float) -> None:
    async for _ in _blows(seconds):
        world.callers["faulty"].reset()


async def caller_unread(world: World, seconds: float) -> None:
    world.callers["faulty"].read(False)
    await asyncio.sleep(seconds)
    world.callers["faulty"].read(True)


async def sighup(world: World, seconds: float) -> None:
    async for _ in _blows(seconds):
        await world.edge.reload()


async def certificate(world: World, seconds: float) -> None:
    async for _ in _blows(seconds, 4 * PAUSE):
        world.renew_certificate()
        await world.edge.reload()


async def dns_dead(world: World, seconds: float) -> None:
    world.names.dead = True
    await asyncio.sleep(seconds)
    world.names.dead = False


async def disk_full(world: World, seconds: float) -> None:
    world.edge.limit_files(0)
    await asyncio.sleep(seconds)
    world.edge.limit_files(None)


async def log_unread(world: World, seconds: float) -> None:
    world.edge.leave_log()
    await asyncio.gather(*(_stranger(world) for _ in range(STRANGERS)))
    await asyncio.sleep(seconds)
    world.edge.read_log()


async def junk(world: World, seconds: float) -> None:
    async with asyncio.timeout(seconds + 5):
        await asyncio.gather(*(_pour_junk(world, seconds) for _ in range(JUNK_CONNECTIONS)))


async def worker_killed(world: World, seconds: float) -> None:
    world.edge.kill_worker(signal.SIGKILL)


async def worker_stopped(world: World, seconds: float) -> None:
    """As one that hangs: its supervisor misses its signs of life."""
    world.edge.kill_worker(signal.SIGSTOP)


FAULTS: dict[str, Fault] = {
    "none": none,
    "peer killed": peer_killed,
    "rst": rst,
    "half-close": half_close,
    "caller reset": caller_reset,
    "caller unread": caller_unread,
    "mute": mute,
    "black hole": black_hole,
    "one byte a second": one_byte_a_second,
    "sighup": sighup,
    "certificate": certificate,
    "dns dead": dns_dead,
    "disk full": disk_full,
    "log unread": log_unread,
    "junk": junk,
    "worker killed": worker_killed,
    "worker stopped": worker_stopped,
}
"""By the name that promises, options and the report use."""


async def _blows(seconds: float, pause: float = PAUSE) -> AsyncIterator[None]:
    """One each ``pause`` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        yield
        await asyncio.sleep(pause)


async def _stranger(world: World) -> None:
    number = next(_strangers)
    own = f"127.41.{number // 250 % 250}.{number % 250 + 1}"
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection(world.places.edge, TCP_PORT, local_addr=(own, 0))
        await reader.read()
        writer.close()


async def _pour_junk(world: World, seconds: float) -> None:
    """Bytes without sense to both listeners, from a stranger and from a caller's own address."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        own = _junk.choice((world.places.stranger, world.places.caller))
        port = _junk.choice((TCP_PORT, TLS_PORT))
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(world.places.edge, port, local_addr=(own, 0))
            writer.write(_junk.choice((b"", b"MESSAGE sip:a@b SIP/2.0\r\n", b"\x16\x03\x01")) + _junk.randbytes(2000))
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.close()
