"""A load on trial, undone when requests fail."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path

import pytest
from support.configuration import write

from sipedge.config import load_config
from sipedge.control.requests import Load
from sipedge.edge.recording import Outcomes
from sipedge.worker.trial import EVERY, FEWEST, has_risen
from tools.memory_edge import MemoryEdge, run_edge

LONG = 1e9
"""Seconds: the clock jumps while another process reads."""
CONFIG = """\
[edge]
system_name = "NAME.example.com"
domains = ["example.com"]
control = false

[[listener]]
name = "sip"
address = "203.0.113.1"
port = 5060
transport = "TCP"
"""


@pytest.mark.parametrize(
    ("before", "since", "more", "risen"),
    [
        ((1000, 10), (100, 30), 0.2, True),
        ((1000, 10), (100, 20), 0.2, False),
        ((1000, 10), (49, 49), 0.2, False),
        ((49, 0), (1000, 1000), 0.2, False),
        ((1000, 0), (50, 10), 0.2, True),
        ((1000, 0), (50, 0), 0.2, False),
        ((1000, 1000), (50, 50), 0.2, False),
        ((1000, 500), (50, 36), 0.2, False),
        ((1000, 500), (500, 360), 0.2, True),
        ((1000, 10), (1000, 30), 0.01, False),
        ((10_000, 100), (10_000, 300), 0.01, True),
        ((1000, 0), (1000, 1000), 1.0, False),
    ],
)
def test_more_have_to_fail_than_is_allowed_and_than_chance_explains(
    before: tuple[int, int], since: tuple[int, int], more: float, risen: bool
) -> None:
    assert has_risen(Outcomes(*before), Outcomes(*since), more) is risen


class Traffic:
    """Requests of which a share fails."""

    def __init__(self, edge: MemoryEdge) -> None:
        self._recording = edge.server.recording
        edge.control.loads._judge._looks = deque()  # hours pass while another process reads

    async def goes_on(self, requests: int, failed: int) -> None:
        self._recording._answered += requests
        self._recording._failed += failed
        await asyncio.sleep(2 * EVERY)


def config(folder: Path, name: str) -> str:
    return str(write(folder, CONFIG.replace("NAME", name)))


def test_a_load_on_trial_is_undone_as_soon_as_requests_fail(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(edge: MemoryEdge) -> None:
        loads, traffic = edge.control.loads, Traffic(edge)
        loads.begin()
        await asyncio.sleep(EVERY)
        first = loads.standing.force.settings.revision
        await traffic.goes_on(1000, 20)
        config(tmp_path, "second")
        await loads.load(Load(confirm_within=LONG))
        second = loads.standing.force.settings.revision
        await traffic.goes_on(FEWEST - 1, FEWEST - 1)
        assert loads.standing.force.settings.revision == second, "too few to tell"
        await traffic.goes_on(1, 0)
        while loads.standing.force.settings.revision != first:
            await asyncio.sleep(EVERY)
        assert loads.standing.unconfirmed is None
        why = "49 of 50 requests since then have failed: 98%, before the load 2%"
        assert loads.went_back is not None and loads.went_back["revision"] == second and loads.went_back["why"] == why
        assert f"is undone, {why}, so revision" in caplog.text
        await loads.load(Load(confirm_within=LONG, fail_more=1.0))
        assert loads.went_back is None
        await traffic.goes_on(1000, 1000)
        assert loads.standing.force.settings.revision == second, "somebody wants it all the same"
        await loads.confirm("somebody")
        await traffic.goes_on(1000, 1000)
        assert loads.standing.force.settings.revision == second, "it is no trial any more"

    path = config(tmp_path, "first")
    run_edge(load_config(path), scenario, path)


def test_a_second_trial_is_held_against_what_was_before_the_first(tmp_path: Path) -> None:
    async def scenario(edge: MemoryEdge) -> None:
        loads, traffic = edge.control.loads, Traffic(edge)
        loads.begin()
        await asyncio.sleep(EVERY)
        first = loads.standing.force.settings.revision
        await traffic.goes_on(1000, 20)
        config(tmp_path, "second")
        await loads.load(Load(confirm_within=LONG))
        await traffic.goes_on(49, 49)
        config(tmp_path, "third")
        await loads.load(Load(confirm_within=LONG))
        await traffic.goes_on(50, 40)
        while loads.standing.force.settings.revision != first:
            await asyncio.sleep(EVERY)

    path = config(tmp_path, "first")
    run_edge(load_config(path), scenario, path)


def test_nothing_is_undone_where_nothing_is_known_of_before(tmp_path: Path) -> None:
    async def scenario(edge: MemoryEdge) -> None:
        loads, traffic = edge.control.loads, Traffic(edge)
        loads.begin()
        await asyncio.sleep(EVERY)
        config(tmp_path, "second")
        await loads.load(Load(confirm_within=LONG))
        second = loads.standing.force.settings.revision
        await traffic.goes_on(1000, 1000)
        assert loads.standing.force.settings.revision == second

    path = config(tmp_path, "first")
    run_edge(load_config(path), scenario, path)
