"""Calls between a b2bua zone and an open one, with foreign user agents at both ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.certificates import Ca, issue, make_ca
from support.pjsua_agent import Agent, Options
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.sipp import Parties, exchange

pytestmark = pytest.mark.e2e

ALICE, BOB = "sip:alice@near.example", "sip:bob@far.example"
B2BUA = 'topology = "b2bua"'


@contextmanager
def parties(folder: Path, near_zone: str, far_zone: str) -> Iterator[Parties]:
    edge, caller, callee = (fresh_address() for _ in range(3))
    ca = make_ca(folder)
    zones = [neighbor("near", [caller], "TCP", near_zone), neighbor("far", [callee], "TCP", far_zone)]
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tcp", edge, "TCP"), *zones)
    keys = {"caller": "alice@near.example", "callee": "bob@far.example"}
    with Edge(folder / "edge", config, rule("out", r".*@far\.example", "far")):
        yield Parties(caller, callee, f"{edge}:5060", keys)


@pytest.fixture(scope="module", params=["the caller's", "the callee's"])
def sides(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    near, far = (B2BUA, "") if request.param == "the caller's" else ("", B2BUA)
    with parties(tmp_path_factory.mktemp("sipp"), near, far) as both:
        yield both


@pytest.mark.parametrize(
    ("caller", "callee"),
    [
        ("caller_invite", "callee_invite"),
        ("caller_invite_hung_up", "callee_hangs_up"),
        ("caller_cancel", "callee_cancel"),
        ("caller_busy", "callee_busy"),
        ("caller_late_ack", "callee_repeats_200"),
        ("caller_message", "callee_message"),
    ],
)
def test_sipp_at_both_ends(sides: Parties, tmp_path: Path, caller: str, callee: str) -> None:
    sent, received = exchange(tmp_path, caller, callee, sides, calls=5)
    if "INVITE" in sent:
        assert not call_ids(sent) & call_ids(received)


def call_ids(log: str) -> set[str]:
    return {line.partition(":")[2].strip() for line in log.splitlines() if line.startswith("Call-ID:")}


def test_many_calls_at_the_same_time(sides: Parties, tmp_path: Path) -> None:
    exchange(tmp_path, "caller_invite", "callee_invite", sides, calls=100)


@contextmanager
def agent(folder: Path, ca: Ca, address: str, uri: str, edge: str) -> Iterator[Agent]:
    leaf = issue(ca, ips=[address])
    contact = f"{uri.partition('@')[0]}@{address}:5061;transport=tls"
    files = (str(leaf.certificate), str(leaf.key), str(ca.certificate), str(folder / f"{address}.log"))
    with Agent(Options(address, uri, edge, contact, *files)) as running:
        yield running


@pytest.mark.parametrize("hanging_up", [0, 1], ids=["the caller", "the callee"])
def test_pjsua2_at_both_ends(tmp_path: Path, hanging_up: int) -> None:
    edge, near, far = (fresh_address() for _ in range(3))
    ca = make_ca(tmp_path)
    zones = [neighbor("near", [near], "TLS", B2BUA), neighbor("far", [far])]
    rules = rule("to alice", "alice@.*", "near") + rule("to bob", "bob@.*", "far")
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tls", edge), *zones, name=edge)
    with (
        Edge(tmp_path / "edge", config, rules),
        agent(tmp_path, ca, near, ALICE, edge) as alice,
        agent(tmp_path, ca, far, BOB, edge) as bob,
    ):
        alice.do("call", to=BOB)
        for party in (alice, bob):
            party.expect("call", state="CONFIRMED")
        (alice, bob)[hanging_up].do("hang up")
        for party in (alice, bob):
            party.expect("call", state="DISCONNECTED")
