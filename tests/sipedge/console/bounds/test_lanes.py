"""What one account may have under way, beside others."""

from __future__ import annotations

import anyio
import pytest

from sipedge.console.bounds.lanes import AT_ONCE, MOST, Lanes
from sipedge.console.frame.desk import AT_ONCE as THREADS
from sipedge.console.watch.watch import AT_ONCE as QUESTIONS
from sipedge.control.refusal import Refused


def test_who_asks_much_waits_for_himself_and_nobody_else_does() -> None:
    async def go() -> None:
        lanes, release, inside = Lanes(), anyio.Event(), list[str]()

        async def ask(who: str) -> None:
            async with lanes.turn(who):
                inside.append(who)
                await release.wait()

        async with anyio.create_task_group() as tasks:
            for _ in range(MOST):
                tasks.start_soon(ask, "eve")
            await anyio.wait_all_tasks_blocked()
            assert inside == ["eve"] * AT_ONCE
            with pytest.raises(Refused, match="eve has 32 requests under way") as refused:
                async with lanes.turn("eve"):
                    pass
            assert refused.value.code == 429
            tasks.start_soon(ask, "alice")
            await anyio.wait_all_tasks_blocked()
            assert inside[-1] == "alice"
            release.set()
        assert inside.count("eve") == MOST and not lanes._lanes

    anyio.run(go)


def test_one_account_never_has_all_threads_that_answer() -> None:
    assert AT_ONCE < QUESTIONS and AT_ONCE < THREADS
