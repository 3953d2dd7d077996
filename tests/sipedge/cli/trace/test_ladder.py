from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from support.messages import answer_to, request
from support.settings import EDGE, INSIDE_PEER, OUTSIDE_PEER
from support.traces import CONFIG, PLAN, record, write_config, write_trace

from sipedge.cli import main
from sipedge.traces.records.record import Direction, Endpoint

INSIDE, HERE, OUTSIDE = Endpoint(INSIDE_PEER, 40_000), Endpoint(EDGE, 5060), Endpoint(OUTSIDE_PEER, 5060)
FIRST = request()
SECOND = request("INVITE", call_id="call-2", uri="sip:eve@else.example")


@pytest.fixture
def trace(tmp_path: Path) -> str:
    answer = answer_to(FIRST, 200)
    records = [
        record(FIRST, time=1.0),
        record(SECOND, time=1.1),
        record(FIRST, time=1.25, source=HERE, destination=OUTSIDE),
        record(answer, time=1.5, source=OUTSIDE, destination=HERE),
        record(answer, time=1.75, source=HERE, destination=INSIDE),
        record(answer_to(SECOND, 404), time=1.8, source=HERE, destination=INSIDE),
    ]
    return write_trace(tmp_path / "trace.jsonl", records)


def ladder(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ladder", *arguments])


def test_dialogs_are_drawn_across_their_hops(trace: str) -> None:
    result = ladder(trace)
    lines = result.stdout.splitlines()
    headings = [line for line in lines if line.startswith("━━")]
    assert result.exit_code == 0 and len(headings) == 2
    assert "MESSAGE from alice@inside.example to bob@outside.example: 200 Whatever · Call-ID call-1" in headings[0]
    arrows = [line for line in lines if "▶" in line or "◀" in line]
    assert arrows[1].split()[:2] == ["0.250", "+0.250"] and "3 MESSAGE bob@outside" in arrows[1]
    assert max(map(len, lines)) <= 120


def test_a_configuration_names_columns_and_rules(trace: str, tmp_path: Path) -> None:
    result = ladder(trace, "--config", write_config(tmp_path))
    assert f"Inside {INSIDE_PEER}" in result.stdout and f"edge {EDGE}" in result.stdout
    # Once for each dialog: what the edge itself sent on is not decided again.
    assert result.stdout.count("out -> Outside") == 2


BACK = Endpoint("127.0.0.1", 40_555)
"""The end from which the first edge connects to the second one; that is the first one's peer outside."""


def two_edges(folder: Path) -> list[str]:
    """The logs of two edges, the later dialog first; and their configurations, which know each other."""
    (folder / "b").mkdir()
    here = write_config(folder, config=CONFIG.replace("edge.inside.example", "a.example"))
    there = CONFIG.replace("edge.inside.example", "b.example").replace("198.51.100.20", "127.0.0.1")
    there = there.replace(f'address = "{EDGE}"', f'address = "{OUTSIDE_PEER}"')
    plan = PLAN.replace('source zone "Inside"', 'source zone "Outside"').replace(
        'zone "Outside"\n}', 'zone "Inside"\n}'
    )
    other = write_config(folder / "b", plan.replace('"out"', '"onward"'), config=there)
    sent = {"direction": Direction.SENT}
    first = [
        record(SECOND, time=9.0),
        record(FIRST, time=1.0),
        record(FIRST.to_bytes() + b"on", time=1.1, source=BACK, destination=OUTSIDE, **sent),
    ]
    second = [
        record(FIRST.to_bytes() + b"on", time=1.2, source=BACK, destination=OUTSIDE),
        record(FIRST.to_bytes() + b"onward", time=1.3, source=OUTSIDE, destination=INSIDE, **sent),
    ]
    logs = [write_trace(folder / "a.jsonl", first), write_trace(folder / "b.jsonl", second)]
    return [*logs, "--config", here, "--config", other]


def test_the_logs_of_two_edges_are_one_picture(tmp_path: Path) -> None:
    result = ladder(*two_edges(tmp_path))
    lines = result.stdout.splitlines()
    assert result.exit_code == 0, result.stderr
    headings = [line for line in lines if line.startswith("━━")]
    assert ["call-1" in headings[0], "call-2" in headings[1]] == [True, True]
    assert "3=4 MESSAGE" in result.stdout and sum("▶" in line or "◀" in line for line in lines) == 4
    assert f"a.example {EDGE}" in result.stdout and f"b.example {OUTSIDE_PEER}" in result.stdout
    assert str(BACK.host) not in result.stdout and "onward -> Inside" in result.stdout


def test_of_two_logs_and_one_configuration_only_its_own_edge_decides(tmp_path: Path) -> None:
    result = ladder(*two_edges(tmp_path)[:4])
    assert result.stdout.count("out -> Outside") == 2 and "no rule" not in result.stdout


def test_a_call_id_is_never_cut(tmp_path: Path) -> None:
    call_id = "x" * 300 + "@example.org"
    trace = write_trace(tmp_path / "trace.jsonl", [record(request(call_id=call_id))])
    assert call_id in ladder(trace).stdout
    ladder(trace, "--svg", str(tmp_path / "x.svg"))
    assert call_id in (tmp_path / "x.svg").read_text()


@pytest.mark.parametrize(
    ("filters", "drawn"),
    [
        (["--call-id", "call-2"], ["call-2"]),
        (["--user", "EVE"], ["call-2"]),
        (["--method", "message"], ["call-1"]),
        (["--status", "4xx"], ["call-2"]),
        (["--status", "200", "--user", "alice"], ["call-1"]),
        (["--status", "200", "--user", "eve"], []),
    ],
)
def test_filters_choose_dialogs(trace: str, filters: list[str], drawn: list[str]) -> None:
    result = ladder(trace, *filters)
    assert [name for name in ("call-1", "call-2") if f"Call-ID {name}" in result.stdout] == drawn
    assert result.exit_code == (0 if drawn else 1)


def test_mermaid_and_svg(trace: str, tmp_path: Path) -> None:
    assert ladder(trace, "--mermaid").stdout.startswith("sequenceDiagram\n")
    file = tmp_path / "flow.svg"
    assert ladder(trace, "--svg", str(file)).stdout == ""
    assert ElementTree.parse(file).getroot().tag.endswith("svg")
    assert ladder(trace, "--svg", str(tmp_path / "no" / "flow.svg")).exit_code == 2


def test_two_messages_side_by_side(trace: str) -> None:
    result = ladder(trace, "--diff", "1", "2")
    assert result.exit_code == 1
    first = result.stdout.splitlines()[0]
    assert first.startswith("MESSAGE sip:bob") and " | INVITE sip:eve" in first
    assert ladder(trace, "--diff", "1", "3").exit_code == 0
    assert "there is no message 99" in ladder(trace, "--diff", "1", "99").stderr


def test_many_parties_make_columns_for_each_dialog(tmp_path: Path) -> None:
    records = [
        record(request(call_id=f"call-{number}"), source=Endpoint(f"198.51.100.{number}", 5060)) for number in range(9)
    ]
    lines = ladder(write_trace(tmp_path / "many.jsonl", records)).stdout.splitlines()
    assert max(map(len, lines)) <= 120
    assert [line.split() for line in lines if "198.51.100." in line] == [[f"198.51.100.{n}", EDGE] for n in range(9)]


def test_limits_and_nothing(trace: str, tmp_path: Path) -> None:
    assert "4 more messages are not drawn" in ladder(trace, "--limit", "2").stderr
    (tmp_path / "noise").write_bytes(bytes(10))
    assert ladder(str(tmp_path / "noise")).exit_code == 2


def test_a_pipe_cannot_be_read_twice(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = ladder(str(tmp_path / "pipe"), "--method", "MESSAGE")
    assert result.exit_code == 2 and "save it as a file first" in result.stderr


def test_the_picture_does_not_overwrite_the_trace(trace: str) -> None:
    before = Path(trace).read_bytes()
    assert ladder(trace, "--svg", trace).exit_code == 2
    assert Path(trace).read_bytes() == before


def test_messages_without_a_time_stand_where_the_others_begin(trace: str, tmp_path: Path) -> None:
    (tmp_path / "one.sip").write_bytes(request(call_id="call-0").to_bytes())
    lines = ladder(str(tmp_path / "one.sip"), trace).stdout.splitlines()
    times = [line.split()[0] for line in lines if "▶" in line or "◀" in line]
    assert times[:2] == ["0.000", "0.000"] and max(map(float, times)) < 1


def test_many_parties_share_a_column(tmp_path: Path) -> None:
    ends = [Endpoint(f"198.51.100.{number}", 5060) for number in range(60)]
    records = [record(FIRST, source=end, destination=HERE) for end in (*ends, ends[0])]
    lines = ladder(write_trace(tmp_path / "scan.jsonl", records)).stdout.splitlines()
    assert "38 others" in lines[2] and ends[0].host in lines[2]
    assert len([line for line in lines if "MESSAGE" in line]) == 62  # with the heading
    assert max(map(len, lines)) < 700
