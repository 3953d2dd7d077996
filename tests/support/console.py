"""A console in this process, as a browser meets it, beside an edge that runs or does not."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from sipedge.config.console_table import read_console
from sipedge.console.app import application
from sipedge.console.frame.identity import OpenDoor
from sipedge.console.frame.link import Link
from sipedge.console.frame.world import World

HOST = "127.0.0.1:8443"


def world_beside(config: Path) -> World:
    read = read_console(str(config))
    return World(read, Link(read.control), OpenDoor())


def browser(world: World) -> TestClient:
    """Use it inside ``with``: then the console watches the edge, too."""
    return TestClient(application(world), base_url=f"http://{HOST}")
