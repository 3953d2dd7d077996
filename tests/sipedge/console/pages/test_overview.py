"""The first page."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.asked import status
from support.console import browser, world_beside
from support.tcp_edge import Installation


def test_where_no_edge_answers_the_page_says_so(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("")
    world = world_beside(config)
    client = browser(world)
    answer = client.get("/")
    assert answer.status_code == 200 and "the edge was not asked yet" in answer.text


@pytest.mark.e2e
def test_the_page_shows_what_is_in_force_and_the_zones(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with installation.edge:
        world = world_beside(installation.toml)
        with browser(world) as client:
            assert client.portal is not None
            client.portal.call(world.link.look)
            answer = client.get("/")
        told = status(installation.folder)
    assert told["revision"][:12] in answer.text
    assert 'role="alert"' not in answer.text and ">Default Zone<" in answer.text
