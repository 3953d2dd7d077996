"""Response contexts (RFC 3261 16.7 to 16.10): forking by tier, best response, failover, CANCEL, Timer C."""

from __future__ import annotations

import pytest
from support.messages import invite, request
from support.playbook import (
    INSIDE,
    OUTSIDE,
    STRANGER,
    Call,
    Leg,
    Play,
    Playbook,
    Told,
    abandons,
    answers,
    answers_with,
    arrives,
    cancels,
    drops,
    fails,
    forwards,
    relays,
    responds,
    waits,
)
from support.settings import OUTSIDE_PEER, ZONES, make_settings, rule, with_zone

from sipedge.response_context import NOT_FOUND, Outcome, best_outcome
from sipedge.settings import Settings
from zones.zone import NeighborZone

BOB = r".*@outside\.example"
THIRD = NeighborZone(name="Third", peers=("198.51.100.30",), monitor=False)


def three(on_match: str = "stop") -> Settings:
    """Two zones in one tier, a third behind them."""
    rules = (
        rule("one", "Outside", BOB, priority="10", on_match=on_match)
        + rule("two", "Third", BOB, priority="10", on_match=on_match)
        + rule("three", "Inside", BOB, priority="20")
    )
    return make_settings(rules, (*ZONES, THIRD))


def forked(play: Play, one: Leg, two: Leg, on_match: str = "stop", method: str = "INVITE") -> Playbook:
    book = play(three(on_match)) >> arrives(invite() if method == "INVITE" else request(method))
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
    one, two, told = Leg(), Leg(), Told()
    (
        forked(play, one, two)
        >> answers(one, 200, tag="one")
        << responds(200)
        >> answers(two, 200, tag="two")
        << relays(INSIDE, told, to="<sip:bob@outside.example>;tag=two")
        >> waits(31)
        >> answers(one, 200, tag="one", stray=True)
        << relays(INSIDE)
        >> answers(two, 200, tag="two", stray=True)
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
    one, two, told = Leg(), Leg(), Told()
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
        << responds(404, warning="399 203.0.113.1:5061 \"zone 'Nowhere' has no peer that can be reached\"")
    )


# ----------------------------------------------------------------------------------------------------------- failover

TWO_PEERS = make_settings(zones=with_zone(ZONES, "Outside", peers=(OUTSIDE_PEER, "198.51.100.21")))


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


# ------------------------------------------------------------------------------------------------------------- CANCEL


def test_cancel_after_a_provisional_response(play: Play) -> None:
    leg, call, cancel = Leg(), Call(), Call()
    told, final = Told(), Told()
    (
        play()
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> answers(leg, 180)
        << responds(180)
        >> arrives(request("CANCEL"), INSIDE, cancel)
        << responds(200, to=cancel, told=told)
        << cancels(leg)
        >> answers(leg, 487)
        << responds(487, to=call, told=final)
    )
    assert told.message.cseq == (1, "CANCEL")


def test_cancel_before_a_provisional_response(play: Play) -> None:
    leg, call, cancel = Leg(), Call(), Call()
    (
        play()
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> arrives(request("CANCEL"), INSIDE, cancel)
        << responds(200, to=cancel)
        >> answers(leg, 100)
        << cancels(leg)
        >> answers(leg, 487)
        << responds(487, to=call)
    )


def test_a_2xx_that_crossed_the_cancel_wins(play: Play) -> None:
    leg, call = Leg(), Call()
    (
        play()
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> answers(leg, 180)
        << responds(180)
        >> arrives(request("CANCEL"))
        << responds(200)
        << cancels(leg)
        >> answers(leg, 200)
        << responds(200, to=call)
    )


def test_a_cancelled_hop_that_stays_silent_is_given_32_seconds(play: Play) -> None:
    """The caller gets the 487 that the next hop owes; a hop is not tried again."""
    leg, call, told = Leg(), Call(), Told()
    (
        play(TWO_PEERS)
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> answers(leg, 180)
        << responds(180)
        >> arrives(request("CANCEL"))
        << responds(200)
        << cancels(leg)
        >> waits(31)
        >> waits(2)
        << abandons(leg)
        << responds(487, to=call, told=told, warning=None)
    )
    assert told.message.to_tag


def test_no_further_tier_after_a_cancel(play: Play) -> None:
    one, two, call = Leg(), Leg(), Call()
    book = play(three("continue")) >> arrives(invite(), INSIDE, call) << responds(100) << forwards(one) << forwards(two)
    (book >> arrives(request("CANCEL")) << responds(200) >> fails(one) >> answers(two, 404) << responds(404, to=call))


def test_cancel_of_nothing_gets_481(play: Play) -> None:
    leg = Leg()
    (
        play()
        >> arrives(request("CANCEL"))
        << responds(481)
        >> arrives(invite())
        << responds(100)
        << forwards(leg)
        >> answers(leg, 486)
        << responds(486)
        >> arrives(request("CANCEL"))
        << responds(481)
    )


@pytest.mark.parametrize("connection", [OUTSIDE, STRANGER])
def test_only_the_caller_may_cancel(play: Play, connection: int) -> None:
    leg, call = Leg(), Call()
    (
        play()
        >> arrives(invite(), INSIDE, call)
        << responds(100)
        << forwards(leg)
        >> arrives(request("CANCEL"), connection)
        << responds(481)
        >> answers(leg, 200)
        << responds(200, to=call)
    )


def test_the_cancel_names_what_it_cancels(play: Play) -> None:
    leg, call = Leg(), Call()
    book = play() >> arrives(invite(routes=("<sip:far.outside.example@outside.example;lr>",)), INSIDE, call)
    book << responds(100) << forwards(leg) >> answers(leg, 180) << responds(180)
    book >> arrives(request("CANCEL")) << responds(200)
    (command,) = book.drain()
    lines = command.data.decode().split("\r\n")  # type: ignore[union-attr]
    assert lines == [
        "CANCEL sip:bob@outside.example SIP/2.0",
        f"Via: {leg.message.first('via')}",
        "Route: <sip:far.outside.example@outside.example;lr>",
        "From: <sip:alice@inside.example>;tag=alice-tag",
        "To: <sip:bob@outside.example>",
        "Call-ID: call-1",
        "CSeq: 1 CANCEL",
        "Max-Forwards: 70",
        "Content-Length: 0",
        "",
        "",
    ]


# ------------------------------------------------------------------------------------------------------------ Timer C


def test_timer_c_cancels_what_rings_too_long(play: Play) -> None:
    """16.8; each provisional response but 100 starts it anew (16.7 step 2)."""
    leg = Leg()
    (
        play()
        >> arrives(invite())
        << responds(100)
        << forwards(leg)
        >> waits(100)
        >> answers(leg, 100)
        >> answers(leg, 180)
        << responds(180)
        >> waits(100)
        >> answers(leg, 183)
        << responds(183)
        >> waits(180)
        >> waits(2)
        << cancels(leg)
        >> answers(leg, 487)
        << responds(487)
    )


def test_timer_c_without_any_answer(play: Play) -> None:
    leg = Leg()
    (
        play()
        >> arrives(invite())
        << responds(100)
        << forwards(leg)
        >> waits(182)
        << abandons(leg)
        << responds(408)
        >> answers(leg, 200, stray=True)
    )


def test_other_requests_have_no_timer_c(play: Play) -> None:
    leg = Leg()
    play() >> arrives(request()) << forwards(leg) >> waits(1000) >> answers(leg, 200) << responds(200)


def test_nothing_is_kept_after_all_is_over(play: Play) -> None:
    book = play(three())
    for number in range(3):
        one, two = Leg(), Leg()
        (
            book
            >> arrives(invite(call_id=f"c{number}"))
            << responds(100)
            << forwards(one)
            << forwards(two)
            >> answers(one, 200)
            << responds(200)
            >> fails(two, 408)
            >> waits(200)
        )
    contexts = book.proxy._contexts
    assert not (contexts._branches or contexts._invites or contexts._timers or contexts._accepted)


def test_the_history_knows_hops_and_status(play: Play) -> None:
    book = play(TWO_PEERS)
    one, two = Leg(), Leg()
    book >> arrives(request()) << forwards(one) >> fails(one) << forwards(two) >> answers(two, 200) << responds(200)
    (entry,) = book.entries
    assert [hop.address for hop in entry.hops] == [OUTSIDE_PEER, "198.51.100.21"]
    assert (entry.status, entry.zone, entry.method) == (200, "Inside", "MESSAGE")


def test_a_broken_via_fails_the_branch(play: Play) -> None:
    """16.7 step 3: a response with one Via is for this edge; as a final answer it says that the hop broke it."""
    leg = Leg()
    book = play() >> arrives(invite()) << responds(100) << forwards(leg)

    def short(status: int) -> object:
        whole = answers(leg, status).message  # type: ignore[union-attr]
        head = whole.head.replace(b"Via: SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bKcaller\r\n", b"")
        return answers_with(leg, type(whole)(head))

    book >> short(180) >> short(200) << responds(502)  # type: ignore[operator]
    assert "Via" in book.log[0].text
