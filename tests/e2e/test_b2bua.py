"""Calls between a b2bua zone and an open one, with foreign user agents at both ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.baresip import Baresip
from support.certificates import Ca, issue, make_ca
from support.kamailio import Challenge, Route, kamailio
from support.pjsua_agent import Agent, Options
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.sipp import Parties, exchange

pytestmark = pytest.mark.e2e

ALICE, BOB = "sip:alice@near.example", "sip:bob@far.example"
CAROL = "sip:carol@third.example"
WAYS = {"alice": "near", "bob": "far", "carol": "third"}
B2BUA = 'topology = "b2bua"'


CREDENTIAL = '[[credential]]\nusername = "edge"\npassword = "secret"\n'


@contextmanager
def parties(folder: Path, near_zone: str, far_zone: str, behind: str = "") -> Iterator[Parties]:
    """``behind``: where the callee's zone is reached, instead of the callee itself."""
    edge, caller, callee = (fresh_address() for _ in range(3))
    ca = make_ca(folder)
    zones = [neighbor("near", [caller], "TCP", near_zone), neighbor("far", [behind or callee], "TCP", far_zone)]
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tcp", edge, "TCP"), *zones, CREDENTIAL)
    config = config.replace("[edge]\n", '[edge]\njournal = "journal"\n', 1)
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


def test_a_callee_that_rings_reliably_is_acknowledged_by_the_edge(tmp_path: Path) -> None:
    with parties(tmp_path, "", f'{B2BUA}\n[zone.b2bua]\nprack = "here"\n') as both:
        sent, _ = exchange(tmp_path, "caller_invite", "callee_prack", both, calls=5)
    assert "RSeq" not in sent and "100rel" not in sent
    assert sent.count("m=message") == 15  # each of five callers offers, and hears the answer in 180 and 200


@pytest.mark.parametrize("prack", ["here", "end to end"])
def test_an_offer_in_a_prack_and_one_in_an_early_update_are_answered_by_the_callee(tmp_path: Path, prack: str) -> None:
    """Also where the edge rings with numbers of its own."""
    zone = f'{B2BUA}\n[zone.b2bua]\nprack = "{prack}"\n'
    with parties(tmp_path, zone, zone) as both:
        sent, received = exchange(tmp_path, "caller_offers_in_prack", "callee_answers_in_prack", both, calls=5)
    assert sent.count("PRACK sip:b-") == received.count("PRACK sip:callee@") == 5
    assert bool(re.search(r"RSeq: 17\b", sent)) == (prack == "end to end")  # the edge's own may begin with 17


@pytest.mark.parametrize("turned", [False, True])
def test_a_proxy_behind_that_asks_for_credentials(tmp_path: Path, turned: bool) -> None:
    """Kamailio record-routes, and challenges what comes from the edge; a callee hangs up through it, too."""
    proxy = fresh_address()
    with parties(tmp_path, "", f'{B2BUA}\n[zone.b2bua]\nusername = "edge"\n', proxy) as both:
        ca = make_ca(tmp_path / "ca")
        route = [Route("bob@", f"sip:{both.callee}:5060;transport=tcp")]
        asks = Challenge(both.proxy.partition(":")[0], "secret")
        with kamailio(tmp_path / "kamailio", proxy, ca, issue(ca, ips=[proxy]), route, asks):
            scenarios = ("caller_invite_hung_up", "callee_hangs_up") if turned else ("caller_invite", "callee_invite")
            sent, _ = exchange(tmp_path, *scenarios, both, calls=5)
    assert "Authenticate" not in sent and "Record-Route" not in sent


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


@pytest.mark.parametrize("caller", ["baresip", "pjsua2"])
def test_baresip_and_pjsua2(tmp_path: Path, caller: str) -> None:
    """One of them over TCP in a b2bua zone, the other one over TLS; the callee hangs up."""
    edge, near, far = (fresh_address() for _ in range(3))
    ca = make_ca(tmp_path)
    inside = neighbor("inside", [near, "127.0.0.1"], "TCP", B2BUA)  # baresip does not bind what it opens
    rules = rule("to alice", "alice@.*", "inside") + rule("to bob", "bob@.*", "outside")
    listeners = listener("tcp", edge, "TCP") + listener("tls", edge)
    config = edge_toml(ca, issue(ca, ips=[edge]), listeners, inside, neighbor("outside", [far]), name=edge)
    with (
        Edge(tmp_path / "edge", config, rules),
        Baresip(tmp_path / "alice", near, ALICE, edge) as alice,
        agent(tmp_path, ca, far, BOB, edge) as bob,
    ):
        if caller == "baresip":
            alice.do("dial", BOB)
        else:
            bob.do("call", to=ALICE)
        alice.expect("CALL_ESTABLISHED")
        bob.expect("call", state="CONFIRMED")
        if caller == "baresip":
            bob.do("hang up")
        else:
            alice.do("hangup")
        alice.expect("CALL_CLOSED")
        bob.expect("call", state="DISCONNECTED")


def test_pjsua2_is_transferred_by_the_edge(tmp_path: Path) -> None:
    """alice has bob talk to carol; bob and carol see a re-INVITE and an INVITE, and no REFER."""
    edge, near, far, third = (fresh_address() for _ in range(4))
    ca = make_ca(tmp_path)
    here = f'{B2BUA}\n[zone.b2bua]\nrefer = "here"\n'
    zones = [neighbor("near", [near], "TLS", here), neighbor("far", [far]), neighbor("third", [third])]
    rules = "".join(rule(f"to {user}", f"{user}@.*", zone) for user, zone in WAYS.items())
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tls", edge), *zones, name=edge)
    with (
        Edge(tmp_path / "edge", config, rules),
        agent(tmp_path, ca, near, ALICE, edge) as alice,
        agent(tmp_path, ca, far, BOB, edge) as bob,
        agent(tmp_path, ca, third, CAROL, edge) as carol,
    ):
        alice.do("call", to=BOB)
        for party in (alice, bob):
            party.expect("call", state="CONFIRMED")
        alice.do("transfer", to=CAROL)
        carol.expect("call", state="CONFIRMED")
        alice.expect("call", state="DISCONNECTED")
        carol.do("hang up")
        for party in (carol, bob):
            party.expect("call", state="DISCONNECTED")
    log = (tmp_path / f"{far}.log").read_text(errors="replace")
    assert "REFER sip:" not in log and log.count("INVITE sip:bob") == 2
