from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from support.captures import ethernet, pcap, sip, tcp
from support.messages import answer_to, request
from support.paths import DATA
from support.settings import EDGE, INSIDE_PEER
from support.tapped import decided, lines_of, searched
from support.third_party import require_shared
from support.traces import CONFIG, PLAN, STRANGER, record, write_config, write_trace

from sipedge.cli import main
from sipedge.config import load_config
from sipedge.decision.record_route import TokenKey, ZonePair
from sipedge.replay import running, shares
from sipedge.replay.work import deciders_of
from sipedge.sip.message import Message
from sipedge.traces.records.record import Direction, Endpoint

KEYS = """index time source destination method request_uri call_id cseq zone traffic in_dialog searched transform
tiers""".split()
MALLORY = "<sip:mallory@evil.example>;tag=alice-tag"
MESSAGE = request(
    uri="sip:eve@outside.example", from_=MALLORY, call_id="2", extra=("Content-Type: text/plain",), body=b"hello"
)


@pytest.fixture
def config(tmp_path: Path) -> str:
    return write_config(tmp_path)


@pytest.fixture
def trace(tmp_path: Path) -> str:
    stranger = Endpoint(STRANGER, 5060)
    records = [
        record(),
        record(answer_to(request(), 200), source=Endpoint(EDGE, 5060), destination=Endpoint(INSIDE_PEER, 40_000)),
        record(MESSAGE, source=stranger),
        record(request(uri="sip:alice@inside.example", from_=MALLORY, call_id="3"), source=stranger),
    ]
    return write_trace(tmp_path / "trace.jsonl", records)


def replay(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments])


def verdicts(*arguments: str) -> list[dict[str, Any]]:
    result = replay(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_json_lines_have_the_promised_keys(config: str, trace: str) -> None:
    decided = verdicts(config, trace)
    assert all(set(KEYS) <= set(verdict) for verdict in decided)
    assert [verdict["index"] for verdict in decided] == [1, 3, 4]
    assert [verdict["zone"] for verdict in decided] == ["Inside", "Default Zone", "Default Zone"]
    rules = [[target["rule"] for tier in verdict["tiers"] for target in tier["targets"]] for verdict in decided]
    assert rules == [["out"], [], ["chat in"]]


def test_a_table_for_people(config: str, trace: str) -> None:
    result = replay(config, trace)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0 and len(lines) == 4 and lines[0].split()[0] == "time"
    assert lines[1].startswith("     1 10:00:00.000000 MESSAGE") and lines[1].endswith(
        "-> Outside as bob@outside.example"
    )
    assert lines[2].endswith("no rule")


def test_zones_of_addresses_are_said_by_option_and_file(config: str, trace: str, tmp_path: Path) -> None:
    assert [one["zone"] for one in verdicts(config, trace, "--zone", f"{STRANGER}=Outside")][1:] == ["Outside"] * 2
    (tmp_path / "map").write_text(f"{STRANGER} = Inside  # moved\n")
    assert [one["zone"] for one in verdicts(config, trace, "--map", str(tmp_path / "map"))][1:] == ["Inside"] * 2
    assert "no zone" in replay(config, trace, "--zone", f"{STRANGER}=X").stderr
    assert replay(config, trace, "--zone", "nonsense").exit_code == 2


def test_saved_verdicts_are_compared(config: str, trace: str, tmp_path: Path) -> None:
    saved, junit = str(tmp_path / "saved.jsonl"), str(tmp_path / "junit.xml")
    assert replay(config, trace, "--save", saved, "--json").stdout == Path(saved).read_text()
    same = replay(config, trace, "--expect", saved)
    assert (same.exit_code, same.stdout) == (0, "0 of 3 requests are decided differently\n")
    changed = write_config(tmp_path, PLAN.replace('"out"', '"away"'), "changed")
    result = replay(changed, trace, "--expect", saved, "--junit", junit)
    assert result.exit_code == 1
    assert result.stdout.startswith("out -> away: 1 request, 1 user, 1 domain\n  first: message 1, MESSAGE")
    assert "no rule" not in result.stdout and result.stdout.endswith("1 of 3 requests are decided differently\n")
    suite = ElementTree.parse(junit).getroot()[0]
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "1")
    assert suite[1].attrib["name"] == "out -> away" and "+ tiers" in (suite[1][0].text or "")


def test_a_backtest_compares_two_configurations(config: str, trace: str, tmp_path: Path) -> None:
    changed = write_config(tmp_path, PLAN.replace("priority 100", "priority 90"), "changed")
    assert replay(config, trace, "--backtest", config).exit_code == 0
    result = replay(changed, trace, "--backtest", config, "--json")
    (group,) = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 1 and (group["old"], group["new"], group["requests"]) == ("out", "out", 1)
    assert group["first"]["old"]["tiers"][0]["priority"] == 100


def in_dialog(secret: bytes) -> Message:
    key = TokenKey(secret, ("Inside", "Outside"))
    token = key.mint(ZonePair("Inside", "Outside", issued=1), "call-1", "alice-tag")
    return request("BYE", routes=(f"<sip:{token}@{EDGE}:5060;lr>",), to="<sip:bob@outside.example>;tag=bob-tag")


def test_a_backtest_judges_both_with_the_former_secret(config: str, tmp_path: Path) -> None:
    secret = bytes(range(32))
    trace = write_trace(tmp_path / "dialog.jsonl", [record(in_dialog(secret))])
    changed = write_config(tmp_path, PLAN.replace("priority 100", "priority 90"), "changed")
    told = "sipedge: Routes not judged in 1 request: CONFIG has no secret (copy it, or set secret_file)\n"
    without = replay(changed, trace, "--backtest", config)
    assert (without.exit_code, without.stderr) == (0, told)
    Path(config).with_suffix(".secret").write_text(secret.hex())
    deciders_of.cache_clear()
    result = replay(changed, trace, "--backtest", config)
    assert (result.exit_code, result.output) == (0, "0 of 1 requests are decided differently\n")
    assert replay(changed, trace).stderr == told
    assert verdicts(config, trace)[0]["decided_by"] == "signed Route"


def test_a_backtest_of_nothing_is_not_good(config: str, tmp_path: Path) -> None:
    trace = write_trace(tmp_path / "answers.jsonl", [record(answer_to(request(), 200))])
    result = replay(config, trace, "--backtest", config)
    assert (result.exit_code, result.output) == (2, "sipedge: there is no request to compare\n")


def test_peers_by_name_are_told_and_said(tmp_path: Path) -> None:
    by_name = CONFIG.replace('peers = ["198.51.100.20"]', 'peers = ["sip.outside.example"]')
    config = write_config(tmp_path, config=by_name)
    trace = write_trace(tmp_path / "x.pcap", [record(), record(source=Endpoint(STRANGER, 5060))])
    told = replay(config, trace)
    assert told.exit_code == 0 and told.stderr == (
        f'sipedge: 1 request from {STRANGER} may be of "Outside", whose peers are names: taken as from the '
        "Default Zone (say --name HOST=ADDRESS)\n"
    )
    said = replay(config, trace, "--name", f"Sip.outside.example={STRANGER}")
    assert said.stderr == "" and " Outside " in said.stdout.splitlines()[2]
    assert replay(config, trace, "--name", "nonsense").exit_code == 2


def test_the_edges_own_log_says_the_zone_and_what_the_edge_sent(tmp_path: Path) -> None:
    by_name = CONFIG.replace('peers = ["198.51.100.20"]', 'peers = ["sip.outside.example"]')
    config = write_config(tmp_path, config=by_name)
    chat = request(uri="sip:alice@inside.example", call_id="3", extra=("User-Agent: UCCAPI/16.0",))
    received = record(chat, source=Endpoint(STRANGER, 5060), zone="Outside")
    ends = {"source": Endpoint("127.0.0.1", 40001), "destination": Endpoint(INSIDE_PEER, 5060)}
    sent = record(chat, direction=Direction.SENT, zone="Inside", **ends)
    trace = write_trace(tmp_path / "own.jsonl", [received, sent])
    result = replay(config, trace)
    assert result.stderr == "" and " Outside " in result.stdout.splitlines()[1]
    assert result.stdout.splitlines()[2].endswith(": sent by the edge")


def test_filters_choose_the_requests_of_dialogs(config: str, trace: str) -> None:
    for filters, numbers in [
        (["--call-id", "3"], [4]),
        (["--user", "eve"], [3]),
        (["--status", "200"], [1]),
        (["--method", "MESSAGE"], [1, 3, 4]),
    ]:
        for engine in ("serial", "processes"):
            assert [one["index"] for one in verdicts(config, trace, *filters, "--engine", engine)] == numbers
    nothing = replay(config, trace, "--method", "BYE")
    assert (nothing.exit_code, nothing.output) == (1, "sipedge: no dialog is as asked for\n")


def test_verdicts_of_another_trace_are_an_error(config: str, trace: str, tmp_path: Path) -> None:
    saved = tmp_path / "saved.jsonl"
    replay(config, trace, "--save", str(saved))
    text = saved.read_text()
    for other, reason in [
        (text + text, "more requests"),
        ("", "fewer requests"),
        (text.replace("bob", "eve"), "trace"),
    ]:
        saved.write_text(other)
        result = replay(config, trace, "--expect", str(saved))
        assert result.exit_code == 2 and reason in result.stderr


def test_cases_from_traffic_hold(config: str, trace: str, tmp_path: Path) -> None:
    cases = tmp_path / "traffic.cases"
    assert replay(config, trace, "--cases", str(cases)).exit_code == 0
    assert cases.read_text().count("case ") == 3
    assert CliRunner().invoke(main, ["test", str(cases)]).exit_code == 0


def test_what_cannot_be_read_is_said_with_its_place(config: str, trace: str, tmp_path: Path) -> None:
    broken = write_trace(tmp_path / "broken.jsonl", [record(b"MESSAGE sip:a@b SIP/2.0\r\nnonsense\r\n\r\n"), record()])
    (tmp_path / "noise").write_bytes(bytes(100))
    result = replay(config, broken, str(tmp_path / "noise"), str(tmp_path / "missing"), "--json")
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == 1
    assert f"{broken}: at byte 0: a request cannot be read: header line 1 has no colon" in result.stderr
    assert "noise: no known trace format" in result.stderr and "missing: cannot be read" in result.stderr
    assert "1 thing passed over" in result.stderr
    assert replay(config, str(tmp_path / "noise")).exit_code == 2


def test_broken_configurations_and_contradictions(config: str, trace: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("nonsense")
    assert replay(str(tmp_path / "bad.toml"), trace).exit_code == 2
    assert replay(config, trace, "--backtest", str(tmp_path / "bad.toml")).exit_code == 2
    assert "--expect and --backtest" in replay(config, trace, "--expect", "x", "--backtest", "y").stderr
    assert "--junit" in replay(config, trace, "--junit", "x").stderr
    for option in ("--save", "--cases"):
        result = replay(config, trace, option, str(tmp_path / "no" / "folder"))
        assert result.exit_code == 2 and "cannot be written" in result.stderr


def test_no_output_destroys_what_is_read(config: str, trace: str, tmp_path: Path) -> None:
    before = Path(trace).read_bytes()
    plan = Path(config).read_bytes()
    for option in ("--save", "--cases"):
        for read in (trace, config):
            result = replay(config, trace, option, read)
            assert result.exit_code == 2 and "name another file for the output" in result.stderr
    assert (Path(trace).read_bytes(), Path(config).read_bytes()) == (before, plan)


def test_saved_verdicts_can_be_compared_and_renewed_at_once(config: str, trace: str, tmp_path: Path) -> None:
    saved = tmp_path / "today.jsonl"
    assert replay(config, trace, "--save", str(saved)).exit_code == 0
    before = saved.read_bytes()
    result = replay(config, trace, "--expect", str(saved), "--save", str(saved))
    assert (result.exit_code, saved.read_bytes()) == (0, before), result.output
    assert replay(config, trace, trace, "--expect", str(saved), "--save", str(saved)).exit_code == 2
    assert saved.read_bytes() == before


@pytest.mark.e2e
def test_processes_give_the_same(config: str, trace: str) -> None:
    serial = replay(config, trace, trace, "--json", "--engine", "serial")
    assert serial.stdout == replay(config, trace, trace, "--json", "--engine", "processes").stdout


@pytest.mark.e2e
def test_dask_gives_the_same(config: str, trace: str) -> None:
    serial = replay(config, trace, "--json", "--engine", "serial")
    assert serial.stdout == replay(config, trace, "--json", "--engine", "dask").stdout


def _killed(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.e2e
def test_a_worker_that_is_killed_is_said(config: str, trace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "decide_file", _killed)
    result = replay(config, trace, "--engine", "processes")
    assert result.exit_code == 2 and "a worker was killed" in result.stderr


@pytest.mark.e2e
@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_workers_share_a_capture(config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    segments = [tcp(sip(number), 1, ("10.0.0.1", 40_000 + number)) for number in range(40)]
    trace = tmp_path / "trace.pcap"
    trace.write_bytes(pcap([ethernet(segment) for segment in segments]))
    serial = replay(config, str(trace), "--json", "--engine", "serial")
    monkeypatch.setattr(running, "SMALL", 1)
    monkeypatch.setattr(shares, "SLICE", 3000)
    assert serial.stdout == replay(config, str(trace), "--json", "--engine", engine).stdout
    assert len(serial.stdout.splitlines()) == 40


@pytest.mark.parametrize(("whose", "least"), [("our own", 13), ("published", 100)])
def test_every_request_of_the_captures_gets_a_decision(config: str, whose: str, least: int) -> None:
    folder = DATA / "pcap" if whose == "our own" else require_shared("samples/pcap")
    traces = [str(path) for path in sorted(folder.glob("*.pcap"))]
    listed = CliRunner().invoke(main, ["messages", *traces, "--json"]).stdout.splitlines()
    requests = [one["index"] for one in map(json.loads, listed) if not one["start_line"].startswith("SIP/2.0")]
    assert [one["index"] for one in verdicts(config, *traces)] == requests and len(requests) >= least


def test_decisions_are_made_again_and_what_is_taken_from_them_is_said(tmp_path: Path) -> None:
    found = searched("bob@far.example", PLAN, "Inside")
    item = decided(found)
    item.entry.zone, item.entry.revision = "Inside", load_config(write_config(tmp_path)).revision
    (tmp_path / "decisions").write_bytes(lines_of(item, decided(found, 2)))
    result = replay(write_config(tmp_path), str(tmp_path / "decisions"), "--json")
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert [target["rule"] for tier in first["tiers"] for target in tier["targets"]] == ["out"]
    assert (first["zone"], second["zone"], second["tiers"]) == ("Inside", "IMP", [])
    assert "2 decisions of an edge made again: source zone, traffic type, authentication" in result.stderr
    assert "1 decision of them made under another revision than CONFIG's" in result.stderr


def test_a_decision_is_shown_with_the_tree_that_the_edge_saw(tmp_path: Path) -> None:
    by_rules, refused = decided(searched("bob@far.example", PLAN, "Inside")), decided(sequence=2)
    by_rules.entry.zone = "Inside"
    refused.entry.refused(483, "Max-Forwards has come down to 0")
    (tmp_path / "decisions").write_bytes(lines_of(by_rules, refused))
    arguments = (write_config(tmp_path), str(tmp_path / "decisions"))
    shown = replay(*arguments, "--show", "1").stdout
    assert "from Inside, not authenticated; microsoft im and presence (method MESSAGE)" in shown
    assert 'as bob@far.example  (rule "out")' in shown and "chat in:" in shown
    shown = replay(*arguments, "--show", "2").stdout
    assert shown.endswith("no rule is asked: refused: 483 Max-Forwards has come down to 0\n")


def test_a_message_is_shown_with_the_tree_that_the_edge_would_see(config: str, tmp_path: Path) -> None:
    trace = write_trace(tmp_path / "t.jsonl", [record(), record(answer_to(request(), 200)), record(request("CANCEL"))])
    result = replay(config, trace, "--show", "1", "--show", "3")
    assert result.exit_code == 0 and 'as bob@outside.example  (rule "out")' in result.stdout
    assert result.stdout.endswith("no rule is asked: the INVITE that it cancels\n")
    for number in ("2", "9"):
        missing = replay(config, trace, "--show", number)
        assert missing.exit_code == 2 and f"message {number} is no request, or is not there" in missing.stderr
    assert "takes none of the filters" in replay(config, trace, "--show", "1", "--save", "x").stderr
