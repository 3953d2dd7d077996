"""The lines that an engine writes. Strangers can cause very many: so many a second are read, the rest is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MOST = 500
"""Lines a second that are read one by one."""
LONGEST_LINE = 64 * 1024
"""Bytes of a line; a longer one comes in pieces."""


async def read_lines(
    stream: asyncio.StreamReader, on_line: Callable[[str], None], on_dropped: Callable[[int], None]
) -> None:
    """Until the engine closes its end, which never has to wait for a reader.

    ``on_dropped``: gets the number of lines that a second had too many, when it is over.
    """
    loop = asyncio.get_running_loop()
    second, count = loop.time(), 0
    while True:
        if loop.time() - second >= 1:
            second, count = loop.time(), 0
        count += 1
        if count > MOST:
            dropped = await _drop(stream, second + 1)
            if dropped:
                on_dropped(dropped)
            continue
        try:
            line = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            _give(error.partial, on_line)
            return
        except asyncio.LimitOverrunError as error:
            line = await stream.readexactly(error.consumed)
        _give(line, on_line)


def _give(line: bytes, on_line: Callable[[str], None]) -> None:
    text = line.decode(errors="replace").rstrip("\r\n")
    if text:
        on_line(text)


async def _drop(stream: asyncio.StreamReader, until: float) -> int:
    """Whole chunks up to that time, and to the end of a line; the number of lines. Also back at the stream's end."""
    loop = asyncio.get_running_loop()
    lines, last = 0, b""
    while (left := until - loop.time()) > 0 or not last.endswith(b"\n"):
        try:
            chunk = await asyncio.wait_for(stream.read(LONGEST_LINE), left if left > 0 else None)
        except TimeoutError:
            if last.endswith(b"\n") or not last:
                break
            continue
        if not chunk:
            break
        lines, last = lines + chunk.count(b"\n"), chunk
    return lines
