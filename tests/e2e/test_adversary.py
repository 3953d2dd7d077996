"""What a hostile peer may do to a running edge, and that nobody else notices: costly, misleading, stalled messages."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from support.certificates import issue, make_ca
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, header, request

pytestmark = pytest.mark.e2e

PORT = 5060
COSTLY = 0.1
"""Seconds of processor time that no single message may take."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Town:
    """A running edge with a callee behind it, an honest caller and an address to attack from."""

    edge: Edge
    address: str
    honest: str
    hostile: str
    callee: Stream

    def attack(self) -> Stream:
        return connect(self.hostile, self.address, PORT)

    def serves(self) -> None:
        """Another peer's message goes there and back, and nothing in the edge has gone wrong before."""
        with connect(self.honest, self.address, PORT) as caller:
            caller.send(self.message(own=self.honest))
            self.pass_on()
            assert caller.read_message().startswith(b"SIP/2.0 200 ")
        assert " while handling " not in self.edge.output()
        assert "Traceback" not in self.edge.output()

    def pass_on(self) -> bytes:
        """The callee gets a request and says 200."""
        received = self.callee.read_message()
        self.callee.send(answer(received))
        return received

    def message(self, method: str = "MESSAGE", *, own: str = "", extra: str = "", body: bytes = b"") -> bytes:
        """``extra``: header lines, put before Content-Type."""
        sent = request(method, "sip:bob@far.example", own or self.hostile, next(_numbers), body, "TCP")
        return sent.replace(b"\r\nContent-Type:", b"\r\n" + extra.encode() + b"Content-Type:", 1)

    def processor_time(self) -> float:
        """Seconds that the working process has had."""
        fields = Path(f"/proc/{self.edge.worker()}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("adversary")
    address, honest, hostile, far = (fresh_address() for _ in range(4))
    ca = make_ca(folder)
    zones = [neighbor(name, [peer], "TCP") for name, peer in (("honest", honest), ("hostile", hostile), ("far", far))]
    config = edge_toml(ca, issue(ca, ips=[address]), listener("tcp", address, "TCP"), *zones)
    with Edge(folder / "edge", config, rule("out", r".*@far\.example", "far")) as edge, Callee(far, PORT) as callee:
        with connect(honest, address, PORT) as caller:
            first = request("MESSAGE", "sip:bob@far.example", honest, next(_numbers), transport="TCP")
            caller.send(first)
            with callee.accept() as connection:
                connection.send(answer(connection.read_message()))
                assert header(caller.read_message(), "Call-ID") == header(first, "Call-ID")
                yield Town(edge, address, honest, hostile, connection)


def lines(name: str, item: str, length: int = 10_000, count: int = 4) -> str:
    """Long header lines, full of one item."""
    line = f"{name}: " + ",".join([item] * (length // (len(item) + 1)))
    return f"{line}\r\n" * count


@pytest.mark.parametrize(
    "extra",
    [
        lines("Route", "<sip:{edge};lr>"),
        lines("Route", "<sip:e-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@{edge};lr>"),
        lines("Via", "SIP/2.0/TCP a"),
        lines("Record-Route", "<sip:a>"),
        lines("P-Asserted-Identity", "<sip:a>"),
        lines("Supported", "a"),
        "X: a\r\n" + " b\r\n" * 2000,
        "To: " + '"' + "\\a" * 7000 + '" <sip:a>\r\n',
    ],
    ids=lambda extra: extra.partition(",")[0][:40].strip(),
)
def test_no_message_costs_much(town: Town, extra: str) -> None:
    with town.attack() as stream:
        before = town.processor_time()
        for _ in range(5):
            sent = town.message(extra=extra.replace("{edge}", town.address))
            if extra.startswith("To:"):
                sent = sent.replace(b"To: <sip:bob@far.example>\r\n", b"")
            stream.send(sent)
            town.pass_on()
            assert stream.read_message().startswith(b"SIP/2.0 200 ")
        assert town.processor_time() - before < 5 * COSTLY
    town.serves()


FLOODERS = 8


def test_a_flood_delays_others_but_little(town: Town) -> None:
    """As much as 8 connections can carry: each has its turn, the flooders' and the honest peer's alike."""
    flood = b"".join(town.message("OPTIONS").replace(b"sip:bob@far.example", b"sip:x@nowhere") for _ in range(200))
    ended = threading.Event()

    def pour(stream: Stream) -> None:
        with contextlib.suppress(OSError):  # the end of the test
            while not ended.is_set():
                stream.send(flood)

    def drain(stream: Stream) -> None:
        with contextlib.suppress(OSError):
            stream.read_end()

    with contextlib.ExitStack() as open_streams:
        flooding = [open_streams.enter_context(town.attack()) for _ in range(FLOODERS)]
        threads = [threading.Thread(target=work, args=(item,)) for item in flooding for work in (pour, drain)]
        for thread in threads:
            thread.start()
        waits = []
        for _ in range(10):
            began = time.monotonic()
            town.serves()
            waits.append(time.monotonic() - began)
        ended.set()
        for stream in flooding:
            stream.shutdown()
        for thread in threads:
            thread.join()
    assert median(waits) < 0.5, waits
    town.serves()


def test_a_zone_that_is_gone_before_the_dns_has_answered(tmp_path: Path) -> None:
    """A reload between question and answer: the request still gets a response, and the edge goes on."""
    address, honest, names = (fresh_address() for _ in range(3))
    ca = make_ca(tmp_path)
    tables = [
        listener("tcp", address, "TCP"),
        neighbor("honest", [honest], "TCP"),
        f'[dns]\nservers = ["{names}:5353"]\n',
    ]
    net = '[[zone]]\nname = "net"\ntype = "dns"\ntransport = "TCP"\nallow_loopback = true\nfallback_transport = "TCP"\n'
    leaf = issue(ca, ips=[address])
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        Edge(tmp_path / "edge", edge_toml(ca, leaf, *tables, net), rule("out", ".*", "net")) as edge,
        connect(honest, address, PORT) as caller,
    ):
        server.bind((names, 5353))
        server.settimeout(10)
        caller.send(request("MESSAGE", f"sip:bob@far.example:{PORT}", honest, next(_numbers), transport="TCP"))
        asked = [server.recvfrom(4096) for _ in range(2)]
        edge.write(edge_toml(ca, leaf, *tables), "")
        assert "in force" in edge.reload()
        for data, source in asked:
            reply = dns.message.make_response(dns.message.from_wire(data))
            question = reply.question[0]
            if question.rdtype == dns.rdatatype.A:
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", address))
            server.sendto(reply.to_wire(), source)
        assert caller.read_message().startswith(b"SIP/2.0 500 ")
        caller.send(request("MESSAGE", "sip:bob@far.example", honest, next(_numbers), transport="TCP"))
        assert caller.read_message().startswith(b"SIP/2.0 404 ")
        assert "Traceback" not in edge.output() and "exception" not in edge.output()


def test_names_in_a_dead_zone_hold_up_nobody(tmp_path: Path) -> None:
    """Name servers that say nothing about one zone: all other names that the same peer asks for are found at once."""
    address, honest, names = (fresh_address() for _ in range(3))
    ca = make_ca(tmp_path)
    tables = [
        listener("tcp", address, "TCP"),
        neighbor("honest", [honest], "TCP"),
        f'[dns]\nservers = ["{names}:5353"]\ntimeout = 30\nattempts = 1\n[limits]\ndrain = 0.1\n',
        '[[zone]]\nname = "net"\ntype = "dns"\ntransport = "TCP"\nfallback_transport = "TCP"\n',
    ]
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        Edge(tmp_path / "edge", edge_toml(ca, issue(ca, ips=[address]), *tables), rule("out", ".*", "net")),
        connect(honest, address, PORT) as caller,
    ):
        server.bind((names, 5353))
        thread = threading.Thread(target=_answer_without, args=(server, "dead.example."))
        thread.start()
        for number in range(300):
            uri = f"sip:bob@n{number}.dead.example:{PORT}"
            caller.send(request("MESSAGE", uri, honest, next(_numbers), transport="TCP"))
        for number in range(50):
            uri = f"sip:bob@n{number}.live{number}.example:{PORT}"
            caller.send(request("MESSAGE", uri, honest, next(_numbers), transport="TCP"))
        assert [caller.read_message()[:12] for _ in range(50)] == [b"SIP/2.0 404 "] * 50
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (names, 5353))
        thread.join()


def _answer_without(server: socket.socket, domain: str) -> None:
    """Say that a name does not exist, and nothing about those below ``domain``; an empty datagram ends it."""
    while True:
        data, source = server.recvfrom(4096)
        if not data:
            return
        query = dns.message.from_wire(data)
        if not query.question[0].name.to_text().endswith(domain):
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(reply.to_wire(), source)


def test_a_noisy_peer_does_not_hide_others_from_the_log(town: Town) -> None:
    for _ in range(4):
        with town.attack() as stream:
            stream.send(*[town.message().replace(b"From:", b"From: <", 1)] * 11)
            stream.read_end()
    stranger = fresh_address()
    with connect(stranger, town.address, PORT) as stream:
        stream.read_end()
    assert town.edge.wait_for(f"connection from {stranger} refused", 2.0)
