"""Dial plans of the revisions that were in force, kept so that a tree can be made of what was decided long ago.

The edge has a plan in memory only while a decision names it.
"""

from __future__ import annotations

import json
import os
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from anyio import Lock, to_thread

from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan
from sipedge.control.channel.client import Unreachable
from sipedge.control.refusal import Refused
from sipedge.control.requests import Plan, Request
from sipedge.queries.trees.again import plan_of

Ask = Callable[[Request], Awaitable[tuple[list[Any], Any]]]
"""A question to the edge -> items and end; raises Refused, Unreachable."""
READY = 4
"""Compiled plans: one may be large."""
KEPT = 500
"""Plans on the disk; those that were in force first go first."""
_REVISION = re.compile(r"[0-9a-f]{64}")


class Plans:
    """Belongs to the event loop; files are read and plans compiled in threads."""

    def __init__(self, folder: Path, ask: Ask) -> None:
        """``folder``: made when there is something to keep."""
        self._folder, self._ask = folder, ask
        self._ready: OrderedDict[str, CompiledPlan] = OrderedDict()
        self._lock = Lock()

    async def of(self, revision: str) -> CompiledPlan | None:
        """None where nobody has it any more."""
        if not _REVISION.fullmatch(revision):
            return None
        async with self._lock:
            if revision not in self._ready:
                plan = await self._found(revision)
                if plan is None:
                    return None
                self._ready[revision] = plan
            self._ready.move_to_end(revision)
            while len(self._ready) > READY:
                self._ready.popitem(last=False)
            return self._ready[revision]

    async def keep(self, revision: str) -> None:
        """What is in force, for later. Raises OSError."""
        if _REVISION.fullmatch(revision) and not self._path(revision).exists():
            with suppress(Refused, Unreachable):
                pieces, rest = await self._ask(Plan(revision))
                await to_thread.run_sync(self._write, revision, {"pieces": pieces, "rest": rest})

    async def _found(self, revision: str) -> CompiledPlan | None:
        with suppress(OSError):
            await self.keep(revision)
        return await to_thread.run_sync(self._read, revision)

    def _read(self, revision: str) -> CompiledPlan | None:
        try:
            kept = json.loads(self._path(revision).read_text())
            return plan_of(kept["pieces"], kept["rest"])
        except (OSError, ValueError, KeyError, TypeError, DialplanError):
            return None

    def _write(self, revision: str, value: object) -> None:
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        aside = self._path(f"{revision}.new")
        aside.write_text(json.dumps(value))
        os.replace(aside, self._path(revision))
        kept = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-KEPT]:
            path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
