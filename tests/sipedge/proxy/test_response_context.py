"""Response contexts (RFC 3261 16.7 to 16.10): forking by tier, best response, failover, 408."""

from __future__ import annotations

import pytest
from support.messages import invite, request
from support.playbook import (
    INSIDE,
    Captured,
    Leg,
    Play,
    Playbook,
    answers,
    arrives,
    cancels,
    drops,
    fails,
    forwards,
    opens,
    relays,
    responds,
    waits,
)
from support.settings import OUTSIDE_PEER, THIRD, TWO_PEERS, ZONES, forking, make_settings, rule, with_zone

from sipedge.proxy.branch import NOT_FOUND, Outcome, best_outcome
from zones.zone import NeighborZone

BOB = r".*@outside\.example"


def forked(play: Play, one: Leg, two: Leg, on_match: str = "stop", method: str = "INVITE") -> Playbook:
    book = play(forking(on_match)) >> arrives(invite() if method == "INVITE" else request(method))
    if method == "INVITE":
        book << responds(100)
    return book << forwards(one, "Outside") << forwards(two, "Third")


# ------------------------------------------------------------------------------------------------------------ forking


def test_all_targets_of_a_tier_at_once_and_the_first_2xx_wins(play: Play) -> None:
    one, two = Leg(), Leg()
    (
        forked(play, one, two)
        >> answers(one, 180, tag="one")
        << responds(180)
        >> answers(two, 183, tag="two")
        << responds(183)
        >> answers(two, 200, tag="two")
        << responds(200)
        << cancels(one)
        >> answers(one, 487, tag="one")
    )
    assert one.branch != two.branch


def test_a_branch_without_provisional_response_is_cancelled_when_one_comes(play: Play) -> None:
    """RFC 3261 9.1: no CANCEL before that."""
    one, two = Leg(), Leg()
    (
        forked(play, one, two)
        >> answers(two, 200)
        << responds(200)
        >> answers(one, 100)
        << cancels(one)
        >> answers(one, 180)
        >> answers(one, 487)
    )


def test_the_second_2xx_is_relayed_for_32_seconds(play: Play) -> None:
    one, two, told = Leg(), Leg(), Captured()
    (
        forked(play, one, two)
        >> opens(4, "198.51.100.30")
        >> answers(one, 200, tag="one")
        << responds(200)
        >> answers(two, 200, tag="two", connection=4)
        << relays(INSIDE, told, to="<sip:bob@outside.example>;tag=two")
        >> waits(31)
        >> answers(one, 200, tag="one", stray=True)
        << relays(INSIDE)
        >> answers(two, 200, tag="two", connection=4, stray=True)
        << relays(INSIDE)
        >> waits(2)
        >> answers(one, 200, tag="one", stray=True)
    )
    assert told.message.via.branch == "z9hG4bKcaller"


def test_a_second_2xx_to_other_requests_is_not_relayed(play: Play) -> None:
    one, two = Leg(), Leg()
    forked(play, one, two, method="MESSAGE") >> answers(one, 200) << responds(200) >> answers(two, 200)


def test_provisional_responses_after_the_final_one_are_ignored(play: Play) -> None:
    one, two = Leg(), Leg()
    (
        forked(play, one, two)
        >> answers(one, 180)
        << responds(180)
        >> answers(two, 200)
        << responds(200)
        << cancels(one)
        >> answers(one, 183)
    )


def test_other_requests_get_no_provisional_response(play: Play) -> None:
    """RFC 4320 4.1: none but 100, which is hop by hop."""
    leg = Leg()
    (
        play()
        >> arrives(request("MESSAGE"))
        << forwards(leg)
        >> answers(leg, 100)
        >> answers(leg, 183)
        >> answers(leg, 202)
        << responds(202)
    )


# ------------------------------------------------------------------------------------------------------ best response


@pytest.mark.parametrize(
    ("first", "second", "best"),
    [
        (486, 404, 486),
        (404, 486, 486),
        (480, 404, 480),
        (404, 480, 404),
        (500, 404, 404),
        (302, 404, 302),
        (404, 401, 401),
        (407, 401, 401),
        (404, 484, 484),
    ],
)
def test_the_best_of_two(play: Play, first: int, second: int, best: int) -> None:
    one, two = Leg(), Leg()
    forked(play, one, two) >> answers(one, first) >> answers(two, second) << responds(best)


def test_a_6xx_beats_all_and_cancels_the_others(play: Play) -> None:
    one, two = Leg(), Leg()
    (
        forked(play, one, two)
        >> answers(one, 180)
        << responds(180)
        >> answers(two, 603)
        << cancels(one)
        >> answers(one, 487)
        << responds(603)
    )


def test_a_2xx_that_crossed_a_6xx_still_wins(play: Play) -> None:
    one, two = Leg(), Leg()
    forked(play, one, two) >> answers(two, 603) >> answers(one, 200) << responds(200)


def test_no_branch_is_opened_after_a_6xx(play: Play) -> None:
    zones = with_zone((*ZONES, THIRD), "Outside", peers=(OUTSIDE_PEER, "198.51.100.21"))
    rules = rule("one", "Outside", BOB, priority="10") + rule("two", "Third", BOB, priority="10")
    one, two = Leg(), Leg()
    (
        play(make_settings(rules, zones))
        >> arrives(invite())
        << responds(100)
        << forwards(one, "Outside")
        << forwards(two, "Third")
        >> answers(two, 600)
        >> fails(one, 503)
        << responds(600)
    )


def test_a_challenge_carries_the_challenges_of_all_branches(play: Play) -> None:
    one, two, told = Leg(), Leg(), Captured()
    (
        forked(play, one, two)
        >> answers(one, 407, extra=('Proxy-Authenticate: Digest realm="one"',))
        >> answers(two, 401, extra=('WWW-Authenticate: Digest realm="two"', "WWW-Authenticate: Digest realm=b"))
        << responds(401, told=told)
    )
    assert told.message.values("www-authenticate") == ['Digest realm="two"', "Digest realm=b"]
    assert told.message.values("proxy-authenticate") == ['Digest realm="one"']


def test_503_is_told_as_500(play: Play) -> None:
    leg = Leg()
    (
        play()
        >> arrives(request())
        << forwards(leg)
        >> answers(leg, 503, extra=("Retry-After: 10",))
        << responds(500, warning='399 203.0.113.1:5061 "the next hop is not available"', retry_after=None)
    )


def test_best_outcome_of_nothing() -> None:
    assert best_outcome([]) is None
    own, received = Outcome(404), Outcome(404, message=request())
    assert best_outcome([own, received]) is received


# -------------------------------------------------------------------------------------------------------------- tiers


@pytest.mark.parametrize("status", sorted(NOT_FOUND - {408}))
def test_the_next_tier_follows_while_nobody_was_found(play: Play, status: int) -> None:
    one, two, three_ = Leg(), Leg(), Leg()
    (
        forked(play, one, two, on_match="continue")
        >> answers(one, 404)
        >> answers(two, status)
        << forwards(three_, "Inside")
        >> answers(three_, 200, connection=INSIDE)
        << responds(200)
    )


@pytest.mark.parametrize("status", [302, 401, 403, 486, 488, 603])
def test_a_refusal_was_found(play: Play, status: int) -> None:
    one, two = Leg(), Leg()
    forked(play, one, two, on_match="continue") >> answers(one, 404) >> answers(two, status) << responds(status)


def test_stop_ends_the_search_found_or_not(play: Play) -> None:
    one, two = Leg(), Leg()
    forked(play, one, two, on_match="stop") >> answers(one, 404) >> answers(two, 404) << responds(404)


def test_the_best_response_is_chosen_over_all_tiers(play: Play) -> None:
    one, two, three_ = Leg(), Leg(), Leg()
    (
        forked(play, one, two, on_match="continue")
        >> answers(one, 500)
        >> answers(two, 480)
        << forwards(three_, "Inside")
        >> answers(three_, 500, connection=INSIDE)
        << responds(480)
    )


@pytest.mark.slow
def test_a_thousand_tiers_that_lead_nowhere_are_no_obstacle(play: Play) -> None:
    nowhere = NeighborZone(name="Nowhere", peers=("unresolved.example",), monitor=False)
    rules = "".join(rule(f"r{n}", "Nowhere", BOB, priority=str(n), on_match="continue") for n in range(1, 1001))
    book = play(make_settings(rules + rule("last", "Outside", BOB, priority="2000"), (*ZONES, nowhere)))
    book.drain()
    leg = Leg()
    book >> arrives(request()) << forwards(leg, "Outside") >> answers(leg, 200) << responds(200)


def test_a_zone_without_a_peer_is_not_found(play: Play) -> None:
    nowhere = NeighborZone(name="Nowhere", peers=("unresolved.example",), monitor=False)
    book = play(make_settings(rule("r", "Nowhere", BOB), (*ZONES, nowhere)))
    book.drain()
    (
        book
        >> arrives(request())
        << responds(504, warning="399 203.0.113.1:5061 \"zone 'Nowhere' has no peer that can be reached\"")
    )


# ----------------------------------------------------------------------------------------------------------- failover


@pytest.mark.parametrize("failure", ["503 received", "connection failed", "silence"])
def test_the_next_hop_is_tried(play: Play, failure: str) -> None:
    """RFC 3263 4.3."""
    one, two, later = Leg(), Leg(), Leg()
    book = play(TWO_PEERS) >> arrives(invite()) << responds(100) << forwards(one, "Outside", address=OUTSIDE_PEER)
    book >> {"503 received": answers(one, 503), "connection failed": fails(one), "silence": fails(one, 408)}[failure]
    (
        book
        << forwards(two, "Outside", address="198.51.100.21")
        >> answers(two, 200)
        << responds(200)
        >> arrives(request(call_id="later"))
        << forwards(later, address="198.51.100.21")
        >> answers(later, 200)
        << responds(200)
    )
    assert one.branch != two.branch


def test_all_hops_have_failed(play: Play) -> None:
    one, two = Leg(), Leg()
    (
        play(TWO_PEERS)
        >> arrives(request())
        << forwards(one)
        >> fails(one)
        << forwards(two)
        >> fails(two)
        << responds(500, warning='399 203.0.113.1:5061 "the connection was closed"')
    )


def test_an_invite_that_rang_is_not_tried_elsewhere_when_time_is_up(play: Play) -> None:
    one = Leg()
    (
        play(TWO_PEERS)
        >> arrives(invite())
        << responds(100)
        << forwards(one)
        >> answers(one, 180)
        << responds(180)
        >> fails(one, 408)
        << responds(408)
    )


# --------------------------------------------------------------------------------------------------------------- 408


def test_an_invite_that_nobody_answers_gets_408(play: Play) -> None:
    leg = Leg()
    play() >> arrives(invite()) << responds(100) << forwards(leg) >> fails(leg, 408) << responds(408)


def test_other_requests_get_no_408(play: Play) -> None:
    """RFC 4320 4.2: not of its own, and not a received one either."""
    leg, other = Leg(), Leg()
    play() >> arrives(request()) << forwards(leg) >> fails(leg, 408) << drops()
    play() >> arrives(request()) << forwards(other) >> answers(other, 408) << drops()


def test_408_is_the_last_choice(play: Play) -> None:
    one, two = Leg(), Leg()
    forked(play, one, two, method="MESSAGE") >> answers(one, 408) >> answers(two, 404) << responds(404)
