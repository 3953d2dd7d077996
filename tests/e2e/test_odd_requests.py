"""Replay says what the edge did: odd requests go over the wire to a live edge, whose own log is then replayed."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support.certificates import Ca, Leaf, issue, make_ca
from support.examples import examples
from support.odd_requests import PLAN, Place, odd_requests
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor
from support.stream import Callee, Stream, answer, connect, header, request

from sipedge.cli import main
from sipedge.decision.deciding import CANCELS, EDGE, REFUSED, RULES

pytestmark = pytest.mark.e2e

PORT = 5061
SECRET = bytes(range(32))
REQUESTS = 1000
KEYS = ("rule", "priority", "stop", "zone", "alias")
WITHOUT_ANSWER = ("ACK", "BENOTIFY")
MORE = """
[[zone]]
type = "default"
preloaded_routes = false

[zone.rate]
messages_per_second = 0
per_peer = 0
per_domain = 0
subscribe_targets = 0

[limits]
malformed_in_a_row = 100000
ban_after = 0

[log]
messages = "messages.jsonl"
"""


@dataclass
class Caller:
    """Keeps a connection to the edge; a new one where the edge has closed it."""

    place: Place
    address: str
    ca: Ca
    leaf: Leaf
    _stream: Stream | None = None

    def send(self, data: bytes) -> None:
        """And wait until the edge has decided: it answers the OPTIONS that comes behind."""
        probe = request("OPTIONS", f"sip:{self.place.edge}", self.address, self.place.number)
        with suppress(ConnectionError):
            self._open().send(data + probe)
            while header(self._open().read_message(), "Call-ID") != header(probe, "Call-ID"):
                pass
            return
        self.close()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self) -> Stream:
        if self._stream is None:
            self._stream = connect(self.address, self.place.edge, PORT, self.ca, self.leaf)
        return self._stream


@contextmanager
def answering(address: str, ca: Ca) -> Iterator[None]:
    """A peer of the edge's that answers 200 to every request on every connection."""

    def serve(connection: Stream) -> None:
        with connection, suppress(OSError, ConnectionError):
            while True:
                message = connection.read_message()
                if not message.startswith((b"SIP/2.0", b"ACK ", b"BENOTIFY ")):
                    connection.send(answer(message))

    def accept(callee: Callee) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(callee.accept(),), daemon=True).start()

    with Callee(address, PORT, ca, issue(ca, ips=[address])) as callee:
        threading.Thread(target=accept, args=(callee,), daemon=True).start()
        yield


@dataclass
class Told:
    """What the edge's own log tells of one request."""

    rules: list[tuple[Any, ...]] | None = None
    forwarded: set[str] = field(default_factory=set)
    """Zones."""
    statuses: set[int] = field(default_factory=set)
    """Final ones that went to the caller."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an edge that got all requests, and its log."""
    folder = tmp_path_factory.mktemp("odd")
    address, inside, outside, stranger = (fresh_address() for _ in range(4))
    ca = make_ca(folder)
    zones = [neighbor("Inside", [inside]), neighbor("Outside", [outside], "TLS", "poison = true")]
    config = edge_toml(ca, issue(ca, ips=[address]), listener("tls", address), *zones, MORE, domain="inside.example")
    (folder / "edge.secret").write_text(SECRET.hex())
    place = Place(address, inside, stranger, SECRET, time.time())
    with answering(inside, ca), answering(outside, ca), Edge(folder, config, PLAN):
        send_all([Caller(place, one, ca, issue(ca, ips=[one])) for one in (inside, stranger)])
    return folder


def send_all(callers: list[Caller]) -> None:
    numbers = itertools.count(1)

    @examples(REQUESTS)
    @given(st.data(), st.sampled_from(callers))
    def send(data: st.DataObject, caller: Caller) -> None:
        caller.place = replace(caller.place, number=next(numbers))
        caller.send(data.draw(odd_requests(caller.place)).to_bytes())

    send()
    for caller in callers:
        caller.close()


def told_by_the_edge(log: Path) -> dict[str, Told]:
    """Call-ID -> what became of the odd request with it."""
    told: defaultdict[str, Told] = defaultdict(Told)
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        if "decision" in entry:
            decision = entry["decision"]
            if decision["decided_by"] == RULES:
                told[decision["call_id"]].rules = [tuple(rule[key] for key in KEYS) for rule in decision["rules"]]
            continue
        message = entry["text"].encode()
        about, is_request = told[header(message, "Call-ID")], not message.startswith(b"SIP/2.0 ")
        if entry["direction"] == "received":
            continue
        if is_request:
            about.forwarded.add(entry["zone"])
        elif message[8:9] != b"1":
            about.statuses.add(int(message[8:11]))
    return told


def agrees(verdict: dict[str, Any], told: Told) -> bool:
    by, zones = verdict["decided_by"], {one["zone"] for tier in verdict["tiers"] for one in tier["targets"]}
    if by == REFUSED:
        return not told.forwarded and (told.statuses or {0}) <= {int(verdict["refused"][:3]), 0}
    if by == EDGE:
        return (told.forwarded, told.statuses) == (set(), {200})
    if by == CANCELS:
        return (told.forwarded, told.statuses) == (set(), {481})
    hit = [{**tier, **target} for tier in verdict["tiers"] for target in tier["targets"]]
    if told.rules is not None and [tuple(rule[key] for key in KEYS) for rule in hit] != told.rules:
        return False
    return told.forwarded == zones and (verdict["method"] in WITHOUT_ANSWER or told.statuses == {200 if zones else 404})


@pytest.mark.timeout(120)
def test_a_replay_of_the_edges_own_log_decides_as_the_edge_did(folder: Path) -> None:
    all_told = told_by_the_edge(folder / "messages.jsonl")
    result = CliRunner().invoke(main, ["replay", str(folder / "edge.toml"), str(folder / "messages.jsonl"), "--json"])
    verdicts = [verdict for verdict in map(json.loads, result.stdout.splitlines()) if not verdict["sent"]]
    odd = [(verdict, all_told[verdict["call_id"]]) for verdict in verdicts if verdict["call_id"].startswith("call-")]
    assert len(odd) >= 50 and len({verdict["decided_by"] for verdict, _ in odd}) >= 3
    assert [one for one in odd if not agrees(*one)] == []
