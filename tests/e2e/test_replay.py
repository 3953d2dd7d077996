"""docs/replay.md on a real edge: what it wrote down is decided again as it was decided then, and a change is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.certificates import issue, make_ca
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, answer, connect, request

from sipedge.cli import main

pytestmark = pytest.mark.e2e

PORT = 5060
LOG = '[log]\nmessages = "messages.jsonl"\ndecisions = "decisions.jsonl"\nexpressway = "diagnostic.log"\n'
RULES = (
    rule("to one", r".*@one\.example", "one", 20)
    + rule("not from there", r".*@one\.example", "near", 10).replace("}", '    source zone "two"\n}')
    + rule("behind", r".*", "two", 30)
)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an edge that carried two messages, one of them to nobody, and wrote both logs."""
    folder = tmp_path_factory.mktemp("edge")
    own, address, one, two = (fresh_address() for _ in range(4))
    ca = make_ca(folder)
    zones = [neighbor(name, [peer], "TCP") for name, peer in (("near", own), ("one", one), ("two", two))]
    config = edge_toml(ca, issue(ca, ips=[address]), listener("tcp", address, "TCP"), *zones, LOG)
    with Edge(folder, config, RULES), connect(own, address, PORT) as caller, Callee(one, PORT) as callee:
        caller.send(request("MESSAGE", "sip:bob@one.example", own, 1, transport="TCP"))
        with callee.accept() as connection:
            connection.send(answer(connection.read_message()))
            assert caller.read_message().startswith(b"SIP/2.0 200 ")
        caller.send(request("MESSAGE", "sip:bob@nowhere.example", own, 2, transport="TCP"))
        assert caller.read_message().startswith(b"SIP/2.0 500 ")
    return folder


def replay(config: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", str(config), *map(str, arguments)])


def test_the_replay_decides_as_the_edge_did(logs: Path) -> None:
    result = replay(logs / "edge.toml", logs / "messages.jsonl", "--json")
    replayed = [json.loads(line) for line in result.stdout.splitlines()]
    entries = [json.loads(line) for line in (logs / "messages.jsonl").read_text().splitlines()]
    decisions = [entry["decision"] for entry in entries if "decision" in entry]
    assert len(decisions) == 2
    for decision in decisions:
        found = next(one for one in replayed if one["call_id"] == decision["call_id"] and one["zone"] == "near")
        for key in ("method", "request_uri", "cseq", "zone", "traffic", "evidence"):
            assert found[key] == decision[key]
        assert (found["searched"], found["transform"]) == (decision["searched"], decision["transform"])
        assert [
            (tier["priority"], tier["stop"], target["rule"], target["zone"], target["alias"])
            for tier in found["tiers"]
            for target in tier["targets"]
        ] == [tuple(rule[key] for key in ("priority", "stop", "rule", "zone", "alias")) for rule in decision["rules"]]


def test_its_decisions_show_what_a_changed_rule_does_as_its_messages_do(logs: Path) -> None:
    """The blast radius from either log is the same."""
    (logs / "moved.dialplan").write_text(RULES.replace("priority 20", "priority 40"))
    (logs / "moved.toml").write_text((logs / "edge.toml").read_text().replace("edge.dialplan", "moved.dialplan"))
    seen = []
    for log, options in (("messages.jsonl", ["--received"]), ("decisions.jsonl", [])):
        result = replay(logs / "moved.toml", logs / log, *options, "--backtest", logs / "edge.toml", "--json")
        assert result.exit_code == 1, result.output
        groups = [json.loads(line) for line in result.stdout.splitlines()]
        seen.append([(group["old"], group["new"], group["requests"], group["users"]) for group in groups])
    assert seen[0] == seen[1] == [("to one", "behind", 1, 1)]


def test_a_changed_rule_is_seen_before_it_is_in_force(logs: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.jsonl"
    assert replay(logs / "edge.toml", logs / "messages.jsonl", "--save", saved).exit_code == 0
    (logs / "new.dialplan").write_text(RULES.replace("priority 20", "priority 40"))
    (logs / "new.toml").write_text((logs / "edge.toml").read_text().replace("edge.dialplan", "new.dialplan"))
    result = replay(logs / "new.toml", logs / "messages.jsonl", "--expect", saved)
    assert result.exit_code == 1 and result.stdout.startswith("to one -> behind: ")


def test_its_own_diagnostic_log_agrees_decision_by_decision(logs: Path) -> None:
    result = replay(logs / "edge.toml", logs / "diagnostic.log", "--referee")
    assert result.exit_code == 0, result.output
    assert ", 0 differ, 0 are not comparable" in result.stdout and result.stdout.count("search ") >= 2


def test_the_log_can_be_given_away(logs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    arguments = ["anonymise", str(logs / "messages.jsonl"), "-o", str(out), "--config", str(logs / "edge.toml")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0 and "the same rules decide" in result.stdout
    assert b"bob" not in out.read_bytes()
