"""Tokens of hidden zones that are as long as others take them: a Contact and a Record-Route that come back unchanged.

A caller in a hidden zone has a Contact and a proxy with long user parts. Whom it calls hangs up: where the BYE arrives,
its Request-URI and Route held both tokens byte for byte, for nothing else opens them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.baresip import Baresip
from support.certificates import Ca, issue, make_ca
from support.kamailio import Route, kamailio
from support.pjsua_agent import Agent, Options
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.sipp import Sipp
from support.stream import Callee, answer, connect, header, values

pytestmark = pytest.mark.e2e

BOB = "sip:bob@far.example"
SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"


class Caller:
    """In the hidden zone, behind a proxy."""

    def __init__(self, address: str, edge: str, size: int) -> None:
        """``size``: of both user parts."""
        self.address = address
        self.contact = f"sip:{'a' * size}@{address}:5060;transport=tcp"
        self.proxy = f"<sip:{'p' * size}@{address}:5060;transport=tcp;lr>"
        self.listens = Callee(address, 5060)
        self.stream = connect(address, edge, 5060)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *error: object) -> None:
        self.stream.close()
        self.listens.__exit__(None, None, None)

    def send(self, method: str, to: str, uri: str, routes: list[str], body: str = "") -> None:
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/TCP {self.address}:5060;branch=z9hG4bK{method}",
            *(f"Route: {route}" for route in routes),
            f"Record-Route: {self.proxy}",
            "From: <sip:alice@near.example>;tag=a",
            f"To: {to}",
            f"Call-ID: 1@{self.address}",
            f"CSeq: 1 {method}",
            f"Contact: <{self.contact}>",
            "Max-Forwards: 70",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self.stream.send(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

    def calls(self) -> None:
        """INVITE, 200, ACK."""
        self.send("INVITE", f"<{BOB}>", BOB, [], SDP.format(self.address))
        while (told := self.stream.read_message()).startswith(b"SIP/2.0 1"):
            pass
        assert told.startswith(b"SIP/2.0 200"), told
        target = header(told, "Contact").partition("<")[2].partition(">")[0]
        self.send("ACK", header(told, "To"), target, values(told, "Record-Route")[-2::-1])

    def is_hung_up(self) -> None:
        """The BYE comes home."""
        with self.listens.accept() as home:
            bye = home.read_message()
            home.send(answer(bye))
        assert bye.startswith(f"BYE {self.contact} SIP/2.0\r\n".encode())
        assert values(bye, "Route")[-1] == self.proxy


@contextmanager
def sipp(folder: Path, ca: Ca, edge: str, address: str) -> Iterator[Callable[[], object]]:
    keys = {"caller": "alice@near.example", "callee": "bob@far.example"}
    with Sipp(folder, "callee_hangs_up", address, keys):
        yield lambda: None


@contextmanager
def behind_kamailio(folder: Path, ca: Ca, edge: str, address: str) -> Iterator[Callable[[], object]]:
    """Kamailio records its route; behind it is baresip."""
    folder.mkdir()
    callee = fresh_address()
    route = [Route("bob@", f"sip:{callee}:5060;transport=tcp")]
    with (
        kamailio(folder / "proxy", address, ca, issue(ca, ips=[address]), route),
        baresip(folder, ca, address, callee) as hang_up,
    ):
        yield hang_up


@contextmanager
def baresip(folder: Path, ca: Ca, edge: str, address: str) -> Iterator[Callable[[], object]]:
    with Baresip(folder / "baresip", address, BOB, edge) as running:

        def hang_up() -> None:
            running.expect("CALL_ESTABLISHED")
            running.do("hangup")

        yield hang_up


@contextmanager
def pjsua2(folder: Path, ca: Ca, edge: str, address: str) -> Iterator[Callable[[], object]]:
    leaf = issue(ca, ips=[address])
    files = (str(leaf.certificate), str(leaf.key), str(ca.certificate), f"{folder}.log")
    with Agent(Options(address, BOB, edge, f"sip:bob@{address}:5061;transport=tls", *files)) as running:

        def hang_up() -> None:
            running.expect("call", state="CONFIRMED")
            running.do("hang up")

        yield hang_up


PEERS = {"SIPp": (sipp, 1400), "Kamailio": (behind_kamailio, 12_100), "pjsua2": (pjsua2, 700)}
"""How many characters of the hidden zone each takes, in Contact and Record-Route (docs/topology.md, Long values)."""
SHORT = "longest_user_part = 100"


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("keys", ["", SHORT], ids=["whole", "by handles"])
def test_a_long_contact_and_record_route_come_back(tmp_path: Path, peer: str, keys: str) -> None:
    """And much longer ones, where the peer's zone gets handles."""
    edge, near, far = (fresh_address() for _ in range(3))
    taken, size = PEERS[peer]
    size, ca, transport = (12_000 if keys else size), make_ca(tmp_path), "TLS" if peer == "pjsua2" else "TCP"
    zones = [neighbor("near", [near], "TCP", 'topology = "hidden"'), neighbor("far", [far], transport, keys)]
    listeners = listener("tcp", edge, "TCP") + listener("tls", edge)
    config = edge_toml(ca, issue(ca, ips=[edge]), listeners, *zones, name=edge)
    with Edge(tmp_path / "edge", config, rule("out", "bob@.*", "far")):
        with taken(tmp_path / "peer", ca, edge, far) as hang_up, Caller(near, edge, size) as caller:
            caller.calls()
            hang_up()
            caller.is_hung_up()
