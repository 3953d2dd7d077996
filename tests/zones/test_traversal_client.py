from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.name_server import NameServer, a

from zones.traversal_client import CONNECT_LIMIT, Action, Close, Connect, LinkState, SendOptions, TraversalClient
from zones.traversal_server import TraversalServer
from zones.zone import Credential, Hop, TlsPolicy, TraversalClientZone, TraversalServerZone

SECRET = Credential("traversal", "secret")
URI = "sip:192.0.2.1:7001;transport=tls"
HOP = Hop("Traversal", "TLS", "192.0.2.1", 7001, "192.0.2.1")
CHALLENGE = ['Digest realm="TraversalZone", nonce="n", qop="auth", algorithm=SHA-256']
STALE = [CHALLENGE[0] + ", stale=true"]


def zone(*peers: str, **settings: object) -> TraversalClientZone:
    return TraversalClientZone(  # type: ignore[arg-type]
        **{"name": "Traversal", "peers": peers or ("192.0.2.1",), "credential": SECRET, **settings}
    )


def client(of: TraversalClientZone | None = None, random: Callable[[], float] = lambda: 1.0) -> TraversalClient:
    """Random numbers of 1.0 make the pauses whole: 1, 2, 4 ..."""
    made = TraversalClient(of or zone(), random, lambda: "c0ffee")
    assert made.next_due() < 0
    made.questions(0.0)
    return made


def connected(now: float = 0.0) -> TraversalClient:
    edge = client()
    assert edge.tick(now) == [Connect(HOP)]
    assert edge.opened(7, "192.0.2.1", 7001, now) == [SendOptions(7, URI)]
    return edge


def active() -> TraversalClient:
    edge = connected()
    (action,) = edge.answered(7, 401, CHALLENGE, 0.0)
    assert isinstance(action, SendOptions) and action.authorization
    assert edge.answered(7, 200, [], 0.0) == []
    assert edge.authenticated(7)
    return edge


def states(edge: TraversalClient) -> list[LinkState]:
    return [link.state for link in edge.links()]


def test_connect_prove_and_carry_requests() -> None:
    edge = connected()
    assert edge.hops(0.0) == () and not edge.authenticated(7) and states(edge) == [LinkState.OPENED]
    assert not edge.is_up(0.0)
    (action,) = edge.answered(7, 401, CHALLENGE, 0.0)
    assert isinstance(action, SendOptions) and "response=" in (action.authorization or "")
    assert edge.answered(7, 200, [], 0.0) == []
    assert edge.hops(0.0) == (Hop("Traversal", "TLS", "192.0.2.1", 7001, "192.0.2.1", 7),)
    assert edge.next_due() == 20.0 and edge.links()[0].problem == "" and edge.is_up(0.0)


def test_a_server_that_asks_for_nothing_is_fine() -> None:
    edge = connected()
    assert edge.answered(7, 200, [], 0.0) == [] and edge.authenticated(7)


def test_each_peer_has_a_connection_and_they_take_turns() -> None:
    edge = client(zone("192.0.2.1", "192.0.2.2"))
    assert [action.hop.address for action in edge.tick(0.0) if isinstance(action, Connect)] == [
        "192.0.2.1",
        "192.0.2.2",
    ]
    for number, address in ((1, "192.0.2.1"), (2, "192.0.2.2")):
        edge.opened(number, address, 7001, 0.0)
        edge.answered(number, 200, [], 0.0)
    assert {tuple(hop.connection for hop in edge.hops(0.0)) for _ in range(4)} == {(1, 2), (2, 1)}
    edge.closed(1, "", 5.0)
    assert {tuple(hop.connection for hop in edge.hops(5.0)) for _ in range(4)} == {(2,)}


def test_the_request_uri_names_the_peer() -> None:
    def uri(of: TraversalClientZone, address: str) -> str:
        edge = client(of)
        edge.tick(0.0)
        (action,) = edge.opened(1, address, of.port, 0.0)
        assert isinstance(action, SendOptions)
        return action.uri

    assert uri(zone("[2001:db8::1]", port=7005), "2001:db8::1") == "sip:[2001:db8::1]:7005;transport=tls"
    lax = TlsPolicy(verify=False)
    assert uri(zone("2001:db8::1", tls=lax), "2001:db8::1") == "sip:[2001:db8::1]:7001;transport=tls"
    named = TlsPolicy(subject_names=("expe.example",))
    assert uri(zone(tls=named), "192.0.2.1") == "sip:expe.example:7001;transport=tls"
    assert uri(zone(transport="TCP"), "192.0.2.1") == "sip:192.0.2.1:7001;transport=tcp"


def test_the_pause_doubles_up_to_the_retry_interval() -> None:
    edge = client()
    now, pauses = 0.0, []
    for _ in range(10):
        assert edge.tick(now) == [Connect(HOP)]
        edge.failed("192.0.2.1", 7001, "refused", now)
        pauses.append(edge.next_due() - now)
        assert edge.tick(edge.next_due() - 0.1) == []
        now = edge.next_due()
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120]
    assert edge.links()[0].problem == "refused"


def test_half_of_the_pause_is_random() -> None:
    edge = client(random=lambda: 0.0)
    edge.tick(0.0)
    edge.failed("192.0.2.1", 7001, "refused", 0.0)
    assert edge.next_due() == 0.5


def test_a_connection_that_was_active_comes_back_soon() -> None:
    edge = active()
    edge.closed(7, "", 100.0)
    assert edge.hops(100.0) == () and not edge.authenticated(7) and edge.next_due() == 100.1
    assert edge.links()[0].problem == "closed by the peer"
    assert edge.tick(100.1) == [Connect(HOP)]


def test_a_connection_that_neither_opens_nor_fails_is_given_up() -> None:
    edge = client()
    edge.tick(0.0)
    assert edge.next_due() == CONNECT_LIMIT and edge.tick(CONNECT_LIMIT) == []
    assert states(edge) == [LinkState.WAITING] and edge.next_due() == CONNECT_LIMIT + 1
    assert edge.opened(9, "192.0.2.1", 7001, CONNECT_LIMIT) == [Close(9, "nobody waits for this connection")]


@pytest.mark.parametrize("status", [403, 404, 500, 503, 603])
def test_an_answer_that_is_no_welcome_closes(status: int) -> None:
    edge = connected()
    (action,) = edge.answered(7, status, [], 0.0)
    assert action == Close(7, f'zone "Traversal", peer 192.0.2.1: OPTIONS was answered {status}')
    assert states(edge) == [LinkState.WAITING] and edge.next_due() == 1.0


@pytest.mark.parametrize(("status", "stays"), [(200, True), (404, True), (500, True), (503, True), (403, False)])
def test_an_active_connection_only_minds_403(status: int, stays: bool) -> None:
    edge = active()
    edge.tick(20.0)
    edge.answered(7, status, [], 20.0)
    assert edge.authenticated(7) is stays


def test_credentials_are_sent_once() -> None:
    edge = connected()
    edge.answered(7, 401, CHALLENGE, 0.0)
    assert edge.answered(7, 401, CHALLENGE, 0.0) == [
        Close(7, 'zone "Traversal", peer 192.0.2.1: the credentials were refused')
    ]


def test_a_stale_nonce_is_worth_one_more_try() -> None:
    edge = connected()
    edge.answered(7, 407, CHALLENGE, 0.0)
    assert isinstance(edge.answered(7, 401, ["nonsense", *STALE], 0.0)[0], SendOptions)
    assert isinstance(edge.answered(7, 401, STALE, 0.0)[0], Close)


@pytest.mark.parametrize(
    ("of", "challenges"), [(zone(credential=None), CHALLENGE), (zone(), []), (zone(), ["Basic realm=x"])]
)
def test_a_challenge_that_cannot_be_answered_closes(of: TraversalClientZone, challenges: list[str]) -> None:
    edge = client(of)
    edge.tick(0.0)
    edge.opened(7, "192.0.2.1", 7001, 0.0)
    assert isinstance(edge.answered(7, 401, challenges, 0.0)[0], Close)


def test_a_keep_alive_every_interval_and_a_new_challenge_is_answered() -> None:
    edge = active()
    assert edge.tick(19.0) == []
    assert edge.tick(20.0) == [SendOptions(7, URI)]
    edge.answered(7, 200, [], 21.0)
    assert edge.tick(41.0) == [SendOptions(7, URI)]
    (action,) = edge.answered(7, 401, CHALLENGE, 41.0)
    assert isinstance(action, SendOptions) and action.authorization
    assert edge.authenticated(7), "requests go on while credentials are shown again"
    edge.answered(7, 200, [], 41.0)
    assert edge.authenticated(7)


def test_two_silent_keep_alives_close() -> None:
    edge = active()
    assert edge.tick(20.0) == [SendOptions(7, URI)]
    assert edge.tick(40.0) == [SendOptions(7, URI)]
    assert edge.tick(60.0) == [Close(7, 'zone "Traversal", peer 192.0.2.1: keep-alives are not answered')]
    assert edge.hops(60.0) == () and edge.next_due() == 61.0
    edge.closed(7, "", 60.0)
    assert edge.next_due() == 61.0, "that it closes is no news"


def test_a_timed_out_keep_alive_counts_as_silent_once() -> None:
    edge = active()
    edge.tick(20.0)
    assert edge.answered(7, 408, [], 30.0) == [SendOptions(7, URI)]
    assert isinstance(edge.answered(7, 408, [], 40.0)[0], Close)
    edge = active()
    assert edge.answered(7, 408, [], 5.0) == []


def test_an_answer_in_time_forgives_a_silent_one() -> None:
    edge = active()
    edge.tick(20.0)
    edge.tick(40.0)
    edge.answered(7, 200, [], 41.0)
    edge.tick(61.0)
    assert edge.tick(81.0) == [SendOptions(7, URI)]


def test_answers_on_connections_of_others_are_ignored() -> None:
    edge = active()
    assert edge.answered(8, 403, [], 0.0) == [] and edge.answered(0, 403, [], 0.0) == []
    edge.closed(8, "", 0.0)
    edge.failed("192.0.2.1", 7001, "refused", 0.0)
    assert edge.authenticated(7)


def test_a_name_is_looked_up_first_and_its_addresses_tried_in_turn() -> None:
    edge = TraversalClient(zone("expe.example"), lambda: 0.999, lambda: "c0ffee")
    names = NameServer({"expe.example A": a("192.0.2.1", "192.0.2.2")})
    questions = edge.questions(0.0)
    assert edge.tick(0.0) == []
    for question in questions:
        records, error = names.look_up(question)
        edge.answer(question, records, 0.5, ttl=60.0, error=error)
    assert edge.next_due() == 0.5
    tried = []
    now = 0.5
    for _ in range(3):
        (action,) = edge.tick(now)
        assert isinstance(action, Connect) and action.hop.name == "expe.example"
        tried.append(action.hop.address)
        edge.failed(action.hop.address, 7001, "refused", now)
        now += 10.0
    assert tried[0] != tried[1] and tried[0] == tried[2]


def test_a_name_that_leads_nowhere_is_asked_again() -> None:
    edge = TraversalClient(zone("expe.example"), lambda: 0.0, lambda: "c0ffee")
    for question in edge.questions(0.0):
        edge.answer(question, (), 0.0, error="nxdomain")
    assert edge.tick(0.0) == [] and "expe.example" in edge.links()[0].problem
    assert edge.next_due() == 5.0 and edge.questions(5.0)


def test_client_and_server_get_on() -> None:
    numbers = count()
    server_zone = TraversalServerZone(name="T", credential=SECRET)
    server = TraversalServer(server_zone, b"key", lambda: next(numbers).to_bytes(8, "big"))
    edge = connected()
    server.opened(1)

    def run(actions: list[Action], now: float) -> None:
        for action in actions:
            assert isinstance(action, SendOptions)
            answer = server.options(1, action.authorization or "", action.uri, now)
            run(edge.answered(7, answer.status, answer.challenges, now), now)

    run([SendOptions(7, URI)], 0.0)
    for now in range(20, 8000, 20):
        run(edge.tick(float(now)), float(now))
        assert edge.authenticated(7) and server.authenticated(1, float(now))
    assert next(numbers) < 10, "a challenge at the start and each hour, not at each keep-alive"


STEP = st.sampled_from(["tick", "opened", "failed", "closed", "200", "401", "stale", "403", "408", "500"])


@given(st.lists(st.tuples(STEP, st.floats(0, 130)), max_size=40))
@examples(150)
def test_whatever_happens_it_comes_back(steps: list[tuple[str, float]]) -> None:
    edge, now, connection = client(), 0.0, 7
    for step, later in steps:
        now += later
        actions: list[Action] = []
        if step == "tick":
            actions = edge.tick(now)
        elif step == "opened":
            connection += 1
            actions = edge.opened(connection, "192.0.2.1", 7001, now)
        elif step == "failed":
            edge.failed("192.0.2.1", 7001, "refused", now)
        elif step == "closed":
            edge.closed(connection, "", now)
        else:
            challenges = {"401": CHALLENGE, "stale": STALE}.get(step, [])
            actions = edge.answered(connection, 401 if step == "stale" else int(step), challenges, now)
        assert len(actions) <= 1
        assert edge.next_due() <= now + 120.0
        assert bool(edge.hops(now)) is (states(edge) == [LinkState.ACTIVE])
    for _ in range(4):
        now = max(now, edge.next_due())
        if Connect(HOP) in edge.tick(now):
            break
    else:
        pytest.fail("it gave up")


def test_since_when_a_peer_is_connected_or_not_is_noted_and_whom_an_options_reaches() -> None:
    edge = connected(5.0)
    (link,) = edge.links()
    assert link.since is None and edge.options_targets() == ()
    edge.answered(7, 200, [], 8.0)
    edge.answered(7, 200, [], 60.0)
    assert link.since == 8.0
    assert edge.options_targets() == ((Hop("Traversal", "TLS", connection=7), URI),)
    edge.closed(7, "", 70.0)
    edge.tick(80.0)
    edge.failed("192.0.2.1", 7001, "refused", 81.0)
    assert link.since == 70.0
