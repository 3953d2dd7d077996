"""SIPp on both sides of the edge, over TCP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.sipp import Parties, Sipp, exchange

pytestmark = pytest.mark.e2e

MANY = 300


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    folder = tmp_path_factory.mktemp("sipp")
    edge, caller, callee, watcher = (fresh_address() for _ in range(4))
    ca = make_ca(folder)
    zones = [neighbor("near", [caller], "TCP"), neighbor("far", [callee], "TCP"), neighbor("watcher", [watcher], "TCP")]
    rules = rule("out", r".*@far\.example", "far") + rule("back", f".*@{watcher}", "watcher")
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tcp", edge, "TCP"), *zones)
    keys = {"caller": "alice@near.example", "callee": "bob@far.example", "watcher": f"alice@{watcher}:5060"}
    with Edge(folder / "edge", config, rules):
        yield Parties(caller, callee, f"{edge}:5060", keys)


@pytest.mark.parametrize(
    ("caller", "callee"),
    [
        ("caller_invite", "callee_invite"),
        ("caller_cancel", "callee_cancel"),
        ("caller_busy", "callee_busy"),
        ("caller_late_ack", "callee_repeats_200"),
        ("caller_message", "callee_message"),
    ],
)
def test_exchange(parties: Parties, tmp_path: Path, caller: str, callee: str) -> None:
    exchange(tmp_path, caller, callee, parties, calls=5)


def test_subscribe_and_its_notify(parties: Parties, tmp_path: Path) -> None:
    with Sipp(tmp_path, "callee_notify", parties.keys["watcher"].split("@")[1][:-5], parties.keys) as waiting:
        exchange(tmp_path, "caller_subscribe", "callee_subscribe", parties)
        waiting.finish()


@pytest.mark.parametrize(
    ("caller", "callee"), [("caller_invite", "callee_invite"), ("caller_message", "callee_message")]
)
def test_many_at_the_same_time(parties: Parties, tmp_path: Path, caller: str, callee: str) -> None:
    exchange(tmp_path, caller, callee, parties, calls=MANY)


def test_what_no_rule_matches_gets_404_with_a_warning(parties: Parties, tmp_path: Path) -> None:
    nowhere = Parties(parties.caller, parties.callee, parties.proxy, {**parties.keys, "callee": "bob@nowhere.example"})
    with Sipp(tmp_path, "caller_message_refused", parties.caller, nowhere.keys, remote=parties.proxy) as caller:
        assert "Warning: 399 " in caller.finish()
