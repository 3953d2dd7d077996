"""What peers notice of a reload of a large plan, of one that fails, and of the end of an edge."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.echo import Echo
from support.processes import fresh_address, wait_until_closed
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, header, request

pytestmark = pytest.mark.e2e

PORT = 5060
RULE = rule("out", r".*@far\.example", "far", priority=9999)


class Installation:
    """An edge over TCP between a near and a far side."""

    def __init__(self, folder: Path) -> None:
        self.own, self.address, self.far = (fresh_address() for _ in range(3))
        self.ca = make_ca(folder)
        self.leaf = issue(self.ca, ips=[self.address])
        self.edge = Edge(folder / "edge", self.config(), RULE)

    def config(self, *more: str, drain: float = 10) -> str:
        tables = [listener("tcp", self.address, "TCP"), *more]
        tables += [neighbor("near", [self.own], "TCP"), neighbor("far", [self.far], "TCP")]
        return edge_toml(self.ca, self.leaf, *tables, f"[limits]\ndrain = {drain}\n")

    def call(self) -> Stream:
        return connect(self.own, self.address, PORT)

    def request(self, method: str, number: int) -> bytes:
        return request(method, "sip:bob@far.example", self.own, number, transport="TCP")

    def options(self) -> bytes:
        return request("OPTIONS", f"sip:{self.address}:{PORT}", self.own, 900, transport="TCP")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    with made.edge:
        yield made


def delays(caller: Stream, installation: Installation, first: int, over: threading.Event) -> list[float]:
    """Seconds of one request after the other; until ``over``, and at least a hundred."""
    seconds: list[float] = []
    while len(seconds) < 100 or not over.is_set():
        began = time.perf_counter()
        caller.send(installation.request("MESSAGE", first + len(seconds)))
        assert caller.read_message().startswith(b"SIP/2.0 200 ")
        seconds.append(time.perf_counter() - began)
        time.sleep(0.002)  # a steady stream, and room for the others on this machine
    return seconds


def typical(seconds: list[float]) -> float:
    """The delay in the middle of the time, not of the requests: where each takes long there are few of them."""
    passed, half = 0.0, sum(seconds) / 2
    for each in sorted(seconds):
        passed += each
        if passed >= half:
            break
    return each


def large_plan(rules: int, generation: int) -> str:
    pattern = r"(.*)@((?:pod|site)NUMBER\.GENERATION)\.example\.net(;.*)?".replace("GENERATION", str(generation))
    patterns = [pattern.replace("NUMBER", str(number)) for number in range(rules)]
    return "".join(rule(each, each, "far", priority) for priority, each in enumerate(patterns, start=1)) + RULE


def slowdown(installation: Installation, caller: Stream, generation: int) -> float:
    """How many times longer a request takes while a large plan is reloaded."""
    always, over, first = threading.Event(), threading.Event(), 10_000 * generation
    always.set()
    quiet = delays(caller, installation, first, always)
    installation.edge.write(dialplan=large_plan(1000, generation))
    said: list[str] = []
    reload = threading.Thread(target=lambda: (said.append(installation.edge.reload()), over.set()))
    reload.start()
    loaded = delays(caller, installation, first + 5000, over)
    reload.join()
    assert "in force" in said[0]
    return typical(loaded) / typical(quiet)


def test_a_reload_of_a_large_plan_is_hardly_noticed(installation: Installation) -> None:
    """With the same work in a thread of the edge it is 9. Others on the machine may disturb a round or two."""
    with Echo(installation.far, PORT), installation.call() as caller:
        assert any(slowdown(installation, caller, generation) < 5 for generation in (1, 2, 3))


def test_an_output_that_cannot_be_opened_changes_nothing(installation: Installation) -> None:
    missing = installation.edge.folder / "none" / "messages"
    taken = socket.create_server((installation.own, 0))
    for table, said in (
        (f'[log]\nmessages = "{missing}"\n', f"messages file {missing}: No such file or directory"),
        (f'[metrics]\nlisten = "{installation.own}:{taken.getsockname()[1]}"\n', " is in use"),
        ('[log.hep]\naddress = "127.0.0.1"\nport = 1\ntransport = "TCP"\n', "127.0.0.1:1: Connection refused"),
    ):
        installation.edge.write(config=installation.config(table), dialplan="")
        assert "nothing changed" in installation.edge.reload()
        assert said in installation.edge.output()
    taken.close()
    with Echo(installation.far, PORT), installation.call() as caller:
        caller.send(installation.request("MESSAGE", 1))
        assert caller.read_message().startswith(b"SIP/2.0 200 ")


def test_after_sigterm_what_begins_gets_503_and_what_is_open_goes_on(installation: Installation) -> None:
    with installation.call() as caller, Callee(installation.far, PORT) as far:
        caller.send(installation.request("MESSAGE", 1))
        with far.accept() as connection:
            received = connection.read_message()
            installation.edge.terminate()
            wait_until_closed(installation.address, PORT)
            for message in (installation.request("MESSAGE", 2), installation.options()):
                caller.send(message)
                refusal = caller.read_message()
                assert refusal.startswith(b"SIP/2.0 503 ") and header(refusal, "Retry-After") == "10"
            caller.send(installation.request("BYE", 3).replace(b"To: <sip:bob@far.example>", b"To: <sip:b@far>;tag=x"))
            bye = connection.read_message()
            assert bye.startswith(b"BYE ")
            connection.send(answer(bye), answer(received))
            assert [header(caller.read_message(), "Call-ID")[:8] for _ in range(2)] == ["stream-3", "stream-1"]
    assert installation.edge.stop() == 0


def test_at_the_end_of_drain_a_ringing_call_gets_503_and_its_callee_a_cancel(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.edge.write(config=installation.config(drain=0.5))
    with installation.edge, installation.call() as caller, Callee(installation.far, PORT) as far:
        caller.send(installation.request("INVITE", 1), installation.request("MESSAGE", 2))
        with far.accept() as connection:
            received, _ = connection.read_message(), connection.read_message()
            connection.send(answer(received, "180 Ringing"))
            while not caller.read_message().startswith(b"SIP/2.0 180 "):
                pass
            installation.edge.terminate()
            cancel = connection.read_message()
            assert cancel.startswith(b"CANCEL sip:bob@far.example SIP/2.0\r\n")
            connection.send(answer(cancel), answer(received, "487 Request Terminated"))
            assert connection.read_message().startswith(b"ACK ")
            finals = [caller.read_message() for _ in range(2)]
            assert [final[:12] for final in finals] == [b"SIP/2.0 503 "] * 2
            assert sorted(header(final, "CSeq") for final in finals) == ["1 INVITE", "1 MESSAGE"]
        assert installation.edge.stop() == 0
