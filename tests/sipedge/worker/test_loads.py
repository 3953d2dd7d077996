"""Loads on an edge in memory: what was expected, going back when that is hard, and who is told what is in force."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.configuration import write

from sipedge.config import load_config
from sipedge.control.refusal import Refused
from sipedge.control.requests import Load
from sipedge.worker.loads import AGAIN, NOBODY
from tools.memory_edge import MemoryEdge, run_edge

CONFIG = """\
[edge]
system_name = "NAME.example.com"
domains = ["example.com"]
control = CONTROL

[[listener]]
name = "sip"
address = "203.0.113.1"
port = 5060
transport = "TCP"
"""


def config(folder: Path, name: str, control: str = "false") -> str:
    return str(write(folder, CONFIG.replace("NAME", name).replace("CONTROL", control)))


def test_going_back_is_tried_again_until_it_works(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = tmp_path / "place"

    async def scenario(edge: MemoryEdge) -> None:
        loads = edge.control.loads
        first = loads.standing.force.settings.revision
        config(tmp_path, "second")
        await loads.load(Load(confirm_within=60))
        assert loads.left == 60
        place.write_text("somebody else's")
        await asyncio.sleep(61)
        while "going back failed" not in caplog.text:
            await asyncio.sleep(0.1)
        assert loads.standing.force.settings.system_name == "second.example.com"
        place.unlink()
        while loads.standing.force.settings.revision != first:
            await asyncio.sleep(AGAIN)
        assert place.is_socket() and loads.standing.unconfirmed is None

    path = config(tmp_path, "first", '"place"')
    run_edge(load_config(path), scenario, path)


def test_a_timer_that_comes_too_early_goes_back_all_the_same(tmp_path: Path) -> None:
    """uvloop's may come half a millisecond before their time, and no other comes after it."""

    async def scenario(edge: MemoryEdge) -> None:
        loads = edge.control.loads
        first = loads.standing.force.settings.revision
        config(tmp_path, "second")
        await loads.load(Load(confirm_within=60))
        assert loads.standing.unconfirmed is not None
        await asyncio.sleep(59.9995)
        loads._begin_to_go_back(loads.standing.unconfirmed, NOBODY)
        while loads.standing.force.settings.revision != first:
            await asyncio.sleep(0.1)
        assert loads.standing.unconfirmed is None

    path = config(tmp_path, "first")
    run_edge(load_config(path), scenario, path)


def test_a_load_that_is_refused_leaves_a_trial_as_it_is(tmp_path: Path) -> None:
    async def scenario(edge: MemoryEdge) -> None:
        loads = edge.control.loads
        first = loads.standing.force.settings.revision
        config(tmp_path, "second")
        await loads.load(Load(confirm_within=1e9))  # the clock jumps while another process reads
        trial = loads.standing
        for expect in (first, "x"):
            with pytest.raises(Refused, match="is in force, not"):
                await loads.load(Load(expect=expect))
        write(tmp_path, "nonsense")
        with pytest.raises(Refused, match="has mistakes"):
            await loads.load(Load(expect=trial.force.settings.revision[:7]))
        assert loads.standing is trial and loads.left > 0

    path = config(tmp_path, "first")
    run_edge(load_config(path), scenario, path)


def test_files_of_another_revision_than_was_meant_are_not_put_in_force(tmp_path: Path) -> None:
    async def scenario(edge: MemoryEdge) -> None:
        loads = edge.control.loads
        meant = load_config(config(tmp_path, "second")).revision
        config(tmp_path, "third")
        with pytest.raises(Refused, match=f"the files hold revision .*, not {meant}: somebody else") as refused:
            await loads.load(Load(revision=meant))
        assert refused.value.code == 409
        assert loads.standing.force.settings.system_name == "first.example.com"
        config(tmp_path, "second")
        assert (await loads.load(Load(revision=meant)))["revision"] == meant

    path = config(tmp_path, "first")
    run_edge(load_config(path), scenario, path)


def test_what_is_confirmed_at_the_last_moment_stays(tmp_path: Path) -> None:
    async def scenario(edge: MemoryEdge) -> None:
        loads = edge.control.loads
        config(tmp_path, "second")
        await loads.load(Load(confirm_within=60))
        second = loads.standing.force.settings.revision
        await asyncio.sleep(59.9)
        assert await loads.confirm("somebody") == second and loads.left == 0
        await asyncio.sleep(100)
        assert loads.standing.force.settings.revision == second
        with pytest.raises(Refused, match="nothing waits"):
            await loads.confirm("somebody")

    path = config(tmp_path, "first")
    run_edge(load_config(path), scenario, path)
