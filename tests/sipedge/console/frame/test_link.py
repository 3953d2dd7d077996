"""The running edge as the console sees it."""

from __future__ import annotations

import socket
from pathlib import Path
from time import monotonic

import anyio
import pytest
from support.console import browser, world_beside

from sipedge.console.frame import link


def test_an_edge_that_hangs_is_said_to_give_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection, as the system does for it, and says nothing."""
    monkeypatch.setattr(link, "LOOK", 0.2)
    (tmp_path / "edge.toml").write_text("")
    world = world_beside(tmp_path / "edge.toml")
    with socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(world.config.control)
        hanging.listen()
        began = monotonic()
        state = anyio.run(world.link.look)
    assert state.status is None and "did not answer in 0.2 s" in state.problem and monotonic() < began + 10
    client = browser(world)
    assert ">no answer<" in client.get("/").text
    assert client.get("/api/status").status_code == 503
    world.watch.close()
