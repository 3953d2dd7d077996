"""Two pjsua2 user agents (pjsip's own TLS) with the edge between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import Ca, issue, make_ca
from support.pjsua_agent import Agent, Options
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule

pytestmark = pytest.mark.e2e

ALICE, BOB = "sip:alice@near.example", "sip:bob@far.example"


def agent(folder: Path, ca: Ca, address: str, uri: str, edge: str) -> Agent:
    leaf = issue(ca, ips=[address])
    contact = f"{uri.partition('@')[0]}@{edge}:5061;transport=tls"
    files = (str(leaf.certificate), str(leaf.key), str(ca.certificate), str(folder / f"{address}.log"))
    return Agent(Options(address, uri, edge, contact, *files))


@pytest.fixture(scope="module", params=[False, True], ids=["searched", "record-routed"])
def agents(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Agent, Agent]]:
    """Alice and Bob; without and with Record-Route on SUBSCRIBE. Their contacts name the edge."""
    folder = tmp_path_factory.mktemp("pjsua2")
    edge, near, far = (fresh_address() for _ in range(3))
    ca = make_ca(folder)
    keep = f"record_route_subscribe = {str(request.param).lower()}"
    zones = [neighbor("near", [near], "TLS", keep), neighbor("far", [far], "TLS", keep)]
    rules = rule("to alice", "alice@.*", "near") + rule("to bob", "bob@.*", "far")
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tls", edge), *zones)
    with (
        Edge(folder / "edge", config, rules),
        agent(folder, ca, near, ALICE, edge) as alice,
        agent(folder, ca, far, BOB, edge) as bob,
    ):
        yield alice, bob


def test_messages_both_ways(agents: tuple[Agent, Agent]) -> None:
    for (sender, receiver), to in (((agents[0], agents[1]), BOB), ((agents[1], agents[0]), ALICE)):
        sender.do("message", to=to, body=f"hello {to}")
        assert receiver.expect("message")["body"] == f"hello {to}"
        assert sender.expect("sent")["code"] == 200


def test_presence_reaches_the_watcher(agents: tuple[Agent, Agent]) -> None:
    alice, bob = agents
    bob.do("status", note="at lunch")
    alice.do("watch", to=BOB)
    bob.expect("watched")
    alice.expect("presence", subscription="ACTIVE", note="at lunch")
    bob.do("status", note="back again")
    alice.expect("presence", note="back again")


def test_a_session_from_invite_to_bye(agents: tuple[Agent, Agent]) -> None:
    alice, bob = agents
    alice.do("call", to=BOB)
    for party in agents:
        party.expect("call", state="CONFIRMED")
    bob.do("hang up")
    for party in agents:
        party.expect("call", state="DISCONNECTED")
