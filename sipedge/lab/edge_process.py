"""One of the two edges under test: ``sipedge run`` as a child process."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path


class EdgeProcess:
    """It has started when it prints "serves ...". Its log stands beside its configuration, in NAME.log."""

    def __init__(self, name: str, config: Path, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.config = config
        self._process = process
        self._log: list[str] = []
        self._reading = asyncio.create_task(self._read_log())

    @classmethod
    async def start(cls, name: str, config: Path) -> EdgeProcess:
        """Raises RuntimeError with the edge's log when it does not come up."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "sipedge", "run", str(config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        edge = cls(name, config, process)
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), 20)
        except BaseException:
            await edge.stop()
            raise
        if b"serves" not in line:
            await edge.stop()
            raise RuntimeError(f"the {name} edge did not start:\n{edge.log()}")
        return edge

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        """The last lines of its log."""
        return "".join(self._log[-40:])

    def decisions(self) -> list[str]:
        """The lines of its decision log so far."""
        file = self.config.with_suffix(".decisions")
        return file.read_text().splitlines() if file.exists() else []

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when it is not gone after five seconds."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        with self.config.with_suffix(".log").open("w", buffering=1) as file:
            async for line in self._process.stderr:
                self._log.append(line.decode(errors="replace"))
                del self._log[:-2000]
                file.write(self._log[-1])
