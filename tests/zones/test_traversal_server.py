from __future__ import annotations

from itertools import count

import pytest

from zones.digest import authorization
from zones.traversal_server import GRACE, MAX_REFUSALS, RECHECK, OptionsAnswer, TraversalServer
from zones.zone import Credential, Hop, TraversalServerZone

RIGHT = Credential("traversal", "secret")
ZONE = TraversalServerZone(name="Traversal", username="traversal", credential=RIGHT)
URI = "sip:expe.example:7001;transport=tls"
NUMBERS = count()


def server(zone: TraversalServerZone = ZONE) -> TraversalServer:
    return TraversalServer(zone, b"key", lambda: next(NUMBERS).to_bytes(8, "big"))


def prove(challenges: tuple[str, ...], credential: Credential = RIGHT) -> str:
    return authorization(challenges, credential, "OPTIONS", URI, "c0ffee") or ""


def join(edge: TraversalServer, connection: int, now: float = 0.0) -> None:
    edge.opened(connection)
    first = edge.options(connection, "", URI, now)
    assert first.status == 401 and len(first.challenges) == 2
    assert edge.options(connection, prove(first.challenges), URI, now) == OptionsAnswer(200)


def test_a_connection_is_challenged_once_and_then_carries_requests() -> None:
    edge = server()
    edge.opened(1)
    assert not edge.authenticated(1, 0.0) and edge.hops(0.0) == () and not edge.is_up(0.0)
    join(edge, 1)
    assert edge.authenticated(1, 1.0) and edge.hops(1.0) == (Hop("Traversal", "TLS", connection=1),)
    assert edge.is_up(1.0)
    for now in (20.0, 40.0, RECHECK - 1):
        assert edge.options(1, "", URI, now) == OptionsAnswer(200)


def test_connections_take_turns_and_closed_ones_are_gone() -> None:
    edge = server()
    for connection in (1, 2, 3):
        join(edge, connection)
    edge.opened(4)
    orders = {tuple(hop.connection for hop in edge.hops(1.0)) for _ in range(6)}
    assert orders == {(1, 2, 3), (2, 3, 1), (3, 1, 2)}
    edge.closed(2, 1.0)
    edge.closed(99, 1.0)
    assert {tuple(hop.connection for hop in edge.hops(1.0)) for _ in range(6)} == {(1, 3), (3, 1)}
    assert not edge.authenticated(2, 1.0)


def test_wrong_credentials_are_asked_again_and_then_refused() -> None:
    edge = server()
    edge.opened(1)
    challenges = edge.options(1, "", URI, 0.0).challenges
    answers = [
        edge.options(1, prove(challenges, Credential("traversal", "wrong")), URI, 0.0) for _ in range(MAX_REFUSALS)
    ]
    assert [answer.status for answer in answers] == [401, 401, 403]
    assert [answer.close for answer in answers] == [False, False, True]
    assert answers[0].reason == 'zone "Traversal": wrong username or password'
    assert edge.options(1, prove(challenges), URI, 0.0) == OptionsAnswer(403, close=True)  # too late
    assert not edge.authenticated(1, 0.0)


def test_wrong_credentials_take_away_what_right_ones_gave() -> None:
    edge = server()
    join(edge, 1)
    assert edge.options(1, "Digest nonsense", URI, 1.0).status == 401
    assert not edge.authenticated(1, 1.0) and edge.hops(1.0) == ()
    join(edge, 1, 2.0)
    assert edge.authenticated(1, 2.0)


def test_credentials_of_another_connection_do_not_count_twice() -> None:
    edge = server()
    edge.opened(1)
    edge.opened(2)
    proof = prove(edge.options(1, "", URI, 0.0).challenges)
    assert edge.options(1, proof, URI, 0.0).status == 200
    replayed = edge.options(2, proof, URI, 0.0)
    assert replayed.status == 401 and "stale=true" in replayed.challenges[0] and not edge.authenticated(2, 0.0)


def test_after_an_hour_the_next_keep_alive_is_challenged_while_requests_go_on() -> None:
    edge = server()
    join(edge, 1)
    again = edge.options(1, "", URI, RECHECK)
    assert again.status == 401 and edge.authenticated(1, RECHECK) and edge.hops(RECHECK)
    assert edge.options(1, prove(again.challenges), URI, RECHECK) == OptionsAnswer(200)
    assert edge.authenticated(1, RECHECK + GRACE) and edge.hops(RECHECK + GRACE)


def test_who_does_not_answer_that_challenge_is_out() -> None:
    edge = server()
    join(edge, 1)
    join(edge, 2, 100.0)
    end = RECHECK + GRACE
    assert edge.authenticated(1, end - 1) and not edge.authenticated(1, end)
    assert {tuple(hop.connection for hop in edge.hops(end)) for _ in range(3)} == {(2,)}


@pytest.mark.parametrize("zone", [ZONE, TraversalServerZone(name="T")])
def test_a_stranger_or_a_zone_without_credential_gets_403(zone: TraversalServerZone) -> None:
    edge = server(zone)
    if zone is not ZONE:
        edge.opened(1)
    answer = edge.options(1, "", URI, 0.0)
    assert (answer.status, answer.close) == (403, True) and zone.name in answer.reason


def test_since_when_a_connection_is_authenticated_is_noted() -> None:
    edge = server()
    join(edge, 1, 5.0)
    join(edge, 2, 9.0)
    again = edge.options(1, "", URI, 5.0 + RECHECK)
    assert edge.options(1, prove(again.challenges), URI, 6.0 + RECHECK).status == 200
    assert edge.links(7.0 + RECHECK) == ((1, 5.0), (2, 9.0))
    assert edge.links(10.0 + RECHECK + GRACE) == ((1, 5.0),)
