"""Which worker has a call: the one that its tags name, or the one that says so."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from sipedge.bus.bus import Bus
from sipedge.bus.tally import Tally
from sipedge.bus.words import Belongs, Word
from sipedge.edge.others.calls import CallsOfAll
from sipedge.sip.message import Message

MINE, THEIRS = "w0aaaaaaaa1", "w1bbbbbbbb2"


class Said(Bus):
    """What one worker tells all others."""

    def __init__(self, worker: int) -> None:
        super().__init__(worker)
        self.words: list[Word] = []

    def tell_all(self, word: Word) -> None:
        self.words.append(word)


@pytest.fixture
def memory() -> Iterator[int]:
    file = os.memfd_create("test")
    yield file
    os.close(file)


@pytest.fixture
def bus() -> Said:
    return Said(0)


@pytest.fixture
def calls(bus: Said, memory: int) -> CallsOfAll:
    return CallsOfAll(bus, Tally(memory, 0), 2)


def request(method: str = "BYE", uri: str = "sip:bob@far.example", *lines: str) -> Message:
    head = [f"{method} {uri} SIP/2.0", *lines, "", ""]
    return Message("\r\n".join(head).encode())


def test_a_tag_names_the_worker_that_made_it(calls: CallsOfAll) -> None:
    assert (calls.worker_of(MINE), calls.worker_of(THEIRS)) == (0, 1)
    for stranger in ("w2aaaaaaaa1", "w1", "as1234", "w1bbbbbbbg", ""):
        assert calls.worker_of(stranger) is None


def test_what_is_here_though_it_names_another_one_is_told_to_all(calls: CallsOfAll, bus: Said) -> None:
    calls.holds(MINE, True)
    calls.holds(THEIRS, True)
    assert bus.words == [Belongs(THEIRS, True)] == calls.joined(1)
    assert calls.worker_of(THEIRS) == 0
    calls.holds(THEIRS, False)
    assert bus.words[1:] == [Belongs(THEIRS, False)] and calls.joined(1) == []
    assert calls.worker_of(THEIRS) == 1


def test_a_worker_that_has_died_tells_anew_what_it_has(calls: CallsOfAll) -> None:
    calls.belongs(1, Belongs(MINE, True))
    assert calls.worker_of(MINE) == 1
    calls.joined(1)
    assert calls.worker_of(MINE) == 0
    calls.belongs(1, Belongs(MINE, True))
    calls.belongs(1, Belongs(MINE, False))
    assert calls.worker_of(MINE) == 0


@pytest.mark.parametrize(
    "message",
    [
        request("BYE", "sip:bob@far.example", f"To: <sip:bob@far.example>;tag={THEIRS}"),
        request("REFER", f"sip:b-{THEIRS}@edge.example;transport=tls"),
        request("INVITE", "sip:bob@far.example", f"Replaces: 1@a;to-tag={THEIRS};from-tag=x"),
        request("REFER", "sip:bob@far.example", f"Target-Dialog: 1@a;local-tag=x;remote-tag={THEIRS}"),
        request("REFER", "sip:b@c", f"Refer-To: <sip:c@d?Replaces=1%40a%3Bto-tag%3D{THEIRS}%3Bfrom-tag%3Dx>"),
    ],
)
def test_a_request_goes_where_its_call_is(calls: CallsOfAll, message: Message) -> None:
    assert calls.named(message) == [(THEIRS, 1)]


def test_of_two_calls_that_a_request_names_its_own_comes_first(calls: CallsOfAll) -> None:
    to, other = (
        f"To: <sip:bob@far.example>;tag={MINE}",
        f"Refer-To: <sip:c@d?Replaces=1%3Bto-tag%3D{THEIRS}%3Bfrom-tag%3Dx>",
    )
    refer = request("REFER", "sip:bob@far.example", to, other)
    assert calls.named(refer) == [(MINE, 0), (THEIRS, 1)]
    assert calls.named(request("MESSAGE", "sip:bob@far.example", "To: <sip:bob@far.example>")) == []


def test_legs_of_the_others_are_calls(calls: CallsOfAll, memory: int) -> None:
    other = CallsOfAll(Said(1), Tally(memory, 1), 2)
    for number in range(4):
        other.holds(f"w1bbbbbbbb{number}", True)
    other.holds("w1bbbbbbbb0", False)
    other.holds("w1bbbbbbbb1", False)
    assert (calls.calls(), other.calls()) == (1, 0)
    CallsOfAll(Said(1), Tally(memory, 1), 2)  # the next one in its seat
    assert calls.calls() == 0
