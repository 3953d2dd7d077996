from __future__ import annotations

from dataclasses import replace

from sipedge.rates.bans import WITHIN, Ban, Bans
from sipedge.settings import Limits

LIMITS = replace(Limits(), ban_after=3, ban_time=10.0, ban_longest=35.0)


def offend(bans: Bans, source: str, now: float, count: int = 3, limits: Limits = LIMITS) -> Ban | None:
    """The ban that the last of them brings about."""
    made = [bans.offence(source, "handshake", limits, now) for _ in range(count)]
    assert made[:-1] == [None] * (count - 1)
    return made[-1]


def test_some_offences_within_a_minute_make_a_ban() -> None:
    bans = Bans()
    assert offend(bans, "a", 0.0, 2) is None and bans.left("a", 0.0) == 0.0
    assert offend(bans, "b", 0.0, 1) is None
    assert offend(bans, "a", 59.0, 1) == Ban("a", "handshake", 69.0, 1)
    assert [bans.left("a", now) for now in (59.0, 68.0, 69.0)] == [10.0, 1.0, 0.0]
    assert bans.left("b", 59.0) == 0.0


def test_offences_that_lie_apart_make_none() -> None:
    bans = Bans()
    assert [offend(bans, "a", number * (WITHIN + 1), 2) for number in range(20)] == [None] * 20


def test_each_ban_is_twice_as_long_as_the_one_before() -> None:
    bans, now, lengths = Bans(), 0.0, []
    for _ in range(4):
        ban = offend(bans, "a", now)
        assert ban is not None
        lengths.append(ban.until - now)
        now = ban.until
    assert lengths == [10.0, 20.0, 35.0, 35.0]


def test_who_was_quiet_for_long_begins_again() -> None:
    bans = Bans()
    first = offend(bans, "a", 0.0)
    assert first is not None
    second = offend(bans, "a", first.until + LIMITS.ban_longest + 1)
    assert second is not None and second.times == 1


def test_offences_of_who_is_banned_do_not_lengthen_it() -> None:
    bans = Bans()
    offend(bans, "a", 0.0)
    assert offend(bans, "a", 5.0, 10) is None
    assert bans.left("a", 5.0) == 5.0


def test_bans_in_force_can_be_listed_and_counted() -> None:
    bans = Bans()
    offend(bans, "a", 0.0)
    offend(bans, "b", 5.0)
    offend(bans, "c", 5.0, 1)
    assert [ban.source for ban in bans.bans(7.0)] == ["a", "b"]
    assert bans.bans(12.0) == (Ban("b", "handshake", 15.0, 1),)
    assert bans.begun == {"handshake": 2}


def test_a_reload_lets_everybody_in_again() -> None:
    bans = Bans()
    offend(bans, "a", 0.0)
    bans.forget()
    assert bans.bans(1.0) == () and bans.left("a", 1.0) == 0.0


def test_they_can_be_switched_off() -> None:
    bans = Bans()
    assert offend(bans, "a", 0.0, 100, replace(LIMITS, ban_after=0)) is None
    assert len(bans) == 0


def test_a_million_sources_take_no_more_room_than_some() -> None:
    bans = Bans(most=100)
    for number in range(1_000_000):
        bans.offence(str(number), "scan", LIMITS, 0.0)
    assert len(bans) == 100
