"""What the edge does of its own accord for neighbours: OPTIONS, and names kept resolved."""

from __future__ import annotations

from support.messages import request
from support.playbook import (
    OUTSIDE,
    Captured,
    Leg,
    Play,
    answers,
    arrives,
    fails,
    forwards,
    opens,
    probed,
    resolves,
    responds,
    ups_and_downs,
    waits,
)
from support.settings import OUTSIDE_PEER, ZONES, make_settings, rule, with_zone

from sipedge.proxy.events import (
    ConfigChanged,
    Ending,
    ProbeAsked,
    Resolved,
)
from sipedge.settings import Settings
from zones.dns import AddressRecord
from zones.zone import NeighborZone, TlsPolicy


def monitored(**fields: object) -> Settings:
    return make_settings(zones=with_zone(ZONES, "Outside", monitor=True, monitor_interval=60.0, **fields))


def test_neighbours_get_options_and_answers_keep_them_alive(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg, "Outside", method="OPTIONS", uri=f"sip:{OUTSIDE_PEER}:5061;transport=tls")
    assert leg.message.via.branch == leg.branch
    assert leg.message.first("max-forwards") == "70"
    assert leg.message.from_tag and leg.message.call_id
    book >> answers(leg, 200) >> waits(59) >> waits(2) << forwards(leg, "Outside", method="OPTIONS")
    book >> answers(leg, 100) >> answers(leg, 500)


def test_an_ipv6_neighbour_stands_in_brackets_in_its_options(play: Play) -> None:
    """Also where its address is the name that the certificate must carry."""
    for verify in (True, False):
        settings = monitored(peers=("2001:db8::20",), tls=TlsPolicy(verify=verify))
        play(settings) << forwards(Leg(), "Outside", method="OPTIONS", uri="sip:[2001:db8::20]:5061;transport=tls")


def test_a_dead_peer_comes_last_until_it_answers(play: Play) -> None:
    other = "198.51.100.21"
    one, two, leg = Leg(), Leg(), Leg()
    book = play(monitored(peers=(OUTSIDE_PEER, other))) << forwards(one) << forwards(two)
    book >> fails(one, 408) >> answers(two, 200)
    alive = {hop.address: up for (_, hop), up in book.proxy.upkeep.peers_alive().items()}
    assert (alive[OUTSIDE_PEER], alive[other]) == (False, True)
    for _ in range(3):
        book >> arrives(request()) << forwards(leg, address=other) >> answers(leg, 200) << responds(200)
    book >> waits(60)
    probes = {command.hop.address: command for command in book.drain()}  # type: ignore[union-attr]
    again = Leg()
    again.branch = probes[OUTSIDE_PEER].branch  # type: ignore[union-attr]
    again.message = one.message
    book >> answers(again, 200)
    seen = set()
    for _ in range(2):
        book >> arrives(request()) << forwards(leg) >> answers(leg, 200) << responds(200)
        seen.add(leg.hop.address)
    assert seen == {OUTSIDE_PEER, other}


def test_a_peer_that_is_down_and_up_again_is_told_once_each(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg)
    book >> fails(leg, 408) >> waits(0) >> waits(2) << forwards(leg) >> fails(leg, 408) >> waits(3) << forwards(leg)
    book >> answers(leg, 200) >> waits(0)
    peer = f'zone "Outside": peer {OUTSIDE_PEER}:5061'
    assert ups_and_downs(book) == [
        ("warning", f"{peer} is down: Request Timeout"),
        ("info", f"{peer} is up again after 5 s"),
    ]


def test_a_peer_that_answers_options_badly_is_down_and_the_log_says_with_what(play: Play) -> None:
    leg = Leg()
    book = play(monitored(server_error_alive=False)) << forwards(leg) >> answers(leg, 503) >> waits(0)
    assert ups_and_downs(book)[0][1].endswith("is down: OPTIONS was answered 503")


def test_a_peer_without_options_is_down_and_up_by_its_requests(play: Play) -> None:
    leg = Leg()
    book = play(make_settings(zones=with_zone(ZONES, "Outside", monitor=False)))
    book >> arrives(request(call_id="1")) << forwards(leg) >> fails(leg) << responds(500) >> waits(0) >> waits(2)
    book >> arrives(request(call_id="2")) << forwards(leg) >> answers(leg, 200) << responds(200) >> waits(0)
    assert [text.partition(" is ")[2] for _, text in ups_and_downs(book)] == [
        "down: the connection was closed",
        "up again after 2 s",
    ]


def test_a_name_of_a_peer_that_leads_nowhere_is_told_once_with_the_error(play: Play) -> None:
    a, aaaa = Captured(), Captured()
    settings = monitored(peers=("far.example",))
    book = play(settings) << resolves("far.example", "A", a) << resolves("far.example", "AAAA", aaaa)
    book >> Resolved(a.command.query, (), "timeout") >> Resolved(aaaa.command.query, (), "servfail") >> waits(1)
    assert ups_and_downs(book) == [
        (
            "warning",
            "zone \"Outside\": the name of peer far.example is down: no address to try for 'far.example': "
            "A far.example: timeout; AAAA far.example: servfail",
        )
    ]


def test_an_edge_that_ends_tells_of_no_peer_that_goes(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg)
    book >> Ending() >> fails(leg, 408) >> waits(0)
    assert ups_and_downs(book) == []


def test_names_of_peers_are_kept_resolved_and_say_who_comes_in(play: Play) -> None:
    named = NeighborZone(name="Named", peers=("imp.inside.example",), monitor=False)
    a, aaaa, leg = Captured(), Captured(), Leg()
    book = play(make_settings(rule("r", "Named", source_zone='"Named"'), (*ZONES, named)))
    book << resolves("imp.inside.example", "A", a) << resolves("imp.inside.example", "AAAA", aaaa)
    book >> Resolved(a.command.query, (AddressRecord("192.0.2.60"),), "", 300.0) >> Resolved(aaaa.command.query)
    book >> opens(20, "192.0.2.60", names=("imp.inside.example",))
    book >> arrives(request(), 20) << forwards(leg, "Named", address="192.0.2.60", peer="imp.inside.example")
    book >> answers(leg, 200, connection=20) << responds(200)
    book >> waits(301) << resolves("imp.inside.example", "A") << resolves("imp.inside.example", "AAAA")


def test_a_reload_keeps_what_is_known_of_unchanged_neighbours(play: Play) -> None:
    leg = Leg()
    settings = monitored()
    book = play(settings) << forwards(leg) >> answers(leg, 200)
    book >> ConfigChanged(settings) >> waits(10)
    book >> ConfigChanged(monitored(hop_count=20)) >> waits(1) << forwards(leg)


def test_a_person_may_ask_what_each_peer_says_to_an_options(play: Play) -> None:
    """Also of peers that are not monitored, and what comes of it counts."""
    other, one, two, leg = "198.51.100.21", Leg(), Leg(), Leg()
    settings = make_settings(zones=with_zone(ZONES, "Outside", peers=(OUTSIDE_PEER, other)))
    book = play(settings) >> ProbeAsked("Outside", 5) << forwards(one, method="OPTIONS") << forwards(two, address=other)
    book >> fails(one, 503) << probed(5, 503, address=OUTSIDE_PEER)
    book >> answers(two, 501) << probed(5, 501, address=other)
    book >> arrives(request()) << forwards(leg, address=other) >> answers(leg, 200) << responds(200)
    assert book.proxy.upkeep.probed_hops("Nowhere") == ()


def test_nobody_hears_of_the_options_that_the_edge_sends_by_itself(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg)
    book >> answers(leg, 200)
    assert book.drain() == []


def test_a_response_to_our_own_options_is_not_forwarded(play: Play) -> None:
    leg = Leg()
    book = play(monitored()) << forwards(leg)
    book >> answers(leg, 200, connection=OUTSIDE) >> answers(leg, 200, connection=OUTSIDE, stray=True)
