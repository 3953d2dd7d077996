from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sipedge.lab.edge_process import EdgeProcess

pytestmark = pytest.mark.e2e


def test_an_edge_that_cannot_start_says_why(tmp_path: Path) -> None:
    config = tmp_path / "broken.toml"
    config.write_text("[edge]\nsystem = 1\n")
    with pytest.raises(RuntimeError, match=r"(?s)the inside edge did not start.*broken\.toml:2:1"):
        asyncio.run(EdgeProcess.start("inside", config))
