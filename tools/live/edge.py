"""``sipedge run`` as a child process whose log is read line by line, or not read for a while."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import resource
import signal
import sys
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 20.0
STOP_LIMIT = 15.0
PIPE = 4096
"""Bytes that the log's pipe holds: the smallest there is, so that a reader that stops is felt at once."""
KEPT_LINES = 2000
TROUBLE = ("Traceback (most recent call last)", " while handling ", "exception was never retrieved")
"""What no line of the log may hold, whatever peers do."""
MEGABYTE = 1024 * 1024


class LiveEdge:
    """One edge with its supervisor. ``async with``: serving inside, gone outside.

    Raises RuntimeError with its last lines where it does not serve in START_LIMIT seconds.
    """

    def __init__(self, folder: Path, config: str, dialplan: str) -> None:
        """Writes ``edge.toml`` and ``edge.dialplan`` into ``folder``; ``edge.log`` gets what the edge says."""
        self._config = folder / "edge.toml"
        self._file = folder / "edge.log"
        self._config.write_text(config)
        (folder / "edge.dialplan").write_text(dialplan)
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.trouble: list[str] = []
        """Lines that tell of a fault inside the edge."""
        self.deaths = 0
        """How often the supervisor said that the worker had died."""
        self._rest = b""
        self._waiting: list[tuple[str, asyncio.Future[str]]] = []
        self._process: asyncio.subprocess.Process

    async def __aenter__(self) -> LiveEdge:
        self._log, theirs = os.pipe()
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, PIPE)
        serves = self.expect(" serves ")
        command = [sys.executable, "-m", "sipedge", "run", str(self._config)]
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=ROOT
        )
        os.close(theirs)
        os.set_blocking(self._log, False)
        self.read_log()
        try:
            await asyncio.wait_for(serves, START_LIMIT)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    def expect(self, text: str) -> asyncio.Future[str]:
        """The next line that holds ``text``; ask before doing what makes the edge say it."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        return future

    async def reload(self, seconds: float = 15.0) -> None:
        """SIGHUP, and wait until the configuration is in force. Raises RuntimeError, TimeoutError."""
        said = self.expect("reload: ")
        self.signal(signal.SIGHUP)
        line = await asyncio.wait_for(said, seconds)
        if "in force" not in line:
            raise RuntimeError(f"a reload of sound files should succeed, but the edge says: {line}")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def worker(self) -> int | None:
        """The process that does the work; None between two of them."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None

    def kill_worker(self, number: int) -> None:
        if (worker := self.worker()) is not None:
            os.kill(worker, number)

    def resident(self) -> float:
        """Megabytes of the worker; 0 while there is none."""
        with contextlib.suppress(OSError):
            pages = int(Path(f"/proc/{self.worker()}/statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGESIZE") / MEGABYTE
        return 0.0

    def limit_files(self, size: int | None) -> None:
        """No file of the worker grows beyond ``size`` bytes from now on, as on a disk that is full; None: lift that."""
        if (worker := self.worker()) is not None:
            _, hard = resource.prlimit(worker, resource.RLIMIT_FSIZE)
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def read_log(self) -> None:
        asyncio.get_running_loop().add_reader(self._log, self._read)

    def leave_log(self) -> None:
        """Read no line until ``read_log``: the pipe fills."""
        asyncio.get_running_loop().remove_reader(self._log)

    def _read(self) -> None:
        data = os.read(self._log, 65536)
        if not data:
            self.leave_log()
            self._fail_waiting()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        with self._file.open("ab") as file:
            file.writelines(line + b"\n" for line in lines)
        for line in lines:
            self._take(line.decode(errors="replace"))

    def _take(self, line: str) -> None:
        self.lines.append(line)
        if any(text in line for text in TROUBLE):
            self.trouble.append(line)
        self.deaths += "the edge died of" in line
        for text, future in [*self._waiting]:
            if text in line:
                self._waiting.remove((text, future))
                if not future.done():
                    future.set_result(line)

    def _fail_waiting(self) -> None:
        last = "\n".join([*self.lines][-20:])
        for text, future in self._waiting:
            if not future.done():
                future.set_exception(RuntimeError(f"the edge ended before it said {text!r}:\n{last}"))
        self._waiting.clear()

    async def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_LIMIT)
        except TimeoutError:
            self.kill_worker(signal.SIGKILL)
            self._process.kill()
            await self._process.wait()
        self.leave_log()
        os.close(self._log)
