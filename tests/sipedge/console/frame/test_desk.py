"""Questions that take long, asked of processes: who waits for them holds up nobody who changes something."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

import anyio
import pytest
from support.configuration import write
from support.console import send
from support.drafting import MORE, RULE, Drafting

from sipedge.accounts.roles import Role
from sipedge.console.changes.review import Reviews
from sipedge.console.frame import desk as module
from sipedge.control.refusal import Refused
from sipedge.revisions.files import FileSet, read_set
from sipedge.revisions.store import Result

EQUAL = "# the same\n" * 40_000
WORDS = [f"# {number}\n" for number in range(120)]
"""Each often enough in a long text, and none so often that difflib passes it over."""


@pytest.fixture
def drafting(tmp_path: Path) -> Iterator[Drafting]:
    made = Drafting(tmp_path)
    yield made
    made.close()


def _stop(made: Drafting, process: int = signal.SIGSTOP) -> None:
    running = made.world.desk.reviewer._process
    assert running is not None
    os.kill(running.pid, process)


def test_while_reviews_wait_a_trial_can_be_confirmed(drafting: Drafting, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = drafting.world.desk
    monkeypatch.setattr(module, "IN_LINE", 0.2)

    async def go() -> None:
        assert await desk.study("speakers") != []
        _stop(drafting)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(desk.study, "speakers")
            for _ in range(2 * module.AT_ONCE):
                tasks.start_soon(_refused, desk)
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(5):
                assert await desk.run(read_set, desk.config)
            await anyio.sleep(0.3)
            _stop(drafting, signal.SIGCONT)

    async def _refused(desk: module.Desk) -> None:
        with pytest.raises(Refused, match="others have asked before") as refused:
            await desk.study("speakers")
        assert refused.value.code == 503

    anyio.run(go)


def test_an_account_waits_for_one_review_and_the_same_one_is_made_once(drafting: Drafting) -> None:
    desk, reviews = drafting.world.desk, Reviews()
    drafting.begun()
    draft = desk.drafts.get(1)
    found = list[object]()

    async def ask(who: str, days: int) -> None:
        found.append(await reviews.of(draft, desk, days, who))

    async def go() -> None:
        await reviews.of(draft, desk, 1, "eve")
        _stop(drafting)
        async with anyio.create_task_group() as tasks:
            for who in ("eve", "eve", "alice"):
                tasks.start_soon(ask, who, 2)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(Refused, match="still being made") as refused:
                await reviews.of(draft, desk, 3, "eve")
            assert refused.value.code == 429
            _stop(drafting, signal.SIGCONT)
        assert len(found) == 3 and found[0] is found[1] is found[2]
        assert await reviews.of(draft, desk, 3, "eve")

    anyio.run(go)


def test_texts_that_take_for_ever_to_compare_or_merge_are_given_up(
    drafting: Drafting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that is there 40,000 times makes difflib try each pair."""
    write(drafting.folder, EQUAL + RULE, "edge.dialplan")
    client, path = drafting.of(Role.OPERATOR), drafting.begun()
    desk = drafting.world.desk
    send(client, f"{path}/save", "/", version="1", file="edge.dialplan", text=RULE + EQUAL, then="save")
    write(drafting.folder, EQUAL + RULE + MORE, "edge.dialplan")
    monkeypatch.setattr(module, "QUICK", 0.5)
    answer = send(client, f"{path}/rebase", "/")
    assert answer.status_code == 503 and "longer than 0.5 s" in answer.text
    store, random = desk.revisions.store, Random(1)
    with store.locked():
        for _ in range(2):
            lines = "".join(random.choices(WORDS, k=40_000))
            store.add(FileSet({"edge.toml": lines}), 1, "", "", Result.FROM_DISK)
    client.get(path)  # a process is there again
    answer = client.get("/revisions/compare?old=1&new=2")
    assert answer.status_code == 503 and "longer than 0.5 s" in answer.text
    monkeypatch.setattr(module, "QUICK", 20.0)
    assert client.get(path).status_code == 200
