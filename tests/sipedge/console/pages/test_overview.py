"""The first page."""

from __future__ import annotations

from pathlib import Path
from time import time

import pytest
from support.asked import status
from support.console import browser, world_beside
from support.decisions import record
from support.recorded import recorded
from support.tcp_edge import Installation


def test_where_no_edge_answers_the_page_says_so(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text("")
    world = world_beside(config)
    client = browser(world)
    answer = client.get("/")
    assert answer.status_code == 200 and "the edge was not asked yet" in answer.text


def test_what_was_answered_lately_is_summed_up_by_rule(tmp_path: Path) -> None:
    now = time()
    aliases = ("b@example.com", "x", "b@example.com")
    records = [record(number, alias, time=now - 60) for number, alias in enumerate(aliases, 1)]
    world = recorded(tmp_path, records)
    text = browser(world).get("/").text
    assert "<b>3</b> requests in the last hour" in text and 'class="bad">1</b> failed (33.3 %)' in text
    assert 'href="/history?rule=imp"' in text and 'href="/history?rule=%28no%20rule%29&amp;status=failed"' in text
    assert browser(world).get("/?span=7d").text.count("requests in the last 7 days") == 1
    world.watch.close()


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
