"""What leaves for a partner that takes only so many requests a second."""

from __future__ import annotations

from typing import Any

import pytest
from support.messages import invite, notify, request
from support.playbook import (
    INSIDE,
    Call,
    FakeResolver,
    Leg,
    Play,
    Playbook,
    answers,
    arrives,
    cancels,
    federation,
    forwards,
    responds,
    sends,
    waits,
)
from support.settings import THIRD, ZONES, make_settings, rule, with_zone

from sipedge.proxy.events import ConfigChanged, DrainEnded, Ending, ForwardFailed
from sipedge.settings import Settings
from zones.zone import UNLIMITED, DefaultZone, DnsZone, FromDomain, RatePolicy

IN_DIALOG = "<sip:bob@outside.example>;tag=bob-tag"


def paced(**fields: Any) -> Settings:
    """One request a second to the peer of the zone Outside; two may wait."""
    rate = RatePolicy(**{"pace": 1.0, "pace_wait": 2.0, **fields})
    return make_settings(zones=with_zone(ZONES, "Outside", rate=rate))


def number(count: int) -> dict[str, Any]:
    """A transaction of its own."""
    return {"call_id": f"c{count}", "via": f"SIP/2.0/TLS a;branch=z9hG4bK{count}"}


def test_one_leaves_at_a_time_in_the_order_they_came(play: Play) -> None:
    calls = [Call(), Call(), Call()]
    legs = [Leg(), Leg(), Leg()]
    book = play(paced()) >> arrives(request(**number(0)), INSIDE, calls[0]) << forwards(legs[0], call_id="c0")
    book >> arrives(request(**number(1)), INSIDE, calls[1]) >> arrives(request(**number(2)), INSIDE, calls[2])
    assert book.proxy.kept()["paced"] == 2 and not book.proxy.is_quiet()
    book >> waits(0.5) >> waits(0.5) << forwards(legs[1], call_id="c1")
    book >> waits(1.0) << forwards(legs[2], call_id="c2")
    for leg, call in zip(legs, calls, strict=True):
        book >> answers(leg, 200) << responds(200, to=call)
    assert book.proxy.is_quiet()


def test_a_full_queue_is_503_with_retry_after(play: Play) -> None:
    book = play(paced()) >> arrives(request(**number(0))) << forwards(Leg())
    book >> arrives(request(**number(1))) >> arrives(request(**number(2)))
    book >> arrives(request(**number(3))) << responds(503, retry_after="1")
    assert book.proxy.requests_refused() == {("Outside", "pace"): 1}
    assert [entry.status for entry in book.concluded] == [503]
    book >> waits(1.0) << forwards(Leg(), call_id="c1") >> waits(1.0) << forwards(Leg(), call_id="c2")


def test_a_full_queue_leads_to_the_next_tier(play: Play) -> None:
    pattern = r".*@outside\.example"
    rules = rule("one", "Outside", pattern, priority="1", on_match="continue")
    rules += rule("two", "Third", pattern, priority="2")
    rate = RatePolicy(pace=1.0, pace_wait=0.5)
    book = play(make_settings(rules, (*with_zone(ZONES, "Outside", rate=rate), THIRD)))
    book >> arrives(request(**number(0))) << forwards(Leg(), "Outside")
    book >> arrives(request(**number(1))) << forwards(Leg(), "Third")


def test_a_queue_that_is_full_says_nothing_about_its_peer(play: Play) -> None:
    """It stays alive, and its other addresses are not tried: they lead to the same partner or wait for themselves."""
    rate = RatePolicy(pace=1.0, pace_wait=0.5)
    zones = with_zone(ZONES, "Outside", rate=rate, peers=("198.51.100.20", "198.51.100.21"))
    book = play(make_settings(zones=zones))
    book >> arrives(request(**number(0))) << forwards(Leg()) >> arrives(request(**number(1))) << forwards(Leg())
    book >> arrives(request(**number(2))) << responds(503, retry_after="1")
    assert all(book.proxy.upkeep.peers_alive().values())


def test_a_cancel_takes_out_what_waits_and_gets_487_at_once(play: Play) -> None:
    call = Call()
    book = play(paced()) >> arrives(request(**number(0))) << forwards(Leg())
    book >> arrives(invite(**number(1)), INSIDE, call) << responds(100)
    book >> arrives(request("CANCEL", **number(1))) << responds(200) << responds(487, to=call)
    book >> waits(3.0)
    assert book.proxy.kept()["paced"] == 0
    assert book.withdrawn == []


def test_ack_and_cancel_of_what_has_left_do_not_wait(play: Play) -> None:
    leg, other = Leg(), Leg()
    first = Call()
    book = play(paced()) >> arrives(invite(**number(0)), INSIDE, first) << responds(100) << forwards(leg)
    book >> answers(leg, 180) << responds(180)
    book >> arrives(request(**number(1)))
    book >> arrives(request("ACK", to=IN_DIALOG)) << sends("Outside")
    book >> arrives(request("CANCEL", **number(0))) << responds(200) << cancels(leg)
    book >> waits(1.0) << forwards(other, call_id="c1")


def test_requests_of_a_dialog_stay_in_order(play: Play) -> None:
    book = play(paced(pace_wait=9.0)) >> arrives(request("INFO", to=IN_DIALOG, **number(0))) << forwards(Leg())
    for count, method in enumerate(("INFO", "BYE"), 1):
        book >> arrives(request(method, to=IN_DIALOG, cseq=f"{count + 1} {method}", **number(count)))
    book >> arrives(notify("BENOTIFY", cseq="4 BENOTIFY"))
    book >> waits(1.0) << forwards(Leg(), cseq="2 INFO") >> waits(1.0) << forwards(Leg(), cseq="3 BYE")
    book >> waits(1.0) << sends("Outside", cseq="4 BENOTIFY")


def test_a_benotify_too_many_is_dropped_and_counted(play: Play) -> None:
    book = play(paced(pace_wait=0.5)) >> arrives(notify("BENOTIFY")) << sends("Outside") >> arrives(notify("BENOTIFY"))
    assert book.proxy.requests_refused() == {("Outside", "pace"): 1}


def test_own_options_do_not_wait(play: Play) -> None:
    rate = RatePolicy(pace=0.01, pace_wait=1.0)
    book = play(make_settings(zones=with_zone(ZONES, "Outside", rate=rate, monitor=True, monitor_interval=10.0)))
    book.drain()
    book >> arrives(notify("BENOTIFY")) << sends("Outside")
    book >> waits(10.0) << forwards(Leg(), method="OPTIONS")


def test_another_try_waits_for_its_turn_too(play: Play) -> None:
    one, two = Leg(), Leg()
    zones = with_zone(ZONES, "Outside", rate=RatePolicy(pace=1.0))
    book = play(make_settings(zones=zones)) >> arrives(request()) << forwards(one)
    book >> ForwardFailed(one.branch, 503, "lost", unsent=True)
    book >> waits(1.0) << forwards(two) >> answers(two, 200) << responds(200)


def test_the_end_of_the_edge_ends_what_waits(play: Play) -> None:
    calls = [Call(), Call()]
    leg = Leg()
    book = play(paced()) >> arrives(request(**number(0)), INSIDE, calls[0]) << forwards(leg)
    book >> arrives(request(**number(1)), INSIDE, calls[1]) >> Ending() >> answers(leg, 200)
    book << responds(200, to=calls[0])
    assert not book.proxy.is_quiet()
    book >> DrainEnded() << responds(503, to=calls[1], retry_after="10")
    assert book.proxy.is_quiet() and book.proxy.kept()["paced"] == 0
    book >> waits(5.0)


def test_what_waits_goes_on_after_a_reload_without_a_pace(play: Play) -> None:
    book = play(paced()) >> arrives(request(**number(0))) << forwards(Leg())
    book >> arrives(request(**number(1))) >> ConfigChanged(make_settings()) >> waits(0.1)
    book >> arrives(request(**number(2))) << forwards(Leg(), call_id="c2")
    book >> waits(0.9) << forwards(Leg(), call_id="c1")


def outside_by_dns(play: Play, **fields: Any) -> Playbook:
    records = federation("outside.example", "198.51.100.20")
    records["_sips._tcp.outside.example", "SRV"] = records["_sipfederationtls._tcp.outside.example", "SRV"]
    resolver = FakeResolver(records)
    net = DnsZone(name="Internet", **fields)
    plan = rule("out", "Internet", r".*@outside\.example")
    return play(make_settings(plan, (ZONES[0], net, DefaultZone(from_domain=FromDomain.ANY))), resolver)


def test_twenty_a_second_go_to_a_discovered_edge(play: Play) -> None:
    book = outside_by_dns(play)
    book >> arrives(request(**number(0))) << forwards(Leg(), call_id="c0")
    for count in range(1, 30):
        book >> arrives(request(**number(count)))
    book >> waits(0.001)
    for count in range(1, 30):
        book >> waits(0.04) >> waits(0.01) << forwards(Leg(), call_id=f"c{count}")


def test_standard_sip_is_not_paced_on_its_way_outside(play: Play) -> None:
    """The bound is one of Microsoft's Edges, to which no other traffic goes."""
    book = outside_by_dns(play)
    for count in range(3):
        book >> arrives(request("OPTIONS", extra=("User-Agent: x",), **number(count))) << forwards(Leg())


@pytest.mark.parametrize("rate", [UNLIMITED, RatePolicy(pace=0.0)])
def test_a_dns_zone_may_have_no_pace(play: Play, rate: RatePolicy) -> None:
    book = outside_by_dns(play, rate=rate)
    for count in range(3):
        book >> arrives(request(**number(count))) << forwards(Leg())
