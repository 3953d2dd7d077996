"""A worker that is killed between any two messages of a call of a b2bua zone: the next one goes on with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest
from support.certificates import issue, make_ca
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, header

pytestmark = pytest.mark.e2e

STEPS = ["the 200", "the ACK", "a re-INVITE's 200", "a request of the callee", "a BYE that gets no answer"]


class Parties:
    """A caller and a callee that decide about every message, over TCP."""

    def __init__(self, edge: Edge, address: str, caller: str, callee: str, home: Callee, far: Callee) -> None:
        """``home``, ``far``: where the caller and the callee listen."""
        self.edge, self.address, self.caller, self.callee, self.home, self.far = (
            edge,
            address,
            caller,
            callee,
            home,
            far,
        )
        self.near = connect(caller, address, 5060)
        self.inner: Stream | None = None
        """The connection to the callee; None: the edge opens the next one."""
        self.uri, self.to_tag = "sip:bob@far.example", ""
        self.invite = b""
        """As the callee got it."""

    def kill(self) -> None:
        """Once the journal has the call as it is, its worker dies and the next one serves; both parties come again."""
        journal, since = self.edge.folder / "journal", len(self.edge.output().splitlines())
        size = -1
        while size != (size := journal.stat().st_size) or size < 100:
            sleep(0.02)  # the file tells nobody when the thread has nothing more to write
        os.kill(self.edge.worker(), signal.SIGKILL)
        self.edge.wait_for(" serves ", since=since)
        self.near.close()
        if self.inner is not None:
            self.inner.close()
        self.near, self.inner = connect(self.caller, self.address, 5060), None

    def send(self, method: str, number: int) -> None:
        to = f"<sip:bob@far.example>{f';tag={self.to_tag}' if self.to_tag else ''}"
        self.near.send(
            (
                f"{method} {self.uri} SIP/2.0\r\nVia: SIP/2.0/TCP {self.caller}:5060;branch=z9hG4bK{number}{method}\r\n"
                f"From: <sip:alice@near.example>;tag=alice\r\nTo: {to}\r\nCall-ID: 1@{self.caller}\r\n"
                f"CSeq: {number} {method}\r\nMax-Forwards: 70\r\nContact: <sip:alice@{self.caller}:5060>\r\n"
                "Content-Length: 0\r\n\r\n"
            ).encode()
        )

    def arrives(self) -> bytes:
        """What the callee gets next: a request of this call."""
        if self.inner is None:
            self.inner = self.far.accept()
        got = self.inner.read_message()
        assert self.invite in (b"", got) or header(got, "Call-ID") == header(self.invite, "Call-ID")
        return got

    def answers(self, got: bytes) -> None:
        assert self.inner is not None
        contact = f"Contact: <sip:bob@{self.callee}:5060>\r\nContent-Length".encode()
        self.inner.send(answer(got).replace(b"Content-Length", contact, 1))

    def final(self) -> bytes:
        """The next response that is not provisional, as the caller gets it."""
        while (message := self.near.read_message()).startswith(b"SIP/2.0 1"):
            pass
        assert header(message, "Call-ID") == f"1@{self.caller}"
        return message

    def callee_says(self, method: str) -> bytes:
        """A request within the call, on a new connection of the callee's; what it gets for it."""
        invite = self.invite
        uri = header(invite, "Contact")[1:].partition(">")[0]
        with connect(self.callee, self.address, 5060) as stream:
            stream.send(
                (
                    f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/TCP {self.callee}:5060;branch=z9hG4bKcallee{method}\r\n"
                    f"From: {header(invite, 'To')};tag=callee\r\nTo: {header(invite, 'From')}\r\n"
                    f"Call-ID: {header(invite, 'Call-ID')}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n"
                    "Content-Length: 0\r\n\r\n"
                ).encode()
            )
            with self.home.accept() as home:
                got = home.read_message()
                assert got.startswith(method.encode()) and header(got, "Call-ID") == f"1@{self.caller}"
                home.send(answer(got))
                return stream.read_message()


@contextmanager
def parties(folder: Path) -> Iterator[Parties]:
    edge, caller, callee = (fresh_address() for _ in range(3))
    ca = make_ca(folder)
    zones = [neighbor("near", [caller], "TCP", 'topology = "b2bua"'), neighbor("far", [callee], "TCP")]
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tcp", edge, "TCP"), "[limits]\ndrain = 0.2\n", *zones)
    config = config.replace("[edge]\n", '[edge]\njournal = "journal"\n', 1)
    rules = rule("out", r".*@far\.example", "far")
    with Callee(caller, 5060) as home, Callee(callee, 5060) as far, Edge(folder / "edge", config, rules) as running:
        both = Parties(running, edge, caller, callee, home, far)
        try:
            yield both
        finally:
            both.near.close()
            if both.inner is not None:
                both.inner.close()


def begin(call: Parties) -> None:
    call.send("INVITE", 1)
    call.invite = call.arrives()
    call.answers(call.invite)
    told = call.final()
    call.to_tag = header(told, "To").partition("tag=")[2]
    call.uri = header(told, "Contact")[1:].partition(">")[0]


def acknowledge(call: Parties, number: int = 1) -> None:
    call.send("ACK", number)
    assert header(call.arrives(), "CSeq") == f"{number} ACK"


def invite_again(call: Parties) -> None:
    call.send("INVITE", 2)
    call.answers(call.arrives())
    call.final()


def callee_speaks(call: Parties) -> None:
    acknowledge(call, 2)
    assert call.callee_says("INFO").startswith(b"SIP/2.0 200")


def hang_up(call: Parties) -> None:
    call.send("BYE", 3)
    assert call.arrives().startswith(b"BYE ")


@pytest.mark.parametrize("step", STEPS)
def test_a_call_survives_its_worker(tmp_path: Path, step: str) -> None:
    with parties(tmp_path) as call:
        for name, way in zip(STEPS, (begin, acknowledge, invite_again, callee_speaks, hang_up), strict=True):
            way(call)
            if name == step:
                call.kill()
        if step == STEPS[-1]:  # nobody hears of an answer any more: the edge ends the call on both sides
            call.arrives()
            with call.home.accept() as home:
                assert home.read_message().startswith(b"BYE ")
