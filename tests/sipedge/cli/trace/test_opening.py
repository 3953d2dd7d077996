"""Traces of an edge with a hidden zone, read by who has its secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.configuration import write
from support.messages import answer_to, request
from support.settings import EDGE, INSIDE_PEER, OUTSIDE_PEER
from support.traces import CONFIG, PLAN, record, write_trace

from sipedge.cli import main
from sipedge.topology.call_ids import CallIds
from sipedge.topology.seals import Seals
from sipedge.traces.records.record import Endpoint

SECRET = bytes(range(32))
SEALED = CallIds(Seals(SECRET), "Inside").outward("call-1")
INSIDE, HERE, OUTSIDE = Endpoint(INSIDE_PEER, 40_000), Endpoint(EDGE, 5060), Endpoint(OUTSIDE_PEER, 5060)


@pytest.fixture
def config(tmp_path: Path) -> str:
    write(tmp_path, PLAN, "edge.dialplan")
    write(tmp_path, SECRET.hex() + "\n", "edge.secret")
    hidden = CONFIG.replace('name = "Inside"', 'name = "Inside"\ntopology = "hidden"')
    return str(write(tmp_path, hidden))


@pytest.fixture
def trace(tmp_path: Path) -> str:
    inside, outside = request(call_id="call-1", body=b"call-1"), request(call_id=SEALED, body=b"call-1")
    records = [
        record(inside, time=1.0),
        record(outside, time=1.25, source=HERE, destination=OUTSIDE),
        record(answer_to(outside, 200), time=1.5, source=OUTSIDE, destination=HERE),
        record(answer_to(inside, 200), time=1.75, source=HERE, destination=INSIDE),
    ]
    return write_trace(tmp_path / "trace.jsonl", records)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_both_sides_of_a_hidden_zone_are_one_dialog_of_a_ladder(trace: str, config: str) -> None:
    assert SEALED[:20] in run("ladder", trace).stdout
    opened = run("ladder", trace, "--config", config)
    assert opened.exit_code == 0 and opened.stdout.count("\n━━ ") == 1
    assert "Call-ID call-1" in opened.stdout and "sealed-" not in opened.stdout
    assert opened.stdout.count("out -> Outside") == 1, "the rule is the one of the message on the wire"


def test_messages_are_opened_and_marked(trace: str, config: str) -> None:
    closed, opened = run("messages", trace, "--show", "2"), run("messages", trace, "--show", "2", "--unmask", config)
    assert SEALED in closed.stdout and SEALED not in opened.stdout
    assert "Call-ID: call-1" in opened.stdout and "     2* " in opened.stdout
    listed = [json.loads(line) for line in run("messages", trace, "--json", "--unmask", config).stdout.splitlines()]
    assert [one["exact"] for one in listed] == [True, False, False, True]


def test_a_call_id_of_the_inside_finds_the_messages_outside(trace: str, config: str) -> None:
    asked = ("messages", trace, "--call-id", "call-1")
    assert len(run(*asked).stdout.splitlines()) == 2
    assert len(run(*asked, "--unmask", config).stdout.splitlines()) == 4


def test_without_the_secret_everything_stays(trace: str, config: str, tmp_path: Path) -> None:
    (tmp_path / "edge.secret").unlink()
    assert SEALED in run("messages", trace, "--show", "2", "--unmask", config).stdout
