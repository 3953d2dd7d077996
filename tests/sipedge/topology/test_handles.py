"""Handles in place of tokens that are too long."""

from __future__ import annotations

import os

import pytest

from sipedge.bus.board import Board
from sipedge.topology import handles as handles_module
from sipedge.topology.handles import LENGTH, MARK, Handles
from sipedge.topology.seals import Kind, Seals

SECRET = b"a secret of the tests"
LONG = "sip:" + "x" * 300 + "@host.example"


def test_a_long_token_is_opened_by_its_handle() -> None:
    seals = Seals(SECRET)
    handle = seals.seal(Kind.CONTACT, "here", LONG, 64)
    assert handle.startswith(MARK) and len(handle) == LENGTH + 1
    assert seals.open(Kind.CONTACT, "here", handle) == LONG
    assert seals.seal(Kind.CONTACT, "here", LONG, 64) == handle
    assert seals.open(Kind.CONTACT, "there", handle) is None and seals.open(Kind.ROUTES, "here", handle) is None


def test_a_short_one_goes_as_it_is() -> None:
    seals = Seals(SECRET)
    token = seals.seal(Kind.CONTACT, "here", "sip:x@y", 64)
    assert not token.startswith(MARK) and seals.open(Kind.CONTACT, "here", token) == "sip:x@y"


@pytest.mark.parametrize("text", [MARK, MARK * 2, MARK + "x" * LENGTH, MARK + "\udcff"])
def test_one_that_nobody_made_opens_nothing(text: str) -> None:
    seals = Seals(SECRET)
    seals.seal(Kind.CONTACT, "here", LONG, 64)
    assert seals.open(Kind.CONTACT, "here", text) is None


def test_what_has_changed_is_told_once_and_read_back() -> None:
    kept, seals = Handles(), None
    seals = Seals(SECRET, handles=kept)
    handle = seals.seal(Kind.CONTACT, "here", LONG, 64)
    changes = kept.taken()
    assert set(changes) == {handle[1:]} and not kept.changes
    again = Handles()
    for name, token in changes.items():
        again.recall(name, token or "")
        again.recall("other", token or "")
    assert len(again) == 1 and not again.changes
    assert Seals(SECRET, handles=again).open(Kind.CONTACT, "here", handle) == LONG


def test_a_handle_of_one_worker_opens_at_another_at_once_and_in_the_next_in_its_seat() -> None:
    memory = os.memfd_create("test")
    one, two = (Handles(Board(memory, worker)) for worker in range(2))
    handle = Seals(SECRET, handles=one).seal(Kind.CONTACT, "here", LONG, 64)
    for kept in (two, Handles(Board(memory, 0))):
        assert Seals(SECRET, handles=kept).open(Kind.CONTACT, "here", handle) == LONG
        assert not kept.changes, "only who made it writes it into its journal"
    again = Handles(Board(memory, 1))
    again.look()
    assert len(again) == 1
    os.close(memory)


def test_what_a_journal_gave_back_is_there_for_all() -> None:
    memory = os.memfd_create("test")
    one, two = (Handles(Board(memory, worker)) for worker in range(2))
    token = "x" * 100
    one.recall(token[:LENGTH], token)
    assert two.whole(MARK + token[:LENGTH]) == token
    os.close(memory)


def test_the_one_that_was_used_longest_ago_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handles_module, "MOST", 3)
    kept = Handles()
    tokens = [letter * 100 for letter in "abcd"]
    shorts = [kept.shortened(token, 50) for token in tokens[:3]]
    assert kept.whole(shorts[0]) == tokens[0]
    kept.shortened(tokens[3], 50)
    assert kept.whole(shorts[0]) == tokens[0] and kept.whole(shorts[1]) == shorts[1]
    assert kept.taken()["b" * LENGTH] is None
