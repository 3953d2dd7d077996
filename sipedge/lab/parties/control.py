"""How the lab runner and a party talk: one JSON object a line, commands on stdin, events on stdout.

A command has ``do`` and ``id``; its answer is the event ``{"event": "result", "id": ..., "ok": ..., ...}``. A party
reports ``ready`` when it listens, every message with time, direction, peer and text, and a ``log`` line where a real
server would write one. End of stdin ends the party, so none outlives its runner.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

Command = dict[str, Any]
Handler = Callable[[Command], Awaitable[dict[str, Any]]]


def report(event: str, **fields: Any) -> None:
    """Tell the runner; ``time`` is seconds since the epoch."""
    sys.stdout.write(json.dumps({"event": event, "time": time.time(), **fields}) + "\n")
    sys.stdout.flush()


def report_message(direction: str, peer: str, data: bytes) -> None:
    """``direction`` is "sent" or "received"; the text keeps every byte (latin-1)."""
    report("message", direction=direction, peer=peer, text=data.decode("latin-1"))


def keep_stdout() -> None:
    """Events keep going where stdout went, and what a C library prints there goes to stderr from now on."""
    sys.stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)


async def serve(handler: Handler) -> None:
    """Carry out commands, each in a task of its own, until stdin ends."""
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with asyncio.TaskGroup() as tasks:
        while line := await reader.readline():
            tasks.create_task(_carry_out(handler, json.loads(line)))


async def _carry_out(handler: Handler, command: Command) -> None:
    try:
        answer = await handler(command)
    except (OSError, LookupError, ValueError, TimeoutError) as error:
        answer = {"ok": False, "error": f"{type(error).__name__}: {error}"}
    report("result", id=command.get("id"), **answer)
