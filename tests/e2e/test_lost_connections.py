"""Transactions that outlive their connections, on the wire (RFC 3261 16.9, 18.1.1, 18.2.2), with Kamailio as the judge.

What both do is asked of both; what an edge has and a Kamailio has not (reload, traversal) of the edge alone.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.certificates import Ca, issue, make_ca
from support.kamailio import Route, kamailio
from support.processes import fresh_address
from support.relay import Relay
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, request

pytestmark = pytest.mark.e2e

PORT = 5060
TRIES = 5
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Town:
    """A proxy over TCP, a caller's and a callee's address, each of which listens, too."""

    proxy: str
    near: str
    far: str
    caller: Callee
    callee: Callee
    notices_late: bool = False
    """It loses what it writes before it has noticed that the peer has closed."""

    def call(self) -> Stream:
        return connect(self.near, self.proxy, PORT)

    def from_callee(self) -> Stream:
        """A new connection of the callee's."""
        return connect(self.far, self.proxy, PORT)

    def loses(self, connection: Stream) -> None:
        """The connection's peer closes it."""
        own = connection.address
        connection.close()
        if self.notices_late:
            wait_until_closed(self.proxy, own)

    def request(self, method: str) -> bytes:
        sent = request(method, "sip:bob@far.example", self.near, next(_numbers), b"hello", "TCP")
        return sent.replace(b":5061;branch", b":5060;branch", 1)


@pytest.fixture(scope="module")
def by_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Edge]]:
    folder = tmp_path_factory.mktemp("edge")
    address, near, far = (fresh_address() for _ in range(3))
    ca = make_ca(folder)
    zones = [neighbor("near", [near], "TCP"), neighbor("far", [far], "TCP")]
    config = edge_toml(ca, issue(ca, ips=[address]), listener("tcp", address, "TCP"), *zones)
    with Callee(near, PORT) as caller, Callee(far, PORT) as callee:
        with Edge(folder / "edge", config, rule("out", r".*@far\.example", "far")) as edge:
            yield Town(address, near, far, caller, callee), edge


@pytest.fixture(scope="module")
def by_kamailio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("kamailio")
    address, near, far = (fresh_address() for _ in range(3))
    ca = make_ca(folder)
    routes = [Route(r"@far\.example", f"sip:{far}:5060;transport=tcp")]
    with Callee(near, PORT) as caller, Callee(far, PORT) as callee:
        with kamailio(folder / "proxy", address, ca, issue(ca, ips=[address]), routes):
            yield Town(address, near, far, caller, callee, notices_late=True)


@pytest.fixture(params=["edge", "kamailio"])
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    if request.param == "edge":
        yield request.getfixturevalue("by_edge")[0]
        return
    judge = request.getfixturevalue("by_kamailio")
    yield judge
    wait_until_closed(judge.proxy)


def wait_until_closed(host: str, to: tuple[str, int] | None = None) -> None:
    """Until the system knows no connection of ``host`` any more, or none to one place (proc(5), /proc/net/tcp)."""
    end = time.monotonic() + 10
    while any(own == _hex(host) and to in (None, far) for own, far in _connections()):
        assert time.monotonic() < end, f"{host} keeps a connection"
        time.sleep(0.01)


def _connections() -> Iterator[tuple[str, tuple[str, int]]]:
    """Address of this side as the file has it, and the other side; what listens has port 0 there."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        (own, _), (far, port) = (field.split(":") for field in line.split()[1:3])
        if int(port, 16):
            address = socket.inet_ntoa(int(far, 16).to_bytes(4, sys.byteorder))
            yield own, (address, int(port, 16))


def _hex(host: str) -> str:
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}"


def status(message: bytes) -> int:
    return int(message.split(b" ", 2)[1])


def final(stream: Stream) -> int:
    while True:
        if (code := status(stream.read_message())) >= 200:
            return code


def ringing(town: Town, caller: Stream) -> tuple[bytes, Stream]:
    """An INVITE as it came to the callee, which rings, and the connection that it came on."""
    caller.send(town.request("INVITE"))
    callee = town.callee.accept()
    invite = callee.read_message()
    callee.send(answer(invite, "180 Ringing"))
    while status(caller.read_message()) != 180:
        pass
    return invite, callee


def test_a_callee_answers_on_a_new_connection(town: Town) -> None:
    with town.call() as caller:
        invite, callee = ringing(town, caller)
        town.loses(callee)
        with town.from_callee() as again:
            again.send(answer(invite))
            assert final(caller) == 200


def test_a_cancel_finds_the_callee_that_has_lost_its_connection(town: Town) -> None:
    with town.call() as caller:
        invite, callee = ringing(town, caller)
        town.loses(callee)
        caller.send(_cancel(invite, town))
        assert final(caller) == 200  # the CANCEL's
        with town.callee.accept() as again:
            cancel = again.read_message()
            assert cancel.startswith(b"CANCEL ")
            again.send(answer(cancel), answer(invite, "487 Request Terminated"))
            assert again.read_message().startswith(b"ACK ")
        assert final(caller) == 487


def _cancel(invite: bytes, town: Town) -> bytes:
    """What the caller of the INVITE that the callee has would send: its own Via is the last one."""
    lines = invite.partition(b"\r\n\r\n")[0].split(b"\r\n")
    via = next(line for line in reversed(lines) if line.startswith(b"Via:")).partition(b";received=")[0]
    kept = [line for line in lines if line.startswith((b"From:", b"To:", b"Call-ID:"))]
    uri = lines[0].split(b" ")[1]
    head = [b"CANCEL " + uri + b" SIP/2.0", via, *kept, b"CSeq: 1 CANCEL", b"Max-Forwards: 70", b"Content-Length: 0"]
    return b"\r\n".join(head) + b"\r\n\r\n"


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE"])
def test_a_caller_that_has_lost_its_connection_gets_its_answer_on_a_new_one(town: Town, method: str) -> None:
    caller = town.call()
    caller.send(town.request(method))
    with town.callee.accept() as callee:
        asked = callee.read_message()
        town.loses(caller)
        callee.send(answer(asked))
        with town.caller.accept() as back:
            assert final(back) == 200


def test_a_caller_that_has_closed_one_side_gets_its_answer(town: Town) -> None:
    """Where it sent its request, or (Kamailio) on a new connection."""
    with town.call() as caller:
        caller.send(town.request("MESSAGE"))
        with town.callee.accept() as callee:
            asked = callee.read_message()
            caller.end_writing()
            if town.notices_late:
                wait_until_closed(town.proxy, caller.address)
            callee.send(answer(asked))
            try:
                assert final(caller) == 200
            except ConnectionError:
                with town.caller.accept() as back:
                    assert final(back) == 200


def test_a_request_for_a_peer_that_closes_in_the_same_moment_arrives_once(by_edge: tuple[Town, Edge]) -> None:
    """The worker sees request and end of file in one turn: it writes, and nobody reads that."""
    town, edge = by_edge
    worker = edge.worker()
    for _ in range(TRIES):
        with town.call() as caller:
            caller.send(town.request("MESSAGE"))
            callee = town.callee.accept()
            callee.send(answer(callee.read_message()))
            assert final(caller) == 200
            os.kill(worker, signal.SIGSTOP)
            try:
                caller.send(sent := town.request("MESSAGE"))
                callee.close()
            finally:
                os.kill(worker, signal.SIGCONT)
            with town.callee.accept() as again:
                got = again.read_message()
                assert got.endswith(sent.partition(b"\r\n\r\n")[2])
                again.send(answer(got))
                assert final(caller) == 200


def test_one_bad_answer_does_not_end_a_ringing_call(by_edge: tuple[Town, Edge]) -> None:
    town, _ = by_edge
    with town.call() as caller:
        invite, callee = ringing(town, caller)
        callee.send(b"\0\0\0\0 no SIP at all\r\n\r\n")
        callee.read_end()
        callee.close()
        with town.from_callee() as again:
            again.send(answer(invite))
            assert final(caller) == 200


def test_a_renewed_certificate_ends_no_call(tmp_path: Path) -> None:
    """``limits.drain`` has passed long before the callee picks up."""
    address, near, far = (fresh_address() for _ in range(3))
    ca = make_ca(tmp_path)
    leaf = issue(ca, ips=[address], out=tmp_path / "own")
    zones = [neighbor("near", [near]), neighbor("far", [far]), "[limits]\ndrain = 0.1\n"]
    config = edge_toml(ca, leaf, listener("tls", address), *zones)
    far_leaf = issue(ca, ips=[far])
    town = Town(address, near, far, *(2 * (Callee(far, 5061, ca, far_leaf),)))
    with town.callee, Edge(tmp_path / "edge", config, rule("out", r".*@far\.example", "far")) as edge:
        with connect(near, address, 5061, ca, issue(ca, ips=[near])) as caller:
            invite, callee = ringing(town, caller)
            issue(ca, ips=[address], out=tmp_path / "own")
            assert "is in force" in edge.reload()
            caller.send(town.request("MESSAGE"))
            with town.callee.accept() as renewed:  # what is new goes out on a new connection at once
                renewed.send(answer(renewed.read_message()))
                assert final(caller) == 200
            callee.send(answer(invite))
            assert final(caller) == 200
            assert callee.read_end() == b""  # its last transaction has ended
            callee.close()


def test_a_traversal_link_that_is_cut_loses_nothing(tmp_path: Path) -> None:
    """W1 f: the link is back at once; a ringing call and an open MESSAGE go on."""
    server, client, near, far = (fresh_address() for _ in range(4))
    ca = make_ca(tmp_path)
    with Relay(fresh_address(), 7001, (server, 7001)) as relay, Callee(far, PORT) as callee:
        town = Town(server, near, far, callee, callee)
        outside = Edge(tmp_path / "outside", _outside(ca, server, near), rule("in", r".*@far\.example", "inside"))
        inside = Edge(tmp_path / "inside", _inside(ca, client, relay.address, far), rule("on", ".*", "far"))
        with outside, inside:
            outside.wait_for("the traversal connection with")
            with town.call() as caller:
                invite, ringer = ringing(town, caller)
                caller.send(town.request("MESSAGE"))
                asked = ringer.read_message()
                relay.cut()
                inside.wait_for(
                    '(zone "outside"): the '
                )  # what a middlebox has acknowledged and drops, nobody can save
                ringer.send(answer(asked), answer(invite))
                assert sorted([final(caller), final(caller)]) == [200, 200]
                ringer.close()


def _outside(ca: Ca, address: str, near: str) -> str:
    zone = f"""\
[[credential]]
username = "link"
password = "secret"

[[zone]]
name = "inside"
type = "traversal server"
address = "{address}"
port = 7001
username = "link"
[zone.tls]
verify = false
"""
    return edge_toml(
        ca, issue(ca, ips=[address]), listener("tcp", address, "TCP"), neighbor("near", [near], "TCP"), zone
    )


def _inside(ca: Ca, address: str, relay: str, far: str) -> str:
    zone = f"""\
[[credential]]
username = "link"
password = "secret"

[[zone]]
name = "outside"
type = "traversal client"
peers = ["{relay}"]
port = 7001
username = "link"
retry_interval = 1
[zone.tls]
verify = false
"""
    return edge_toml(ca, issue(ca, ips=[address]), listener("tcp", address, "TCP"), neighbor("far", [far], "TCP"), zone)
