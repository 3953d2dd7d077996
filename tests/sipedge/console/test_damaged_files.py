"""What the console keeps, damaged or of a newer version: said in a sentence, and only what needs it is missing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from support.console import browser, with_account, world_beside
from support.decisions import record
from support.recorded import carry, recorded

from sipedge.accounts.roles import Role
from sipedge.console.serving import serve

PAGES = ("/", "/history", "/history.csv", "/rules", "/zones", "/zones/graph", "/alarms", "/logs", "/servers")
API = ("/api/history", "/api/stored", "/api/counts", "/api/alarms", "/api/events")
NEWER = "PRAGMA user_version = 99"


def test_with_a_damaged_segment_every_page_is_there_and_says_what_it_lacks(tmp_path: Path) -> None:
    world = recorded(tmp_path, map(record, (1, 2)))
    world.watch.close()
    place = tmp_path / "edge.console" / "history" / "000001.db"
    place.write_bytes(b"\xa5" * place.stat().st_size)
    world = world_beside(tmp_path / "edge.toml")
    world.open()
    carry(world)
    client = browser(world)
    assert {client.get(path).status_code for path in (*PAGES, *API)} == {200}
    for path in ("/", "/history"):
        assert "000001.db" in client.get(path).text
    assert "000001.db" in client.get("/api/stored").json()["unreadable"][0]
    assert len(client.get("/api/history").json()["decisions"]) == 2, "the edge's file still had them"
    anyio.run(world.watch.seen, None, "")
    assert "A part of the history cannot be read" in client.get("/alarms").text
    world.watch.close()


@pytest.mark.parametrize("name", ["console.db", "journal.db"])
@pytest.mark.parametrize("how", ["spoilt", "newer"])
def test_a_console_does_not_begin_with_what_it_cannot_read_and_says_which(name: str, how: str, tmp_path: Path) -> None:
    world = recorded(tmp_path, [], '[console]\nlisten = "127.0.0.1:0"\n')
    with_account(world, Role.ADMIN)
    world.open()
    world.watch.close()
    place = tmp_path / "edge.console" / name
    if how == "newer":
        with closing(sqlite3.connect(place)) as file:
            file.execute(NEWER)
    else:
        place.write_bytes(b"\xa5" * place.stat().st_size)
    with pytest.raises(OSError, match=name) as told:
        serve(str(tmp_path / "edge.toml"))
    assert ("newer version of sipedge" in str(told.value)) == (how == "newer")


def test_accounts_that_break_meanwhile_let_nobody_in_and_say_why(tmp_path: Path) -> None:
    world = recorded(tmp_path, [])
    with_account(world, Role.ADMIN)
    place = tmp_path / "edge.console" / "console.db"
    place.write_bytes(b"\xa5" * place.stat().st_size)
    client = browser(world)
    for path in ("/", "/api/history"):
        answer = client.get(path)
        assert answer.status_code == 503 and "console.db" in answer.text
    assert client.post("/log-in", data={"name": "admin", "password": "x"}).status_code == 500
    world.watch.close()
