from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from sipedge.network.look_ups.slots import DOMAIN, SILENT, Key, LookUpSlots, Place, parent_domain
from sipedge.proxy.commands import EDGE, Asker

ONE, TWO = Asker("Default Zone", "192.0.2.1"), Asker("Default Zone", "192.0.2.2")
INSIDE = Asker("Inside", "10.0.0.1")


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        ("example.com", "example.com"),
        ("_sip._tcp.example.com", "example.com"),
        ("a.b.c.example.org", "example.org"),
        ("sip.example.co.uk", "example.co.uk"),
        ("example.co.uk", "example.co.uk"),
        ("sip.example.com.au", "example.com.au"),
        ("sip.ibm.com", "ibm.com"),
        ("sip.example.de", "example.de"),
        ("com", "com"),
        ("", ""),
    ],
)
def test_the_parent_of_a_name(name: str, parent: str) -> None:
    assert parent_domain(name) == parent


def ask(slots: LookUpSlots, asker: Asker, number: int, now: float = 0.0) -> list[Place]:
    """So many look-ups, each below another parent."""
    return [slots.ask((f"{asker.address}.n{each}.example{each}", "A"), asker, now) for each in range(number)]


def test_the_greedy_leave_as_much_as_they_take() -> None:
    slots = LookUpSlots(16, 100, 1.0)
    assert ask(slots, ONE, 20).count(Place.SLOT) == 8
    assert ask(slots, TWO, 20).count(Place.SLOT) == 0  # the Default Zone has its half
    assert ask(slots, INSIDE, 20).count(Place.SLOT) == 4
    assert ask(slots, EDGE, 20).count(Place.SLOT) == 2


def test_strangers_take_turns() -> None:
    slots = LookUpSlots(2, 100, 1.0)
    ask(slots, ONE, 3)
    ask(slots, TWO, 3)
    order, key = [], ("192.0.2.1.n0.example0", "A")
    for _ in range(5):
        slots.done(key, answered=True)
        key = slots.next() or pytest.fail("somebody waits")
        assert slots.next() is None
        order.append(key[0].split(".n")[0])
    assert order == ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2", "192.0.2.2"]


def test_a_silent_domain_has_few_slots_until_it_answers() -> None:
    slots = LookUpSlots(100, 100, 1.0)
    keys = [(f"n{number}.dead.example", "A") for number in range(30)]
    assert [slots.ask(key, ONE, 0.0) for key in keys].count(Place.SLOT) == DOMAIN
    for key in keys[:DOMAIN]:
        slots.done(key, answered=False)
    begun = [slots.next() for _ in range(SILENT + 1)]
    assert begun == [*keys[DOMAIN : DOMAIN + SILENT], None]
    slots.done(keys[DOMAIN], answered=True)
    assert [slots.next() is None for _ in range(DOMAIN)].index(True) == DOMAIN - 1


def test_the_queue_is_shared_too() -> None:
    slots = LookUpSlots(2, 8, 1.0)
    assert ask(slots, ONE, 10) == [Place.SLOT, *[Place.QUEUE] * 4, *[Place.NONE] * 5]
    assert ask(slots, INSIDE, 10) == [Place.SLOT, *[Place.QUEUE] * 2, *[Place.NONE] * 7]


def test_who_asks_for_what_waits_for_another_has_a_turn_of_its_own() -> None:
    slots = LookUpSlots(4, 100, 1.0)
    ask(slots, ONE, 10)
    key = ("192.0.2.1.n9.example9", "A")
    assert slots.ask(key, ONE, 0.0) is Place.QUEUE
    assert slots.ask(key, INSIDE, 0.0) is Place.QUEUE
    assert slots.waiting == 8
    assert slots.next() == key
    assert slots.waiting == 7


def test_what_waits_too_long_is_taken_out() -> None:
    slots = LookUpSlots(2, 100, 10.0)
    assert slots.next_overdue() == float("inf")
    ask(slots, ONE, 2, now=0.0)
    ask(slots, TWO, 1, now=5.0)
    assert slots.next_overdue() == 10.0
    assert list(slots.overdue(9.9)) == []
    assert list(slots.overdue(10.0)) == [("192.0.2.1.n1.example1", "A")]
    assert list(slots.overdue(20.0)) == [("192.0.2.2.n0.example0", "A")]
    assert slots.waiting == 0 and slots.next() is None


@given(st.lists(st.tuples(st.sampled_from((ONE, TWO, INSIDE, EDGE)), st.integers(0, 30), st.booleans())))
@examples(200)
def test_everybody_is_served_once_and_nothing_is_left(story: list[tuple[Asker, int, bool]]) -> None:
    slots, clock = LookUpSlots(4, 20, 1e9), count()
    open_, waiting, served = set[Key](), set[Key](), list[Key]()
    for asker, number, answered in story:
        key = (f"n{number}.example{number % 3}.com", "A")
        if key in open_:
            open_.remove(key)
            slots.done(key, answered=answered)
            served.append(key)
        elif (place := slots.ask(key, asker, next(clock))) is not Place.NONE:
            (open_ if place is Place.SLOT else waiting).add(key)
        while (turn := slots.next()) is not None:
            waiting.remove(turn)
            open_.add(turn)
        assert (slots.held, slots.waiting) == (len(open_), len(waiting))
    while open_:
        slots.done(open_.pop(), answered=True)
        while (turn := slots.next()) is not None:
            waiting.remove(turn)
            open_.add(turn)
    assert (slots.held, slots.waiting, waiting) == (0, 0, set())
