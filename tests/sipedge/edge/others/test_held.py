"""Messages that wait for another worker: in order, not for ever, and not too many."""

from __future__ import annotations

import asyncio

import pytest

from sipedge.edge.others import held
from sipedge.edge.others.held import Held
from sipedge.sip.message import Message

ONE, TWO = (Message(b"BYE sip:%d@far.example SIP/2.0\r\n\r\n" % number) for number in range(2))


def test_what_waits_comes_in_its_order() -> None:
    async def scenario() -> None:
        late: list[tuple[int, Message]] = []
        waiting = Held(lambda connection, message: late.append((connection, message)))
        assert waiting.put(1, 60.0, 8, ONE) and waiting.put(1, 60.0, 9, TWO) and waiting.put("x", 60.0, 8, TWO)
        assert waiting.take(1) == [(8, ONE), (9, TWO)]
        assert waiting.take(1) == [] == late
        assert waiting.take("x") == [(8, TWO)]

    asyncio.run(scenario())


def test_what_has_waited_in_vain_is_given_back_once() -> None:
    async def scenario() -> None:
        came = asyncio.Event()
        late: list[tuple[int, Message]] = []

        def take(connection: int, message: Message) -> None:
            late.append((connection, message))
            came.set()

        waiting = Held(take)
        waiting.put(1, 0.0, 8, ONE)
        waiting.put(1, 60.0, 9, TWO)
        await asyncio.wait_for(came.wait(), 10)
        assert late == [(8, ONE)] and waiting.take(1) == [(9, TWO)]

    asyncio.run(scenario())


def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST", 1)

    async def scenario() -> None:
        waiting = Held(lambda connection, message: None)
        assert waiting.put(1, 60.0, 8, ONE)
        assert not waiting.put(2, 60.0, 8, TWO)
        waiting.take(1)
        assert waiting.put(2, 60.0, 8, TWO)
        waiting.take(2)

    asyncio.run(scenario())
