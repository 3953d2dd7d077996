from __future__ import annotations

import asyncio
from dataclasses import replace

from sipedge.network.admission import SHARE, Admission, Slices
from sipedge.settings import Limits

LIMITS = replace(Limits(), connections=4, connections_per_source=2)


def test_each_source_and_all_together_are_bounded() -> None:
    admission = Admission()
    answers = [admission.enter(source, LIMITS) for source in ("a", "a", "a", "b", "c")]
    assert answers == ["", "", "too many connections from a", "", "too many connections in all"]


def test_who_left_counts_no_more() -> None:
    admission = Admission()
    for source in ("a", "a", "a"):
        admission.enter(source, LIMITS)
    admission.leave("a")
    admission.leave("a")
    assert admission.enter("a", LIMITS) == ""
    for _ in range(2):
        admission.leave("a")
    assert (admission.accepted, admission.sources) == (0, 0)


def test_a_turn_of_the_loop_does_its_share_and_the_next_ones_do_the_rest() -> None:
    async def test() -> list[int]:
        slices, done = Slices(), list[int]()
        at_once = [slices.do(lambda number=number: done.append(number)) for number in range(3 * SHARE + 1)]  # type: ignore[misc]
        assert at_once == [True] * SHARE + [False] * (2 * SHARE + 1)
        counts = [len(done)]
        while slices:
            await asyncio.sleep(0)
            counts.append(len(done))
        assert done == list(range(3 * SHARE + 1))
        return counts

    assert asyncio.run(test()) == [SHARE, 2 * SHARE, 3 * SHARE, 3 * SHARE + 1]


def test_what_comes_in_a_later_turn_has_a_share_of_its_own() -> None:
    async def test() -> None:
        slices = Slices()
        for _ in range(3):
            assert all([slices.do(lambda: None) for _ in range(SHARE)])
            await asyncio.sleep(0)

    asyncio.run(test())


def test_what_fails_keeps_nothing_else_from_its_turn() -> None:
    async def test() -> None:
        slices, done, faults = Slices(), list[int](), list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
        for _ in range(SHARE):
            slices.do(lambda: None)
        slices.do(lambda: [][0])
        slices.do(lambda: done.append(1))
        while slices:
            await asyncio.sleep(0)
        assert (done, [type(fault) for fault in faults]) == ([1], [IndexError])

    asyncio.run(test())
