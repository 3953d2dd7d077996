"""A party's process as the lab runner sees it: started, asked, listened to, ended by its own handle."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]


class Recorder:
    """Everything that all parties report, in the order it came; waits for what is still to come."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    def add(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def find(self, wanted: Callable[[Event], bool], since: int = 0) -> Event | None:
        return next((event for event in self.events[since:] if wanted(event)), None)

    async def wait(self, wanted: Callable[[Event], bool], since: int = 0, seconds: float = 10.0) -> Event:
        """The first event from number ``since`` on that is wanted. Raises TimeoutError when none comes."""
        event: Event | None = None

        def there() -> bool:
            nonlocal event
            event = self.find(wanted, since)
            return event is not None

        await self.until(there, seconds)
        assert event is not None
        return event

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait for something that events bring about. Raises TimeoutError when they don't."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


class Party:
    """One child process that speaks control.py's JSON lines."""

    def __init__(self, name: str, recorder: Recorder, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._recorder = recorder
        self._process = process
        self._numbers = itertools.count(1)
        self._errors: list[str] = []
        self._readers = [asyncio.create_task(self._read()), asyncio.create_task(self._read_errors())]

    @classmethod
    async def start(cls, name: str, module: str, options: dict[str, Any], recorder: Recorder) -> Party:
        """Run ``python -m module OPTIONS`` and wait until it is ready. Raises RuntimeError when it ends first."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, json.dumps(options)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1 << 22,
        )
        party = cls(name, recorder, process)
        try:
            ready = await recorder.wait(
                lambda event: event["party"] == name and event["event"] in ("ready", "ended"), 0, 20
            )
        except BaseException:
            await party.stop()
            raise
        if ready["event"] == "ended":
            await party.stop()
            raise RuntimeError(f"{name} did not start: {party.errors()}")
        return party

    async def ask(self, do: str, **fields: Any) -> Event:
        """Carry out a command and return its result event. Raises RuntimeError when the process has ended."""
        assert self._process.stdin is not None
        number = next(self._numbers)
        line = json.dumps({"do": do, "id": number, **fields})
        with contextlib.suppress(ConnectionError):  # the event "ended" tells it better
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
        answer = await self._recorder.wait(
            lambda event: (
                event["party"] == self.name
                and (event["event"] == "ended" or (event["event"] == "result" and event["id"] == number))
            )
        )
        if answer["event"] == "ended":
            raise RuntimeError(f"the party {self.name} ended: {self.errors()}")
        return answer

    def errors(self) -> str:
        """The end of what the process wrote to stderr."""
        return "".join(self._errors[-20:])

    async def stop(self) -> None:
        """End of stdin asks the process to end; killed when it doesn't within two seconds."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 2)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.gather(*self._readers)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._recorder.add({**json.loads(line), "party": self.name})
        self._recorder.add({"event": "ended", "party": self.name, "time": time.time()})

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._errors.append(line.decode(errors="replace"))
            del self._errors[:-200]
