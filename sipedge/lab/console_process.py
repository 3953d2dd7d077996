"""``sipedge console`` beside an edge of the lab, as a child process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

START_LIMIT = 20.0
STOP_LIMIT = 5.0


@asynccontextmanager
async def console_of(config: Path) -> AsyncIterator[str]:
    """Its address. Raises RuntimeError with what it says when it does not come up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "sipedge", "console", str(config)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_LIMIT)
        if b"console of" not in line:
            raise RuntimeError(
                f"the console of {config} did not start: {(line + await process.stdout.read()).decode()}"
            )
        yield line.decode().split()[-1]
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_LIMIT)
        except TimeoutError:
            process.kill()
            await process.wait()
