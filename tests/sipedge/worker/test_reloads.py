"""Requests to reload that come while one runs become exactly one more."""

from __future__ import annotations

import asyncio

import pytest

from sipedge.worker.reloads import Reloads


def test_further_requests_become_one_more() -> None:
    async def scenario() -> None:
        began = 0
        going, done = asyncio.Event(), asyncio.Event()

        async def reload() -> None:
            nonlocal began
            began += 1
            await going.wait()

        reloads = Reloads(reload, done.set)
        for _ in range(5):
            reloads.request()
            await asyncio.sleep(0)
        assert began == 1
        going.set()
        await done.wait()
        assert began == 2
        done.clear()
        reloads.request()
        await done.wait()
        assert began == 3

    asyncio.run(scenario())


def test_an_error_does_not_end_the_next_one(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        done = asyncio.Event()

        async def reload() -> None:
            raise RuntimeError("broken")

        reloads = Reloads(reload, done.set)
        for _ in range(2):
            done.clear()
            reloads.request()
            await done.wait()

    asyncio.run(scenario())
    assert len(caplog.records) == 2
