"""Too much, on a running edge with real certificates: a flood, failed handshakes, a slow partner, guessed passwords."""

from __future__ import annotations

import contextlib
import itertools
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.dns_server import name_server
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, header, request

from zones.digest import authorization
from zones.zone import Credential

pytestmark = pytest.mark.e2e

TLS, TCP, TRAVERSAL = 5061, 5060, 7001
PARTNER, FLOODER = "sip.partner.example", "sip.flood.example"
STRANGERS = """
[[zone]]
type = "default"
[zone.rate]
messages_per_second = 200
per_peer = 50
burst = 1
"""
LIMIT = 20.0
"""Seconds until a test gives up."""

_numbers = itertools.count(1)


@dataclass
class Town:
    """An edge with a node behind it, which answers everything, and peers outside."""

    edge: Edge
    address: str
    metrics: str
    ca: Ca
    leaves: dict[str, Leaf]
    homes: dict[str, str]

    def call(self, name: str, leaf: Leaf | None = None) -> Stream:
        return connect(self.homes[name], self.address, TLS, self.ca, leaf or self.leaves[name], self.address)

    def message(self, name: str) -> bytes:
        sent = request("MESSAGE", "sip:alice@near.example", self.homes[name], next(_numbers))
        return sent.replace(b"sip:alice@near.example>;tag", f"sip:x@{name}>;tag".encode(), 1)

    def counted(self, name: str) -> dict[str, float]:
        """The lines of a metric: labels -> number."""
        with urlopen(f"http://{self.metrics}/metrics", timeout=LIMIT) as response:
            lines = response.read().decode().splitlines()
        found = [line.removeprefix(name).rpartition(" ") for line in lines if line.startswith(name + "{")]
        return {labels: float(number) for labels, _, number in found}


@contextlib.contextmanager
def answering(connection: Stream) -> Iterator[list[tuple[float, bytes]]]:
    """Say 200 to all that comes on a connection, in a thread; what came, and when."""
    came: list[tuple[float, bytes]] = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                received = connection.read_message()
                came.append((time.monotonic(), received))
                connection.send(answer(received))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield came
    finally:
        with contextlib.suppress(OSError):
            connection.shutdown()
        thread.join()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    address, node = fresh_address(), fresh_address()
    homes = {name: fresh_address() for name in (PARTNER, FLOODER)}
    ca = make_ca(tmp_path)
    leaves = {name: issue(ca, names=[name]) for name in homes}
    metrics = f"{address}:9100"
    tables = [
        listener("tls", address),
        neighbor("node", [node], "TCP"),
        STRANGERS,
        "[limits]\nban_after = 3\nban_time = 2\n",
        f'[metrics]\nlisten = "{metrics}"\n',
    ]
    config = edge_toml(ca, issue(ca, ips=[address]), *tables)
    with Edge(tmp_path / "edge", config, rule("in", r".*@near\.example", "node")) as edge, Callee(node, TCP) as callee:
        town = Town(edge, address, metrics, ca, leaves, homes)
        with town.call(PARTNER) as partner:
            partner.send(town.message(PARTNER))
            with callee.accept() as connection, answering(connection):
                assert partner.read_message().startswith(b"SIP/2.0 200 ")
                yield town


FLOOD = 3000


def test_a_flood_is_refused_and_another_peer_does_not_notice(town: Town) -> None:
    with town.call(FLOODER) as flooder, town.call(PARTNER) as partner:
        flood = threading.Thread(target=flooder.send, args=(b"".join(town.message(FLOODER) for _ in range(FLOOD)),))
        began = time.monotonic()
        flood.start()
        waits = []
        for _ in range(60):  # below the partner's own rate, burst included
            sent = time.monotonic()
            partner.send(town.message(PARTNER))
            assert partner.read_message().startswith(b"SIP/2.0 200 ")
            waits.append(time.monotonic() - sent)
            time.sleep(0.02)
        answers = [flooder.read_message() for _ in range(FLOOD)]
        seconds = time.monotonic() - began
        flood.join()
    refused = [response for response in answers if response.startswith(b"SIP/2.0 503 ")]
    assert sum(response.startswith(b"SIP/2.0 200 ") for response in answers) == FLOOD - len(refused)
    assert FLOOD - len(refused) <= 50 * seconds + 50
    assert {header(response, "Retry-After") for response in refused} == {"1"}
    assert "more than 50 requests a second from one peer" in header(refused[0], "Warning")
    assert median(waits) < 0.25 and sorted(waits)[58] < 2.0, waits
    counted = town.counted("sipedge_requests_refused_total")
    assert counted['{reason="peer rate",zone="Default Zone"}'] == len(refused)
    assert town.edge.output().count("more than 50 requests a second from one peer") == 1


def is_let_in(town: Town, name: str, leaf: Leaf | None = None) -> bool:
    try:
        with town.call(name, leaf) as stream:
            stream.send(town.message(name))
            return stream.read_message().startswith(b"SIP/2.0 200 ")
    except (OSError, ssl.SSLError):
        return False


def until(condition: Callable[[], object]) -> None:
    """Ask until it is so."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < LIMIT
        time.sleep(0.05)


def test_failed_handshakes_bring_a_ban_that_ends(town: Town) -> None:
    stranger = issue(make_ca(town.edge.folder, "Other CA"), names=[FLOODER])
    assert is_let_in(town, FLOODER)
    for number in (2, 4):
        began = time.monotonic()
        for _ in range(3):
            assert not is_let_in(town, FLOODER, stranger)
        line = town.edge.wait_for(f"{town.homes[FLOODER]} is banned for {number} s (handshake)")
        assert "WARNING" in line
        assert not is_let_in(town, FLOODER)
        assert is_let_in(town, PARTNER)
        until(lambda: is_let_in(town, FLOODER))
        assert time.monotonic() - began > number
    assert town.counted("sipedge_bans_total") == {'{reason="handshake"}': 2}
    assert town.counted("sipedge_banned") == {}
    assert town.counted("sipedge_connections_refused_total")['{reason="ban",zone=""}'] >= 2


EDGE_RECORDS = """\
$TTL 60
_sipfederationtls._tcp.far.example. SRV 0 0 5061 sip.far.example.
sip.far.example. A {far}
"""


def test_a_discovered_edge_gets_twenty_a_second_and_all_of_them(tmp_path: Path) -> None:
    address, node, far = (fresh_address() for _ in range(3))
    ca = make_ca(tmp_path)
    log = tmp_path / "messages"
    with name_server(EDGE_RECORDS.format(far=far)) as dns:
        tables = [
            listener("tcp", address, "TCP"),
            neighbor("node", [node], "TCP"),
            '[[zone]]\ntype = "dns"\nname = "Internet"\nallow_loopback = true\n',
            f'[dns]\nservers = ["{dns}"]\n[log]\nmessages = "{log}"\n',
        ]
        config = edge_toml(ca, issue(ca, ips=[address]), *tables)
        with (
            Edge(tmp_path / "edge", config, rule("out", r".*@far\.example", "Internet")),
            Callee(far, TLS, ca, issue(ca, names=["sip.far.example"])) as callee,
            connect(node, address, TCP) as caller,
        ):
            sent = [request("MESSAGE", "sip:bob@far.example", node, next(_numbers), transport="TCP") for _ in range(60)]
            caller.send(b"".join(sent))
            with callee.accept() as connection, answering(connection) as came:
                answers = [final(caller) for _ in sent]
    calls = [header(message, "Call-ID") for message in sent]
    assert [header(message, "Call-ID") for _, message in came] == calls
    assert [header(response, "Call-ID") for response in answers] == calls
    assert all(response.startswith(b"SIP/2.0 200 ") for response in answers)
    times = departures(log)
    assert len(times) == 60 and times[-1] - times[0] > 2.8
    most = max(sum(begin <= when < begin + 1 for when in times) for begin in times)
    assert most <= 22, "one more, and one that the machine held up"


def final(stream: Stream) -> bytes:
    """The next final response: who waits for long gets a 100 before it."""
    while (response := stream.read_message()).startswith(b"SIP/2.0 100 "):
        pass
    return response


def departures(log: Path) -> list[float]:
    records = [json.loads(line) for line in log.read_text().splitlines()]
    sent = [record for record in records if record.get("direction") == "sent" and record["zone"] == "Internet"]
    return [record["time"] for record in sent if record["text"].startswith("MESSAGE ")]


def keepalive(own: str, uri: str, authorization: str = "") -> bytes:
    extra = f"Authorization: {authorization}\r\n" if authorization else ""
    sent = request("OPTIONS", uri, own, next(_numbers))
    return sent.replace(b"Content-Type:", extra.encode() + b"Content-Type:", 1)


def test_pauses_after_wrong_passwords_grow_and_a_ban_follows(tmp_path: Path) -> None:
    address, home = fresh_address(), fresh_address()
    ca = make_ca(tmp_path)
    client = issue(ca, names=["edge.inside.example"])
    tables = [
        listener("tls", address),
        '[[credential]]\nusername = "traversal"\npassword = "right"\n',
        f'[[zone]]\ntype = "traversal server"\nname = "Inside"\naddress = "{address}"\nusername = "traversal"\n'
        '[zone.tls]\nsubject_names = ["edge.inside.example"]\n',
        "[limits]\nban_after = 3\nban_time = 1\n",
    ]
    config = edge_toml(ca, issue(ca, ips=[address]), *tables)
    uri = f"sip:{address}:{TRAVERSAL}"

    def ask(stream: Stream, password: str = "") -> bytes:
        proof = ""
        if password:
            challenges = [header(ask(stream), "WWW-Authenticate")]
            proof = authorization(challenges, Credential("traversal", password), "OPTIONS", uri, "c") or ""
        stream.send(keepalive(home, uri, proof))
        return stream.read_message()

    with Edge(tmp_path / "edge", config, "") as edge:
        with connect(home, address, TRAVERSAL, ca, client, address) as stream:
            began = time.monotonic()
            assert ask(stream, "wrong").startswith(b"SIP/2.0 401 ")
            for pause, status in ((1, b"SIP/2.0 401 "), (2, b"SIP/2.0 403 ")):
                early = ask(stream, "right")
                assert early.startswith(b"SIP/2.0 503 ") and header(early, "Retry-After") == str(pause)
                last = b""

                def is_over(stream: Stream = stream) -> bool:
                    nonlocal last
                    last = ask(stream, "wrong")
                    return not last.startswith(b"SIP/2.0 503 ")

                until(is_over)
                assert time.monotonic() - began > pause - 0.5
                began = time.monotonic()
                assert last.startswith(status)
            stream.read_end()
        edge.wait_for('zone "Inside": wrong username or password; the next credentials are looked at in 4 s')
        edge.wait_for(f"{home} is banned for 1 s (password)")
        with pytest.raises(OSError):
            connect(home, address, TRAVERSAL, ca, client, address).read_message()

        def is_up() -> bool:
            with contextlib.suppress(OSError), connect(home, address, TRAVERSAL, ca, client, address) as stream:
                return ask(stream, "right").startswith(b"SIP/2.0 200 ")
            return False

        until(is_up)
        assert time.monotonic() - began > 3.0
