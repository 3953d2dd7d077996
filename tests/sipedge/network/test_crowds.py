"""Many peers that do the same at the same time: how much of it one turn of the loop does, and who comes in between."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.certificates import Ca, issue
from support.connections import FAR, LIMITS, LISTENER, Run
from support.edge import Edge, Turns, message
from support.lone_connection import TCP, lone

from sipedge.network.admission import SHARE
from sipedge.network.connection import Connection
from sipedge.network.record import Counts
from sipedge.network.state import State
from sipedge.settings import Tls

CROWD = 6 * SHARE
PLAIN = replace(LISTENER, transport="TCP")
MANY = replace(LIMITS, connections_per_source=2 * CROWD)
GONE = Counts(open=0, accepted=0, sources=0, blocked=0)
NOW = struct.pack("ii", 1, 0)
"""SO_LINGER: close with a reset."""


def close(each: socket.socket) -> None:
    each.close()


def reset(each: socket.socket) -> None:
    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)
    each.close()


def counted(monkeypatch: pytest.MonkeyPatch, method: str, turns: Callable[[], int]) -> Counter[int]:
    """How often a method of Connection is called in each turn of the loop."""
    seen, real = Counter[int](), getattr(Connection, method)

    def count(connection: Connection, *arguments: object) -> object:
        seen[turns()] += 1
        return real(connection, *arguments)

    monkeypatch.setattr(Connection, method, count)
    return seen


@pytest.mark.parametrize("leave", [close, reset])
def test_a_crowd_that_leaves_is_seen_off_in_several_turns(
    run: Run, monkeypatch: pytest.MonkeyPatch, leave: Callable[[socket.socket], None]
) -> None:
    async def test() -> None:
        async with await Edge.start(limits=MANY, listener=PLAIN) as edge:
            crowd = [socket.create_connection(edge.address) for _ in range(CROWD)]
            await edge.until(lambda: len(edge.opened) == CROWD)
            other = socket.create_connection(edge.address)
            await edge.until(lambda: len(edge.opened) == CROWD + 1)
            turns = Turns()
            ends = counted(monkeypatch, "_end", lambda: turns.number)
            for each in crowd:
                leave(each)
            other.sendall(message(b"in the middle"))
            await edge.until(lambda: edge.messages)
            before = len(edge.closed)
            await edge.until(lambda: len(edge.closed) == CROWD)
            assert before < CROWD
            assert max(ends.values()) <= 2 * SHARE  # both ways of an end in one turn
            assert len(ends) >= CROWD / (2 * SHARE)
            turns.end()
            other.close()
            await edge.until(lambda: len(edge.closed) == CROWD + 1)
            assert edge.connections.counts() == GONE

    run(test)


def test_a_crowd_that_says_goodbye_over_tls_is_seen_off_in_several_turns(
    run: Run, ca: Ca, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(cafile=str(ca.certificate))
    leaf = issue(ca, names=[FAR], eku=["client"])
    context.load_cert_chain(leaf.certificate, leaf.key)

    async def test() -> None:
        async with await Edge.start(tls, limits=MANY, listener=LISTENER) as edge:
            crowd = [
                await asyncio.open_connection(*edge.address, ssl=context, server_hostname="edge.example.com")
                for _ in range(2 * SHARE + 1)
            ]
            await edge.until(lambda: len(edge.opened) == len(crowd))
            turns = Turns()
            followed = counted(monkeypatch, "_follow", lambda: turns.number)
            for _, writer in crowd:
                writer.close()
            await edge.until(lambda: len(edge.closed) == len(crowd))
            assert max(followed.values()) <= SHARE
            assert {closed.reason for closed in edge.closed} == {"the peer closed the connection"}
            turns.end()

    run(test)


def exhausted(owner_slices: object) -> None:
    while owner_slices.do(lambda: None):  # type: ignore[attr-defined]
        pass


def test_a_peer_whose_turn_has_not_come_is_still_written_to() -> None:
    with lone() as make:
        one = make(TCP)
        one.connect()
        exhausted(one.owner.slices)
        assert one.connection.eof_received()
        assert one.connection.state is State.OPEN
        one.connection.send(b"an answer")
        one.connection.flush()
        assert one.transport.written == b"an answer"
        assert one.told == ["made", "ready", "unsent"]


def test_a_second_end_of_file_changes_nothing() -> None:
    with lone() as make:
        one = make(TCP)
        one.connect()
        exhausted(one.owner.slices)
        waiting = len(one.owner.slices)
        assert one.connection.eof_received() and one.connection.eof_received()
        assert len(one.owner.slices) == waiting + 1


def test_what_a_broken_connection_did_not_take_is_known_when_its_turn_comes() -> None:
    with lone() as make:
        one = make(TCP)
        one.connect()
        one.connection.send(b"a request")
        exhausted(one.owner.slices)
        one.transport.abort()
        one.connection.connection_lost(ConnectionResetError(104, "reset"))
        assert "gone" not in one.told
        one.turn()
        assert one.told[-2:] == ["lost: the connection broke: connection reset by peer", "gone"]
        assert one.owner.left == [b"a request"]
