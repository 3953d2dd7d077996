"""What is in force survives being packed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import weakref
from collections.abc import Generator
from pathlib import Path

import pytest
from support.configuration import EDGE, write
from support.settings import ZONES, make_settings, plan_of, rule

from dialplan.model import Query
from sipedge.config import ConfigError, load_config
from sipedge.edge.in_force import SLICE, InForce, Standing, in_slices, release_in_slices


def test_packed_and_unpacked_it_decides_the_same() -> None:
    force = InForce(make_settings(secret=b"x" * 32), {"edge.pem": b"pem"})
    again = Standing.unpacked(Standing(force, 5).packed()).force
    assert again.files == force.files
    assert again.settings.zones == force.settings.zones
    assert again.settings.secret == force.settings.secret
    assert again.settings.plan.dialplan == force.settings.plan.dialplan
    query = Query("bob@far.example", ZONES[0].name)
    assert again.settings.plan.search(query).tiers == force.settings.plan.search(query).tiers


def test_unpacked_it_knows_zones_by_the_names_of_the_configuration(tmp_path: Path) -> None:
    """A rule may write the name of a zone in another case; after a crash it must still find the zone."""
    config = EDGE + 'dialplans = ["edge.dialplan"]\n[[zone]]\nname = "Far"\ntype = "dns"\ntransport = "TCP"\n'
    write(tmp_path, rule("out", "FAR"), "edge.dialplan")
    again = Standing.unpacked(Standing(InForce(load_config(write(tmp_path, config)), {}), 5).packed()).force
    (tier,) = again.settings.plan.search(Query("bob@far.example", "Default Zone")).tiers
    assert tier.targets[0].zone == "Far"


def test_the_loop_turns_between_slices_of_work() -> None:
    def work() -> Generator[None, None, str]:
        for _ in range(10):
            end = time.perf_counter() + 1.5 * SLICE
            while time.perf_counter() < end:
                pass
            yield
        return "done"

    async def scenario() -> None:
        turns = 0

        def turn() -> None:
            nonlocal turns
            turns += 1
            asyncio.get_running_loop().call_soon(turn)

        turn()
        assert await in_slices(work()) == "done"
        assert turns >= 10

    asyncio.run(scenario())


def test_rules_of_a_plan_that_nobody_uses_goin_slices() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        plan = plan_of("".join(rule(f"r{number}", "Far", f"(a|b){number}") for number in range(300)))
        last, first = weakref.ref(plan.rules[-1].pattern.test), weakref.ref(plan.rules[0].pattern.test)  # type: ignore[union-attr]
        release_in_slices(plan)
        del plan
        assert last() is not None
        turns = 0
        while first() is not None:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 0 and loop.is_running()

    asyncio.run(scenario())


def test_read_by_another_process_it_is_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = str(write(tmp_path, EDGE))
        assert (await InForce.read_apart(path, plan_of(""))).settings.secret == InForce.read(path).settings.secret
        write(tmp_path, "nonsense")
        with pytest.raises(ConfigError):
            await InForce.read_apart(path, plan_of(""))

    asyncio.run(scenario())


def test_nobody_reads_on_when_nobody_waits(tmp_path: Path) -> None:
    """The end of an edge ends the process that reads for it."""

    async def scenario() -> None:
        path = tmp_path / "edge.toml"
        os.mkfifo(path)  # opening it waits for ever
        reading = asyncio.create_task(InForce.read_apart(str(path), plan_of("")))
        while not _children():
            await asyncio.sleep(0.01)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(scenario())  # which waits for its threads
    assert not _children()


def _children() -> list[int]:
    """Processes of this one that read a configuration; threads and processes may go while they are looked at."""
    found = []
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += (task / "children").read_text().split()
    return [int(child) for child in found if _reads(Path(f"/proc/{child}/cmdline"))]


def _reads(command: Path) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return b"sipedge.config.apart" in command.read_bytes()
    return False
