from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.name_server import NameServer, a, srv

from zones.neighbor import NeighborPeers
from zones.peer import Health
from zones.zone import Hop, LookUp, NeighborZone, TlsPolicy


def zero() -> float:
    return 0.0


def started(zone: NeighborZone, names: NameServer | None = None, now: float = 0.0) -> NeighborPeers:
    peers = NeighborPeers(zone, zero)
    ask(peers, names or NameServer(), now)
    return peers


def ask(peers: NeighborPeers, names: NameServer, now: float) -> bool:
    changed = False
    while questions := peers.questions(now):
        for question in questions:
            records, error = names.look_up(question)
            changed |= peers.answer(question, records, now, ttl=names.ttl, error=error)
    return changed


def numbers(hops: tuple[Hop, ...] | list[Hop]) -> str:
    """The last digit of each address."""
    return "".join(hop.address[-1] for hop in hops)


def zone(count: int = 3, **settings: object) -> NeighborZone:
    peers = tuple(f"192.0.2.{i}" for i in range(1, count + 1))
    return NeighborZone(name="N", peers=peers, **settings)  # type: ignore[arg-type]


def test_peers_take_turns() -> None:
    peers = started(zone())
    assert [numbers(peers.hops(1.0)) for _ in range(4)] == ["123", "231", "312", "123"]


def test_a_failed_peer_is_last_until_it_answers() -> None:
    peers = started(zone())
    two = peers.hops(0.0)[1]
    peers.failed(two, 1.0)
    assert {numbers(peers.hops(2.0)) for _ in range(4)} == {"132", "312"}
    peers.alive(two, 3.0)
    assert {numbers(peers.hops(4.0)) for _ in range(3)} == {"123", "231", "312"}


def test_when_all_have_failed_all_are_still_tried() -> None:
    peers = started(zone(2))
    for hop in peers.hops(0.0):
        peers.failed(hop, 0.0)
    assert numbers(peers.hops(1.0)) == "12"


def test_hops_of_others_are_ignored() -> None:
    peers = started(zone(1))
    peers.failed(Hop("N", address="198.51.100.1", port=5061), 0.0)
    peers.alive(Hop("N", address="198.51.100.1", port=5061), 0.0)
    assert len(peers.states()) == 1


def test_the_hop_says_all_there_is_to_know() -> None:
    one = NeighborZone(name="N", peers=("[2001:DB8::1]",), port=5062, tls=TlsPolicy(subject_names=("n.example",)))
    assert started(one).hops(0.0) == (Hop("N", "TLS", "2001:db8::1", 5062, "n.example"),)
    assert started(zone(1)).hops(0.0)[0].name == "192.0.2.1"
    assert started(zone(1, tls=TlsPolicy(verify=False))).hops(0.0)[0].name == ""
    assert started(zone(1, transport="TCP")).hops(0.0) == (Hop("N", "TCP", "192.0.2.1", 5061),)


def test_a_neighbour_may_be_on_this_host() -> None:
    assert started(NeighborZone(name="N", peers=("127.0.0.5",))).hops(0.0)


def test_options_at_once_and_then_every_interval() -> None:
    peers = started(zone(2, monitor_interval=60.0))
    assert peers.next_due() == 0.0
    assert numbers(peers.due(0.0)) == "12"
    assert peers.due(59.0) == [] and peers.next_due() == 60.0
    assert numbers(peers.due(60.0)) == "12"


def test_a_failed_peer_is_asked_sooner_and_then_less_and_less() -> None:
    peers = started(zone(1))
    hop = peers.due(0.0)[0]
    times = []
    for _ in range(8):
        peers.failed(hop, peers.next_due() - 60.0 if times else 0.0)
        times.append(peers.next_due())
        assert peers.due(peers.next_due()) == [hop]
    gaps = [round(later - sooner) for sooner, later in zip(times, times[1:], strict=False)]
    assert gaps == [2, 4, 8, 16, 32, 60, 60]
    peers.options_answered(hop, 200, 500.0)
    assert peers.next_due() == 560.0 and peers.states()[0][1].health is Health.ALIVE


@pytest.mark.parametrize(
    ("status", "lenient", "strict"),
    [
        (200, True, True),
        (404, True, True),
        (405, True, True),
        (500, True, False),
        (503, True, False),
        (603, True, True),
    ],
)
def test_which_answers_count_as_alive(status: int, lenient: bool, strict: bool) -> None:
    for server_error_alive, alive in ((True, lenient), (False, strict)):
        peers = started(zone(1, server_error_alive=server_error_alive))
        peers.options_answered(peers.due(0.0)[0], status, 1.0)
        assert (peers.states()[0][1].health is Health.ALIVE) is alive


def test_without_monitoring_nothing_is_due_and_requests_find_out() -> None:
    peers = started(zone(2, monitor=False))
    assert peers.due(1e6) == [] and peers.next_due() == float("inf")
    first = next(hop for hop in peers.hops(0.0) if hop.address == "192.0.2.1")
    peers.failed(first, 0.0)
    assert {numbers(peers.hops(0.9)) for _ in range(2)} == {"21"}
    assert {numbers(peers.hops(1.0)) for _ in range(2)} == {"12", "21"}
    peers.failed(first, 1.5)
    assert {numbers(peers.hops(3.4)) for _ in range(2)} == {"21"}
    assert {numbers(peers.hops(3.5)) for _ in range(2)} == {"12", "21"}
    peers.alive(first, 4.0)
    assert {numbers(peers.hops(1e6)) for _ in range(2)} == {"12", "21"}


def test_names_are_resolved_and_followed() -> None:
    one = NeighborZone(name="N", peers=("n.example", "192.0.2.9"), monitor=False)
    names = NameServer({"n.example A": a("192.0.2.1", "192.0.2.2")}, ttl=30.0)
    peers = NeighborPeers(one, zero)
    assert peers.hops(0.0) == () and peers.next_due() < 0
    assert ask(peers, names, 0.0) and peers.addresses == ("192.0.2.1", "192.0.2.2", "192.0.2.9")
    assert {hop.name for hop in peers.hops(0.0)} == {"n.example", "192.0.2.9"}
    assert peers.next_due() == 30.0 and not ask(peers, names, 29.0)
    names.data = {"n.example A": a("192.0.2.2", "192.0.2.3")}
    peers.failed(Hop("N", "TLS", "192.0.2.2", 5061, "n.example"), 29.9)
    assert ask(peers, names, 30.0) and peers.addresses == ("192.0.2.2", "192.0.2.3", "192.0.2.9")
    assert numbers(peers.hops(30.0))[-1] == "2", "what was known of a peer outlives the look-up"


def test_a_name_that_leads_nowhere_says_so() -> None:
    peers = started(NeighborZone(name="N", peers=("n.example", "192.0.2.1")))
    assert numbers(peers.hops(0.0)) == "1"
    assert peers.problems == (
        ("n.example", "no address to try for 'n.example': A n.example: nxdomain; AAAA n.example: nxdomain"),
        ("192.0.2.1", ""),
    )


def test_the_addresses_that_are_known_at_once_are_used_at_once() -> None:
    peers = NeighborPeers(NeighborZone(name="N", peers=("n.example", "192.0.2.1")), zero)
    peers.questions(0.0)
    assert numbers(peers.hops(0.0)) == "1"


def test_the_same_question_of_two_peers_is_asked_once() -> None:
    peers = NeighborPeers(NeighborZone(name="N", peers=("n.example", "N.example.")), zero)
    assert len(peers.questions(0.0)) == 2


def test_peers_by_service_come_by_priority_and_weight() -> None:
    one = NeighborZone(name="N", peers=("example.com",), look_up=LookUp.SERVICE_RECORD)
    names = NameServer(
        {
            "_sips._tcp.example.com SRV": srv(
                (1, 3, 5071, "a.example.com"), (1, 1, 5072, "b.example.com"), (2, 0, 5073, "c.example.com")
            ),
            "a.example.com A": a("192.0.2.1"),
            "b.example.com A": a("192.0.2.2"),
            "c.example.com A": a("192.0.2.3"),
        }
    )
    peers = NeighborPeers(one, Random(5).random)
    ask(peers, names, 0.0)
    assert [(hop.port, hop.name) for hop in sorted(peers.hops(0.0), key=lambda hop: hop.port)] == [
        (5071, "example.com"),
        (5072, "example.com"),
        (5073, "example.com"),
    ]
    orders = [numbers(peers.hops(0.0)) for _ in range(64)]
    assert set(orders) == {"123", "213"} and orders.count("123") > orders.count("213")
    peers.failed(next(hop for hop in peers.hops(0.0) if hop.port == 5071), 1.0)
    assert {numbers(peers.hops(1.0)) for _ in range(32)} == {"231"}


def test_many_addresses_stay_bounded_whatever_is_drawn() -> None:
    one = NeighborZone(name="N", peers=("example.com",), look_up=LookUp.SERVICE_RECORD)
    names = NameServer({"_sips._tcp.example.com SRV": srv(*[(0, 0, 5061, f"t{i}.example") for i in range(40)])})
    for i in range(40):
        names.data[f"t{i}.example A"] = a(*[f"10.0.{i}.{j}" for j in range(20)])
    peers = NeighborPeers(one, Random(5).random)
    ask(peers, names, 0.0)
    assert len(peers.states()) == 32
    assert all(0 < len(peers.hops(0.0)) <= 32 for _ in range(40))


@given(
    st.lists(st.tuples(st.sampled_from(["failed", "alive", "due", "hops"]), st.integers(0, 2), st.integers(0, 70))),
    st.booleans(),
)
@examples(100)
def test_whatever_happens_every_peer_is_offered_once(steps: list[tuple[str, int, int]], monitor: bool) -> None:
    peers = started(zone(3, monitor=monitor))
    known = [hop for hop, _ in peers.states()]
    now = 0.0
    for step, index, later in steps:
        now += later
        if step == "failed":
            peers.failed(known[index], now)
        elif step == "alive":
            peers.alive(known[index], now)
        elif step == "due":
            assert len(set(peers.due(now))) <= 3 and (not monitor or peers.next_due() > now)
        hops = peers.hops(now)
        assert sorted(numbers(hops)) == ["1", "2", "3"]
        health = dict(peers.states())
        usable = {Health.ALIVE} if monitor else {Health.ALIVE, Health.RETRYING}
        last = [health[hop].health not in usable for hop in hops]
        assert last == sorted(last)
