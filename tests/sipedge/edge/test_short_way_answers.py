"""Answers to requests that went without the core: which request one belongs to, however many are under way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from support.messages import answer_to
from support.native import require_native
from support.settings import OUTSIDE_PEER
from support.short_way import played, said, settings, shorts

from sipedge.rates import reading
from tools.fuzz.edges import NAMES as DRAWN
from tools.memory_edge import Far, MemoryEdge

Edit = Callable[[bytes], bytes]
BRANCH = re.compile(rb"branch=(z9hG4bK[^.;\r]+)\.([0-9a-f]{12})")
PLACES = 2048
"""Requests that can be under way so at one time."""


@pytest.fixture(autouse=True)
def native(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    require_native()
    monkeypatch.setattr(reading, "SLICE", float("inf"))  # else the sizes of reads depend on the machine
    yield


def _number(edit: Edit) -> Edit:
    """Of the branch: what is behind its front, which is the same for all."""
    return lambda data: BRANCH.sub(lambda found: b"branch=" + edit(found[1]) + b"." + found[2], data, count=1)


def _hash(edit: Edit) -> Edit:
    return lambda data: BRANCH.sub(lambda found: b"branch=" + found[1] + b"." + edit(found[2]), data, count=1)


def _more(text: bytes) -> bytes:
    """The number that has the same place, of those without the core; behind an x."""
    front, letter, number = text.rpartition(b"x")
    return front + letter + (b"%x" % (int(number, 16) + PLACES) if letter else number + b"800")


EDITS: dict[str, Edit] = {
    "as it is": lambda data: data,
    "in capitals": lambda data: BRANCH.sub(lambda found: found[0].upper().replace(b"BRANCH", b"branch"), data, count=1),
    "its number in capitals": _number(lambda text: text[:-1] + text[-1:].upper()),
    "its hash in capitals": _hash(bytes.upper),
    "another hash": _hash(lambda text: text[:-1] + (b"0" if text[-1:] != b"0" else b"1")),
    "a longer hash": _hash(lambda text: text + b"0"),
    "a shorter hash": _hash(lambda text: text[:-1]),
    "no hash": _hash(lambda _: b""),
    "another number": _number(lambda text: text[:-1] + (b"1" if text[-1:] != b"1" else b"2")),
    "2048 more": _number(_more),
    "a long number": _number(lambda text: text + b"0" * 17),
    "no number": _number(lambda text: text.rpartition(b"x")[0] + b"x"),
    "another front": _number(lambda text: b"z9hG4bK0" + text[7:]),
    "more parameters": lambda data: BRANCH.sub(rb"\g<0>;x=y", data, count=1),
    "other parameters first": lambda data: data.replace(b";branch", b";x=y;branch", 1),
    "a quoted parameter first": lambda data: data.replace(b";branch", b';x="branch=";branch', 1),
    "another transport": lambda data: data.replace(b"SIP/2.0/TCP", b"SIP/2.0/TLS", 1),
    "another sent-by": lambda data: data.replace(b"203.0.113.1", b"203.0.113.2", 1),
    "in one line with the next": lambda data: re.sub(rb"\r\nVia: (?=SIP/2.0/TCP 192)", b", ", data, count=1),
    "alone": lambda data: re.sub(rb"\r\nVia: SIP/2.0/TCP 192[^\r]*", b"", data, count=1),
    "of another method": lambda data: data.replace(b" MESSAGE\r\n", b" MESSAGES\r\n", 1),
    "of a method as long": lambda data: data.replace(b" MESSAGE\r\n", b" MESSAGF\r\n", 1),
    "a status above": lambda data: data.replace(b" 200 ", b" 300 ", 1),
    "a status far above": lambda data: data.replace(b" 200 ", b" 299 ", 1),
    "a status below": lambda data: data.replace(b" 200 ", b" 199 ", 1),
}
"""What is done to an answer that is right."""


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["on its connection", "on another one"])
def test_an_answer_that_is_nearly_right_makes_no_difference_to_the_core(edit: Edit, elsewhere: bool) -> None:
    """Each is sent twice, and then the right ones. The number in its branch has a letter."""
    heard, under_way, lettered = list[list[bytes]](), list[int](), list[int]()
    for remembered in (100, 0):

        async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
            caller.send(*(said(number) for number in range(10, 26)))
            await edge.turn()
            under_way.append(shorts(edge))
            answers = [answer_to(each, 200).to_bytes() for each in callee.received()]
            lettered.extend(at for at, data in enumerate(answers) if re.search(rb"branch=z9hG4bK\w+x\w*[a-f]\.", data))
            wrong = edit(answers[lettered[0]])  # of the short way's
            other = edge.accept(OUTSIDE_PEER) if elsewhere else callee
            heard.append([])
            for data in (wrong, wrong, *answers):
                other.write_in(data)
                await edge.turn()
                heard[-1].append(b"".join(DRAWN.sub(b"*", each.to_bytes()) for each in caller.received()))

        played(scenario, settings(remembered))
    assert heard[0] == heard[1]
    assert any(heard[0]) and under_way == [16, 0]


def test_of_a_thousand_that_are_under_way_each_has_its_answer_and_its_copies_are_absorbed() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        many = [said(number) for number in range(10, 1010)]
        caller.send(*many)
        await edge.turn()
        assert shorts(edge) == 1000
        sent = callee.received()
        caller.send(*many)
        await edge.turn()
        assert callee.received() == []
        for part in (sent[1::2], sent[::2][::-1]):
            callee.send(*(answer_to(each, 200) for each in part))
            await edge.turn()
            assert [each.call_id for each in caller.received()] == [each.call_id for each in part]
        assert shorts(edge) == 0

    played(scenario, settings())


def test_numbers_begin_again_and_pass_over_who_still_waits() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        first = [said(number) for number in range(9000, 9015)]  # one place less than are tried for the next one
        caller.send(*first)
        await edge.turn()
        waiting = callee.received()
        for start in range(10, 10 + 2 * PLACES, 128):
            caller.send(*(said(number) for number in range(start, start + 128)))
            await edge.turn()
            assert shorts(edge) == 128 + len(first)
            callee.send(*(answer_to(each, 200) for each in callee.received()))
            await edge.turn()
            assert len(caller.received()) == 128
        callee.send(*(answer_to(each, 200) for each in waiting))
        await edge.turn()
        assert [each.call_id for each in caller.received()] == [each.call_id for each in first]

    played(scenario, settings())


def test_a_request_more_than_there_are_places_for_is_the_cores() -> None:
    async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
        caller.send(*(said(number) for number in range(10, 10 + PLACES)))
        await edge.turn()
        assert shorts(edge) == PLACES
        caller.send(said(9000))
        await edge.turn()
        assert shorts(edge) == PLACES
        sent = callee.received()
        assert len(sent) == PLACES + 1
        callee.send(*(answer_to(each, 200) for each in sent))
        await edge.turn()
        assert len(caller.received()) == PLACES + 1 and shorts(edge) == 0

    played(scenario, settings())


BELOW = "SIP/2.0/TCP 192.0.2.77;branch=z9hG4bKbelow"


@pytest.mark.parametrize(
    ("edit", "is_short"),
    [
        (lambda data: data, True),
        (lambda data: BRANCH.sub(rb"\g<0>;x=y", data, count=1), True),
        (lambda data: re.sub(rb"\r\nVia: (?=SIP/2.0/TCP 192)", b", ", data, count=1), False),
        (lambda data: re.sub(rb"\r\nVia: (?=SIP/2.0/TCP 192)", b";x=y, ", data, count=1), False),
        (lambda data: BRANCH.sub(rb'\g<0>;x="a, b"', data, count=1), False),
        (lambda data: BRANCH.sub(rb'\g<0>;x="y"', data, count=1), False),
        (lambda data: BRANCH.sub(rb'x=";\g<0>";\g<0>', data, count=1), False),
    ],
    ids=[
        "as it is",
        "a parameter more",
        "in one line with the next",
        "in one line, behind a parameter",
        "a quoted comma",
        "a quoted parameter",
        "its branch within quotes before",
    ],
)
def test_an_answer_loses_the_edges_own_via_and_no_other_however_they_are_written(edit: Edit, is_short: bool) -> None:
    """Two Via values stand below: where a line holds two, the second one has to stay (RFC 3261 7.3.1)."""
    heard, short = list[list[bytes]](), list[bool]()
    for remembered in (100, 0):

        async def scenario(edge: MemoryEdge, caller: Far, callee: Far) -> None:
            caller.send(said(9, BELOW))
            await edge.turn()
            handled: list[object] = []
            handle = edge.server._proxy.handle
            edge.server._proxy.handle = lambda event, now: handled.append(event) or handle(event, now)  # type: ignore[func-returns-value,method-assign]
            (asked,) = callee.received()
            callee.write_in(edit(answer_to(asked, 200).to_bytes()))
            await edge.turn()
            short.append(not handled)
            heard.append([DRAWN.sub(b"*", each.to_bytes()) for each in caller.received()])

        played(scenario, settings(remembered), lambda number: said(number, BELOW))
    assert heard[0] == heard[1] and len(heard[0]) == 1
    assert b"203.0.113.1" not in heard[0][0] and heard[0][0].count(b"SIP/2.0/TCP") == 2
    assert short == [is_short, False]
