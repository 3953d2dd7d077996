from __future__ import annotations

import pytest
from support.name_server import NameServer, a

from zones.dns import Question, Resolution
from zones.peer_name import FIRST_PAUSE, LONGEST_LIFE, LONGEST_PAUSE, LONGEST_STALE, SHORTEST_LIFE, PeerName
from zones.zone import NeighborZone

ZONE = NeighborZone(name="N")


def name(host: str) -> PeerName:
    return PeerName(lambda: Resolution(ZONE, host, 5061, "TLS", random=lambda: 0.0))


def ask(peer: PeerName, names: NameServer, now: float) -> bool:
    """Answer all that is asked now; True when the hops changed."""
    questions = peer.questions(now)
    told = [peer.answer(q, names.look_up(q)[0], now, ttl=names.ttl, error=names.look_up(q)[1]) for q in questions]
    return any(told)


def addresses(peer: PeerName) -> list[str]:
    return [hop.address for hop in peer.hops]


def test_an_address_settles_itself_for_ever() -> None:
    peer = name("192.0.2.1")
    assert peer.questions(0.0) == () and addresses(peer) == ["192.0.2.1"] == [hop.address for hop in peer.draw()]
    assert peer.refresh_at == float("inf") and peer.problem == ""


def test_a_name_is_asked_for_again_when_its_time_is_over() -> None:
    peer, names = name("a.example"), NameServer({"a.example A": a("192.0.2.1")}, ttl=30.0)
    assert ask(peer, names, 100.0) and peer.refresh_at == 130.0
    assert peer.questions(129.0) == ()
    names.data["a.example A"] = a("192.0.2.2")
    assert ask(peer, names, 130.0) and addresses(peer) == ["192.0.2.2"]
    assert not ask(peer, names, 160.0)


@pytest.mark.parametrize(("ttl", "life"), [(0.0, SHORTEST_LIFE), (30.0, 30.0), (1e9, LONGEST_LIFE)])
def test_the_life_of_an_answer_is_bounded(ttl: float, life: float) -> None:
    peer = name("a.example")
    ask(peer, NameServer({"a.example A": a("192.0.2.1")}, ttl=ttl), 0.0)
    assert peer.refresh_at == life


def test_the_old_answer_is_kept_while_the_dns_fails_for_a_day() -> None:
    peer = name("a.example")
    ask(peer, NameServer({"a.example A": a("192.0.2.1")}), 0.0)
    broken = NameServer({"a.example A": "timeout", "a.example AAAA": "servfail"})
    pauses = []
    for _ in range(6):
        now = peer.refresh_at
        assert not ask(peer, broken, now) and addresses(peer) == ["192.0.2.1"]
        pauses.append(peer.refresh_at - now)
    assert pauses == [FIRST_PAUSE, 10.0, 20.0, 40.0, LONGEST_PAUSE, LONGEST_PAUSE]
    assert "timeout" in peer.problem
    assert ask(peer, broken, LONGEST_STALE) and peer.hops == () == peer.draw()


def test_a_name_that_is_gone_is_gone_at_once() -> None:
    peer = name("a.example")
    ask(peer, NameServer({"a.example A": a("192.0.2.1")}), 0.0)
    assert ask(peer, NameServer(), peer.refresh_at) and peer.hops == ()


def test_a_question_that_is_never_answered_is_asked_again() -> None:
    peer = name("a.example")
    assert peer.questions(0.0) and peer.questions(59.0) == ()
    assert peer.questions(60.0) == (Question("a.example", "A"), Question("a.example", "AAAA"))


def test_answers_that_nobody_waits_for() -> None:
    peer = name("192.0.2.1")
    peer.questions(0.0)
    assert not peer.answer(Question("x", "A"), (), 0.0, ttl=1.0, error="")
    assert not name("a.example").answer(Question("a.example", "A"), a("192.0.2.1"), 0.0, ttl=1.0, error="")
