"""Who listens on a port of this machine."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from sipedge.queries.holders import held_by_edge_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_this_process_runs_no_edge(tmp_path: Path, family: socket.AddressFamily) -> None:
    address = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.create_server((address, 0), family=family) as taken:
        assert not held_by_edge_of(str(tmp_path / "edge.toml"), taken.getsockname()[1])


def test_nobody_listens() -> None:
    assert not held_by_edge_of("edge.toml", 0)
