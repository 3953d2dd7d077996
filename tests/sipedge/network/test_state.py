"""Every state of a connection with every input: first the table, then what a connection does about it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from support.certificates import Ca, issue
from support.edge import message
from support.lone_connection import TCP, TLS, Lone, lone

from sipedge.network.state import TRANSITIONS, Input, State
from sipedge.settings import Limits
from zones.zone import Hop

Make = Callable[..., Lone]
TABLE = """
             CONNECTED  READY  PEER_ENDED   ENDED    LOST
CONNECTING   HANDSHAKE  -      -            CLOSED   -
HANDSHAKE    -          OPEN   -            CLOSING  -
OPEN         -          -      HALF_CLOSED  CLOSING  -
HALF_CLOSED  -          -      -            CLOSING  -
CLOSING      -          -      -            CLOSING  CLOSED
CLOSED       CLOSED     -      -            CLOSED   CLOSED
"""
HOP = Hop("far", "TCP", "192.0.2.9", 5060)
OVER = "lost: over"
END_OF_FILE = "lost: the peer closed the connection"


@pytest.fixture
def make() -> Iterator[Make]:
    with lone() as made:
        yield made


@pytest.fixture(scope="session")
def contexts(ca: Ca) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of a server, and of a client that trusts it."""
    leaf = issue(ca, names=["edge.example.com"])
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(leaf.certificate, leaf.key)
    client.load_verify_locations(ca.certificate)
    return server, client


def rows() -> list[tuple[str, str, str]]:
    columns, *lines = (line.split() for line in TABLE.split("\n") if line)
    return [(state, column, cell) for state, *cells in lines for column, cell in zip(columns, cells, strict=True)]


def test_the_table_has_every_state_and_every_input() -> None:
    assert len(rows()) == len(State) * len(Input)


@pytest.mark.parametrize(("state", "happened", "expected"), rows())
def test_the_table(state: str, happened: str, expected: str) -> None:
    following = TRANSITIONS[State[state]].get(Input[happened])
    assert following == (None if expected == "-" else State[expected])


def closing(make: Make) -> Lone:
    one = make(TCP)
    one.connect()
    one.connection.close("over")
    return one


def closed(make: Make) -> Lone:
    one = closing(make)
    one.connection.connection_lost(None)
    return one


def test_connecting_then_connected_over_tcp_is_open_at_once(make: Make) -> None:
    one = make(TCP)
    assert one.connection.state is State.CONNECTING
    one.connect()
    assert one.connection.state is State.OPEN
    assert one.told == ["made", "ready"]


def test_connecting_then_connected_over_tls_shakes_hands(
    make: Make, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    one = make(TLS, contexts[0])
    one.connect()
    assert one.connection.state is State.HANDSHAKE
    assert one.told == ["made"]


@pytest.mark.parametrize("end", ["close", "abort"])
def test_connecting_then_ended_is_closed_without_a_socket(make: Make, end: str) -> None:
    one = make(HOP)
    getattr(one.connection, end)("over")
    assert one.connection.state is State.CLOSED
    assert one.told == [OVER, "gone"]
    assert str(one.connection) == 'TCP 192.0.2.9:5060 (zone "far")'


def test_a_peer_that_went_before_it_was_taken_ends_the_connection(make: Make) -> None:
    one = make(TCP)
    one.transport = type(one.transport)(one.transport.socket, None)
    one.connect()
    assert (one.connection.state, one.transport.ended) == (State.CLOSING, "aborted")
    assert one.told == ["lost: the peer was gone before the connection was taken"]


def test_handshake_then_ready_is_open(make: Make, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    one = make(TLS, contexts[0])
    one.connect()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = contexts[1].wrap_bio(incoming, outgoing, server_hostname="edge.example.com")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    one.receive(outgoing.read())
    incoming.write(one.transport.written)
    client.do_handshake()
    client.write(message(b"first"))
    one.receive(outgoing.read())
    assert one.connection.state is State.OPEN
    assert one.told == ["made", "ready", "arrived 1"]


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (lambda one: one.connection.close("over"), OVER),
        (lambda one: one.connection.abort("over"), OVER),
        (lambda one: one.receive(b"OPTIONS sip:edge SIP/2.0\r\n\r\n"), "lost: TLS handshake: wrong version number"),
        (lambda one: one.connection.eof_received(), f"{END_OF_FILE} during the TLS handshake"),
        (lambda one: one.connection.connection_lost(None), f"{END_OF_FILE} during the TLS handshake"),
        (lambda one: one.after(10.0), "lost: the TLS handshake took too long"),
    ],
)
def test_handshake_then_ended_tells_why_once(
    make: Make, contexts: tuple[ssl.SSLContext, ssl.SSLContext], end: Callable[[Lone], None], reason: str
) -> None:
    one = make(TLS, contexts[0])
    one.connect()
    end(one)
    assert one.connection.state in (State.CLOSING, State.CLOSED)
    assert one.told[:2] == ["made", reason]
    one.connection.abort("again")
    assert not any("again" in told for told in one.told)


@pytest.mark.parametrize(
    ("end", "reason", "how"),
    [
        (lambda one: one.connection.close("over"), OVER, "end of file"),
        (lambda one: one.connection.abort("over"), OVER, "aborted"),
        (lambda one: one.connection.eof_received(), END_OF_FILE, "end of file"),
        (lambda one: one.after(30.0), "lost: no first byte came", "end of file"),
    ],
)
def test_open_then_ended_is_closing(make: Make, end: Callable[[Lone], None], reason: str, how: str) -> None:
    one = make(TCP)
    one.connect()
    end(one)
    assert (one.connection.state, one.transport.ended) == (State.CLOSING, how)
    assert [told for told in one.told if told != "half closed"] == ["made", "ready", reason]


def test_open_then_ended_by_a_peer_that_is_owed_an_answer_is_half_closed(make: Make) -> None:
    one = make(TCP)
    one.connect()
    one.owner.is_owed = True
    assert one.connection.eof_received()
    assert one.connection.state is State.HALF_CLOSED
    one.connection.send(b"the answer")
    one.connection.flush()
    assert one.transport.written == b"the answer"
    one.connection.close("over")
    assert one.told == ["made", "ready", "half closed", "half closed", "unsent", OVER]


def test_open_then_deaf_answers_what_was_asked_before(make: Make) -> None:
    one = make(TCP)
    one.connect()
    one.owner.is_owed = True
    one.connection.deafen("framing is lost")
    assert one.connection.state is State.HALF_CLOSED
    one.connection.send(b"the answer")
    one.connection.flush()
    assert one.transport.written == b"the answer"


def test_open_then_deaf_to_a_peer_that_is_owed_nothing_is_closing(make: Make) -> None:
    one = make(TCP)
    one.connect()
    one.connection.deafen("over")
    assert one.connection.state is State.CLOSING and one.told == ["made", "ready", "half closed", OVER]


def test_what_was_never_written_is_given_back(make: Make) -> None:
    one = make(TCP)
    one.connect()
    one.connection.send(b"one")
    one.connection.send(b"two")
    one.connection.abort("over")
    assert one.owner.left == [b"one", b"two"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(None, END_OF_FILE), (ConnectionResetError(104, "x"), "lost: the connection broke: connection reset by peer")],
)
def test_open_then_lost_is_ended_first(make: Make, error: Exception | None, reason: str) -> None:
    one = make(TCP)
    one.connect()
    one.connection.connection_lost(error)
    assert one.connection.state is State.CLOSED
    assert one.told == ["made", "ready", reason, "gone"]


def test_closing_sends_what_was_queued_and_takes_nothing_more(make: Make) -> None:
    one = make(TCP)
    one.connect()
    one.connection.send(b"last ")
    one.connection.send(b"words")
    one.connection.close("over")
    one.receive(message())
    assert (one.transport.written, one.transport.ended) == (b"last words", "end of file")
    assert one.told == ["made", "ready", "unsent", OVER]


@pytest.mark.parametrize("end", ["close", "abort"])
@pytest.mark.parametrize("state", [closing, closed])
def test_closing_or_closed_then_ended_says_nothing(make: Make, state: Callable[[Make], Lone], end: str) -> None:
    one = state(make)
    before, told = one.connection.state, list(one.told)
    getattr(one.connection, end)("again")
    assert (one.connection.state, one.told) == (before, told)


def test_closing_then_lost_is_closed(make: Make) -> None:
    one = closing(make)
    one.connection.connection_lost(None)
    assert one.connection.state is State.CLOSED
    assert one.told == ["made", "ready", OVER, "gone"]


def test_closing_waits_two_seconds_for_the_peers_end_of_file(make: Make) -> None:
    one = closing(make)
    one.after(1.9)
    assert one.transport.ended == "end of file"
    one.after(0.1)
    assert (one.connection.state, one.transport.ended) == (State.CLOSING, "aborted")


def test_a_socket_that_comes_after_the_end_is_closed_again(make: Make) -> None:
    one = make(HOP)
    one.connection.abort("over")
    one.connect()
    assert (one.connection.state, one.transport.ended) == (State.CLOSED, "aborted")
    one.connection.connection_lost(None)
    assert one.connection.state is State.CLOSED
    assert one.told == [OVER, "gone", "gone"]


LIMITS = replace(Limits(), first_byte=5.0, message_time=7.0, idle=11.0)
BEGUN = message()[:20]


@pytest.mark.parametrize(
    ("data", "seconds", "reason"),
    [
        (b"", 5.0, "no first byte came"),
        (message(), 11.0, "idle"),
        (b"\r\n\r\n", 11.0, "idle"),
        (BEGUN, 7.0, "a message did not come to its end in time"),
        (message() + BEGUN, 7.0, "a message did not come to its end in time"),
    ],
)
def test_each_wait_has_its_limit(make: Make, data: bytes, seconds: float, reason: str) -> None:
    one = make(TCP, limits=LIMITS)
    one.connect()
    one.receive(data)
    one.after(seconds - 0.1)
    assert one.connection.state is State.OPEN
    one.after(0.1)
    assert one.told[-1] == f"lost: {reason}"


def test_a_connection_of_our_own_need_not_hear_a_first_byte(make: Make) -> None:
    one = make(HOP, limits=LIMITS)
    one.connect()
    one.after(10.9)
    assert one.connection.state is State.OPEN
    one.after(0.1)
    assert one.told[-1] == "lost: idle"


def test_a_trickling_peer_does_not_win_time(make: Make) -> None:
    one = make(TCP, limits=LIMITS)
    one.connect()
    for _ in range(6):
        one.receive(b"x")
        one.after(1.0)
    assert one.connection.state is State.OPEN
    one.receive(b"x")
    one.after(1.0)
    assert one.told[-1] == "lost: a message did not come to its end in time"


def test_the_next_message_has_its_own_time(make: Make) -> None:
    one = make(TCP, limits=LIMITS)
    one.connect()
    one.receive(BEGUN)
    one.after(6.0)
    one.receive(message()[20:] + BEGUN)
    one.after(6.0)
    assert one.connection.state is State.OPEN
    one.after(1.0)
    assert one.connection.state is State.CLOSING


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "no first byte came"), (BEGUN, "a message did not come to its end in time")]
)
def test_what_is_sent_gives_no_more_time_to_a_peer_that_owes_bytes(make: Make, data: bytes, reason: str) -> None:
    one = make(TCP, limits=LIMITS)
    one.connect()
    one.receive(data)
    one.after(4.0)
    one.connection.send(b"hello")
    one.connection.flush()
    one.after(3.0)
    assert one.told[-1] == f"lost: {reason}"


def test_what_is_sent_counts_as_life(make: Make) -> None:
    one = make(TCP, limits=LIMITS)
    one.connect()
    one.receive(message())
    one.after(10.0)
    one.connection.send(b"hello")
    one.connection.flush()
    one.after(10.0)
    assert one.connection.state is State.OPEN


def test_a_blocked_connection_keeps_its_bytes_until_it_may_write(make: Make) -> None:
    one = make(TCP)
    one.connect()
    one.connection.pause_writing()
    one.connection.send(b"later")
    one.connection.flush()
    assert one.connection.blocked and one.transport.written == b""
    one.connection.resume_writing()
    assert not one.connection.blocked and one.transport.written == b"later"


def test_a_peer_that_leaves_too_much_unread_is_cut_off(make: Make) -> None:
    one = make(TCP, limits=replace(LIMITS, send_queue=10))
    one.connect()
    one.connection.pause_writing()
    one.connection.send(b"x" * 11)
    assert (one.transport.ended, one.told[-1]) == ("aborted", "lost: the peer does not read: its send queue is full")
