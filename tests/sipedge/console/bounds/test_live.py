"""Browsers told that something has changed: how many, and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from time import time
from typing import Any

import anyio
import pytest
from starlette.responses import Response, StreamingResponse
from support.console import browser, log_in, with_account, world_beside

from sipedge.accounts.roles import Role
from sipedge.console.bounds import live
from sipedge.console.bounds.live import Live
from sipedge.control.refusal import Refused


async def _may() -> bool:
    return True


def _events(answer: Response) -> AsyncIterator[Any]:
    assert isinstance(answer, StreamingResponse)
    return aiter(answer.body_iterator)


def test_one_account_takes_no_more_than_its_share_and_all_no_more_than_there_are() -> None:
    told = Live()
    for _ in range(live.MOST_EACH):
        told.answer("alice", _may)
    with pytest.raises(Refused, match="12 browsers of alice look already") as refused:
        told.answer("alice", _may)
    assert refused.value.code == 429
    for number in range(live.MOST - live.MOST_EACH):
        told.answer(f"user{number}", _may)
    with pytest.raises(Refused, match="64 browsers look already") as refused:
        told.answer("bob", _may)
    assert refused.value.code == 503


def test_a_stream_that_has_ended_leaves_its_place_to_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_EACH", 1)

    async def go() -> None:
        told = Live()

        async def gone() -> Any:
            return {"type": "http.disconnect"}

        async def nothing(message: Any) -> None:
            pass

        for _ in range(3):
            await told.answer("alice", _may)({"type": "http", "asgi": {}}, gone, nothing)

    anyio.run(go)


def test_a_change_is_told_at_once_and_one_before_it_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        told = Live()
        events = _events(told.answer("alice", _may))
        assert await anext(events) == "retry: 2000\n\n"
        told.changed()
        told.changed()
        assert "event: changed" in await anext(events)
        monkeypatch.setattr(live, "BEAT", 0.0)
        assert "still here" in await anext(events)

    anyio.run(go)


def test_a_session_that_was_ended_hears_of_it_and_of_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT", 0.0)
    (tmp_path / "edge.toml").write_text("")
    world = world_beside(tmp_path / "edge.toml")
    client = browser(world)
    log_in(client, with_account(world, Role.AUDITOR))
    (session,) = world.keeping.sessions.all(time())
    with client.stream("GET", "/live") as answer:
        heard = []
        for line in answer.iter_lines():
            heard.append(line)
            if line == ": still here":
                world.keeping.sessions.end(session.number)
    assert ": still here" in heard and heard[-3:] == ["event: ended", "data: 1", ""]
    assert client.get("/live").headers["location"].startswith("/log-in")


def test_who_logs_in_again_comes_back_to_the_page_and_not_to_a_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text("")
    world = world_beside(tmp_path / "edge.toml")
    with_account(world, Role.AUDITOR)
    at = {"HX-Request": "true", "HX-Current-URL": "http://127.0.0.1:8443/history?alias=a&rule=b"}
    answer = browser(world).get("/alarms/count", headers=at)
    form = browser(world).post("/drafts/1/save", headers={"Referer": "http://127.0.0.1:8443/drafts/1?file=a"})
    assert form.headers["location"] == "/log-in?next=/drafts/1%3Ffile%3Da"
    assert answer.status_code == 401 and answer.headers["hx-redirect"] == "/log-in?next=/history%3Falias%3Da%26rule%3Db"
