"""A console beside an edge that has decided something: its files, and what it keeps of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support.configuration import EDGE, write
from support.console import world_beside
from support.decisions import PLAN
from support.decisions import write as write_decisions

from sipedge.config import load_config
from sipedge.console.frame.world import World

ZONES = """
[[zone]]
name = "IM&P"
type = "neighbor"
peers = ["192.0.2.5"]
transport = "TCP"
[[zone]]
name = "Internet"
type = "dns"
transport = "TCP"
"""
CONFIG = EDGE + 'dialplans = ["edge.dialplan"]\n' + ZONES + '[log]\ndecisions = "decisions.jsonl"\n'


def configuration(folder: Path, more: str = "") -> Path:
    write(folder, PLAN, "edge.dialplan")
    return write(folder, CONFIG + more)


def recorded(folder: Path, records: Iterable[dict[str, Any]], more: str = "") -> World:
    """``more``: of the configuration, behind [log]."""
    config = configuration(folder, more)
    write_decisions(folder / "decisions.jsonl", records)
    world = world_beside(config)
    carry(world)
    return world


def carry(world: World) -> None:
    """What the edge has written by now into the history."""
    while world.watch.feeder.step():
        pass


def revision_of(folder: Path) -> str:
    """Of the files there."""
    return load_config(folder / "edge.toml", create_secret=False).revision
