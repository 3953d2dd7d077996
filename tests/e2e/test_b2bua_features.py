"""What the edge says itself in calls of b2bua zones, to parties that others have written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.baresip import Baresip
from support.certificates import Ca, issue, make_ca
from support.pjsua_agent import Agent, Options
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.sipp import Sipp

pytestmark = pytest.mark.e2e

SESSION = 90
"""Seconds: the shortest one (RFC 4028 4). It is refreshed after half of it."""
STAYS = SESSION // 2 + 6


@dataclass
class Town:
    """An edge whose zones are named after the one user that each of them has."""

    folder: Path
    ca: Ca
    edge: str
    stack: ExitStack
    homes: dict[str, str] = field(default_factory=dict)

    def log(self, user: str) -> str:
        return (self.folder / f"{self.homes[user]}.log").read_text(errors="replace")

    def agent(self, user: str, **options: object) -> Agent:
        """pjsua2, ready."""
        address = self.homes[user]
        leaf = issue(self.ca, ips=[address])
        files = (str(leaf.certificate), str(leaf.key), str(self.ca.certificate), str(self.folder / f"{address}.log"))
        contact = f"sip:{user}@{address}:5061;transport=tls"
        uri = f"sip:{user}@{user}.example"
        return self.stack.enter_context(Agent(Options(address, uri, self.edge, contact, *files, **options)))  # type: ignore[arg-type]

    def callee(self, user: str, scenario: str, pause: int = 0, **keys: str) -> Sipp:
        return self.stack.enter_context(Sipp(self.folder, scenario, self.homes[user], keys, pause=pause))

    def caller(self, user: str, callee: str, scenario: str, pause: int = 0) -> Sipp:
        keys = {"caller": f"{user}@{user}.example", "callee": f"{callee}@{callee}.example"}
        remote = f"{self.edge}:5060"
        return self.stack.enter_context(Sipp(self.folder, scenario, self.homes[user], keys, remote=remote, pause=pause))


@contextmanager
def town(folder: Path, zones: dict[str, tuple[str, str]]) -> Iterator[Town]:
    """``zones``: user -> transport and keys of the zone."""
    ca, edge = make_ca(folder), fresh_address()
    with ExitStack() as stack:
        here = Town(folder, ca, edge, stack, {user: fresh_address() for user in zones})
        tables = [
            neighbor(user, [here.homes[user], "127.0.0.1"] if user == "baresip" else [here.homes[user]], *keys)
            for user, keys in zones.items()
        ]
        listeners = listener("tcp", edge, "TCP") + listener("tls", edge)
        rules = "".join(rule(user, rf"{user}@.*", user) for user in zones)
        config = edge_toml(ca, issue(ca, ips=[edge]), listeners, *tables, name=edge)
        stack.enter_context(Edge(folder / "edge", config, rules))
        yield here


def b2bua(*lines: str) -> str:
    return "\n".join(('topology = "b2bua"', "[zone.b2bua]", *lines))


@pytest.mark.timeout(180)  # most of them waited for
def test_sessions_are_refreshed(tmp_path: Path) -> None:
    """By UPDATE, or a re-INVITE where that is not taken, and of a party without timers."""
    refreshed = b2bua(f"session_timer = {SESSION}")
    callers = {"one": ("TCP", ""), "two": ("TCP", ""), "three": ("TCP", "")}
    callees = dict.fromkeys(("refreshed", "invited", "baresip"), ("TCP", refreshed))
    agents = dict.fromkeys(("alice", "bob"), ("TLS", refreshed))
    with town(tmp_path, {**callers, **callees, **agents}) as here:
        baresip = here.stack.enter_context(
            Baresip(tmp_path / "baresip", here.homes["baresip"], "sip:baresip@baresip.example", here.edge)
        )
        alice, bob = here.agent("alice", session=SESSION), here.agent("bob")
        alice.do("call", to="sip:bob@bob.example")
        bob.expect("call", state="CONFIRMED")
        scenarios = {"refreshed": "callee_refreshed", "invited": "callee_invited_again"}
        far = [here.callee(user, scenario, STAYS) for user, scenario in scenarios.items()]
        ways = (("one", "refreshed"), ("two", "invited"), ("three", "baresip"))
        near = [here.caller(user, callee, "caller_stays", STAYS) for user, callee in ways]
        for party in (*near, *far):
            party.finish()
        baresip.expect("CALL_CLOSED")
        shown = baresip.log()
        alice.do("hang up")
        for agent in (alice, bob):
            agent.expect("call", state="DISCONNECTED")
    assert shown.count("\nINVITE sip:") == 2 and "UPDATE" not in shown  # it does not list that in Allow
    assert "UPDATE sip:alice@" in here.log("alice") and "UPDATE sip:bob@" in here.log("bob")


def test_who_refreshes_its_session_itself_is_answered_here(tmp_path: Path) -> None:
    with town(tmp_path, {"one": ("TCP", b2bua(f"session_timer = {SESSION}")), "two": ("TCP", "")}) as here:
        behind = here.callee("two", "callee_invite")
        here.caller("one", "two", "caller_refreshes").finish()
        assert "UPDATE sip:" not in behind.finish() and "Session-Expires" not in behind.report()


@pytest.mark.parametrize("both", [False, True], ids=["the callee's zone", "both zones"])
def test_pjsua2_that_insists_on_ringing_reliably_is_acknowledged_here(tmp_path: Path, both: bool) -> None:
    """And a caller that supports it acknowledges what the edge tells it, where its zone asks for that."""
    here_too = b2bua('prack = "here"')
    with town(tmp_path, {"alice": ("TLS", here_too if both else ""), "bob": ("TLS", here_too)}) as here:
        alice, bob = here.agent("alice"), here.agent("bob", reliable=True)
        alice.do("call", to="sip:bob@bob.example")
        for agent in (alice, bob):
            agent.expect("call", state="CONFIRMED")
        alice.do("hang up")
        for agent in (alice, bob):
            agent.expect("call", state="DISCONNECTED")
    assert "PRACK sip:bob@" in here.log("bob") and "RSeq" in here.log("bob")
    own = here.log("alice")
    assert ("PRACK sip:b-" in own, "RSeq" in own) == (both, both)


def test_sipp_that_acknowledges_late_is_rung_again_and_answered_behind_it(tmp_path: Path) -> None:
    """The callee has taken the call at once: the 200 waits for the PRACK of the answer in the 180."""
    with town(tmp_path, {"one": ("TCP", b2bua('prack = "here"')), "two": ("TCP", "")}) as here:
        behind = here.callee("two", "callee_rings_with_answer")
        sent = here.caller("one", "two", "caller_acknowledges_late").finish()
        got = behind.finish()
    assert sent.index("PRACK sip:b-") < sent.index("CSeq: 1 INVITE", sent.index("PRACK sip:b-"))
    assert "100rel" not in got and "PRACK" not in got


def test_a_redirect_is_followed(tmp_path: Path) -> None:
    """To a party that the caller never hears of."""
    zones = {"one": ("TCP", ""), "moved": ("TCP", b2bua("follow_redirects = true")), "two": ("TCP", "")}
    with town(tmp_path, zones) as here:
        before = here.callee("moved", "callee_moved", moved="two@two.example")
        behind = here.callee("two", "callee_invite")
        sent = here.caller("one", "moved", "caller_invite").finish()
        before.finish()
        got = behind.finish()
    assert "SIP/2.0 302" not in sent and "INVITE sip:two@two.example" in got
