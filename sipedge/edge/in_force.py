"""The configuration that is in force, as a value that the supervisor can keep: a restart never reads files again.

Why a pickle and no copies of the files: what runs is kept, not what lies beside it, and no key reaches a disk. A
compiled plan goes as the text of its files and is compiled again: packing 10,000 rules as records holds the loop 0.7 s.

At a reload another process reads the files (``sipedge/config/apart.py``); what is left to do here is done in slices.
"""

from __future__ import annotations

import asyncio
import contextlib
import copyreg
import gc
import io
import pickle
import weakref
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from dialplan.model import Variables
from dialplan.search.search import CompiledPlan
from sipedge.config import load_config
from sipedge.config.apart import Apart
from sipedge.config.parcel import unpacked
from sipedge.config.plans import plan_again, zone_names_of
from sipedge.network.tls import TlsContexts, read_files
from sipedge.pjsip import declarations
from sipedge.pjsip.declarations import StackError
from sipedge.settings import Settings

SLICE = 0.0005
"""Seconds of work after which the loop looks for messages: several slices may come between a message and its answer."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InForce:
    settings: Settings
    files: Mapping[str, bytes]
    """Path -> contents, of certificates, keys and trusted CAs."""

    @classmethod
    def read(cls, path: str) -> InForce:
        """Raises ConfigError, TlsError."""
        settings = load_config(path)
        return cls(settings, read_files(settings.tls))

    @classmethod
    async def read_apart(cls, path: str, before: CompiledPlan) -> InForce:
        """As ``read``, while the loop goes on with its work. ``before``: the plan that is in force.

        Raises ReadingError and OSError, too.
        """
        return await cls.from_parcel(await parcel_apart(path), before)

    @classmethod
    async def from_parcel(
        cls, parcel: bytes, before: CompiledPlan, files: Mapping[str, bytes] | None = None
    ) -> InForce:
        """What ``parcel_apart`` gave. ``files``: as another worker has read them. Raises ConfigError and OSError."""
        settings = await in_slices(unpacked(parcel, before))
        if files is None:
            files = await asyncio.get_running_loop().run_in_executor(None, read_files, settings.tls)
        return cls(settings, files)

    def contexts(self) -> TlsContexts:
        """Raises TlsError."""
        return TlsContexts(self.settings.tls, self.settings.listeners, self.settings.zones, self.files)


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """What is in force was loaded on trial."""

    before: Standing
    """What the edge goes back to."""
    until: float
    """When, by the monotonic clock: it is the same for all processes of a system."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in force, since when (seconds since the epoch), and for how long."""

    force: InForce
    since: float
    unconfirmed: Unconfirmed | None = None

    @property
    def confirmed(self) -> Standing:
        """What somebody wanted to stay: this, or what was in force before it."""
        return self if self.unconfirmed is None else self.unconfirmed.before

    def at(self, now: float) -> Standing:
        """What has to be in force at this time of the monotonic clock."""
        return self if self.unconfirmed is None or now < self.unconfirmed.until else self.confirmed

    @classmethod
    def unpacked(cls, packed: bytes) -> Standing:
        made: Standing = pickle.loads(packed)
        return made

    def packed(self) -> bytes:
        written = io.BytesIO()
        _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(self)
        return written.getvalue()


def warm_up() -> None:
    """Make what every worker needs, before they are forked from this process: then they share its memory."""
    with contextlib.suppress(StackError):  # who needs it will say so
        declarations.load()
    plan_again({"": ""}, (), Variables())


async def parcel_apart(path: str) -> bytes:
    """A configuration, read by a process of its own. Raises ReadingError and OSError."""
    apart = Apart(path)
    try:
        return await asyncio.get_running_loop().run_in_executor(None, apart.parcel)
    finally:
        apart.end()


async def in_slices(steps: Generator[None, None, T]) -> T:
    """The result of ``steps``, which are small, with a turn of the loop after each slice."""
    while True:
        began = perf_counter()
        try:
            while perf_counter() - began < SLICE:
                next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        # What a slice made stays. Left to itself the collector would walk all of it at once: 76 ms for 2,000 rules.
        gc.collect(1)
        await asyncio.sleep(0)


def release_in_slices(plan: CompiledPlan) -> None:
    """Once nobody uses a plan any more, let go of its rules bit by bit: at once that takes 14 ms for 2,000 rules."""
    loop, rules = asyncio.get_running_loop(), list(plan.rules)

    def release() -> None:
        began = perf_counter()
        while rules and perf_counter() - began < SLICE:
            rules.pop()
        if rules:
            loop.call_soon(release)

    def unused() -> None:
        """Called where the last reference goes, be it in a thread that writes decisions."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(release)

    weakref.finalize(plan, unused).atexit = False


class _Pickler(pickle.Pickler):
    dispatch_table = copyreg.dispatch_table | {
        CompiledPlan: lambda plan: (plan_again, (dict(plan.dialplan.sources), zone_names_of(plan), plan.variables))
    }
