"""What of the last bytes may not have arrived."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from support.lone_connection import MemoryTransport

from sipedge.network.tcp.written import Written

REQUEST, ANSWER = b"MESSAGE sip:bob@far.example SIP/2.0", b"SIP/2.0 200 OK"
BROKEN, RESET = BrokenPipeError(32, "broken pipe"), ConnectionResetError(104, "reset")


@pytest.fixture
def near() -> Iterator[socket.socket]:
    """Connected to a peer that is gone: nothing that it is sent is ever acknowledged."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()) as near:
        listening.accept()[0].close()
        assert near.recv(1) == b""
        near.send(REQUEST + ANSWER)
        yield near


def written(size: int) -> Written:
    last = Written()
    last.note([REQUEST, ANSWER])
    last.is_of(size)
    return last


def test_of_what_a_peer_that_had_closed_was_sent_nothing_arrived(near: socket.socket) -> None:
    transport = MemoryTransport(near, None)
    last = written(len(REQUEST + ANSWER))
    assert last.may_be_lost(transport)
    assert last.not_taken(transport, BROKEN) == [REQUEST, ANSWER]
    assert last.not_taken(transport, RESET) == [ANSWER]


def test_what_was_acknowledged_in_part_has_begun_to_arrive(near: socket.socket) -> None:
    assert written(len(REQUEST + ANSWER) + 1).not_taken(MemoryTransport(near, None), BROKEN) == []


def test_it_is_forgotten_at_the_second_sweep_or_behind_bytes_that_are_no_message(near: socket.socket) -> None:
    swept, followed = written(1), written(1)
    swept.sweep()
    assert swept.may_be_lost(MemoryTransport(near, None))
    swept.sweep()
    followed.forget()
    assert not swept.may_be_lost(MemoryTransport(near, None))
    assert not followed.may_be_lost(MemoryTransport(near, None))
