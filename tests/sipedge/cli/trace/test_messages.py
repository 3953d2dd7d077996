from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.captures import CLIENT, ethernet, pcap, sip, tcp, udp
from support.tapped import decided, lines_of, searched
from support.traces import PLAN

from sipedge.cli import main

KEYS = [
    "index", "time", "transport", "source", "destination", "start_line", "length", "sha1", "exact", "file", "position",
]  # fmt: skip


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["messages", *arguments])


@pytest.fixture
def capture(tmp_path: Path) -> str:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([ethernet(udp(sip(1, b"hello"))), ethernet(tcp(sip(2), 1))]))
    return str(path)


@pytest.fixture
def text(tmp_path: Path) -> str:
    path = tmp_path / "x.txt"
    path.write_bytes(b"SIP/2.0 200 OK\nCall-ID: 1\nCSeq: 1 INVITE\n\n")
    return str(path)


def test_json_has_one_object_a_message_with_the_keys_of_the_contract(capture: str, text: str) -> None:
    result = run("--json", capture, text)
    assert result.exit_code == 0
    first, second, third = (json.loads(line) for line in result.stdout.splitlines())
    assert [list(entry) for entry in (first, second, third)] == [KEYS] * 3
    assert first == {
        "index": 1,
        "time": "2024-05-06T07:08:10.000000Z",
        "transport": "udp",
        "source": "10.0.0.1:40000",
        "destination": "10.0.0.2:5060",
        "start_line": "MESSAGE sip:romeo@example.org SIP/2.0",
        "length": len(sip(1, b"hello")),
        "sha1": hashlib.sha1(sip(1, b"hello")).hexdigest(),
        "exact": True,
        "file": capture,
        "position": 24,
    }
    assert (second["index"], second["transport"]) == (2, "tcp")
    unknown = {key: third[key] for key in ("time", "transport", "source", "destination")}
    assert set(unknown.values()) == {None}
    assert (third["index"], third["start_line"], third["exact"]) == (3, "SIP/2.0 200 OK", False)


def test_the_table_has_a_line_a_message_and_marks_what_was_rebuilt(capture: str, text: str) -> None:
    lines = run(capture, text).stdout.splitlines()
    assert lines[0].split() == [
        "1", "2024-05-06", "07:08:10.000000", "udp", "10.0.0.1:40000", "->", "10.0.0.2:5060",
        "MESSAGE", "sip:romeo@example.org", "SIP/2.0",
    ]  # fmt: skip
    assert lines[2].split()[:2] == ["3*", "-"]


def test_raw_writes_each_message(capture: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "raw"
    assert run("--raw", str(folder), capture).exit_code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "000001.sip": sip(1, b"hello"),
        "000002.sip": sip(2),
    }


def test_control_characters_of_a_peer_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([ethernet(udp(sip(1).replace(b"romeo", b"\x1b[31mro\x07")))]))
    result = run(str(path))
    assert "\x1b" not in result.stdout and "\\x1b[31mro\\x07" in result.stdout


def test_what_is_passed_over_is_said_with_file_and_offset_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([ethernet(udp(sip(1)))]) + b"\xff" * 20)
    result = run(str(path))
    assert result.exit_code == 0
    place = path.stat().st_size - 20
    assert result.stderr.splitlines() == [
        f"sipedge: {path}: at byte {place}: a packet header says 4294967295 bytes: the rest of the file (20 bytes) is "
        "not read",
        "sipedge: 1 thing passed over",
    ]


def test_many_things_passed_over_do_not_flood(tmp_path: Path) -> None:
    half = sip(1, b"x" * 99)[:-50]
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([ethernet(tcp(half, 1, (CLIENT[0], 1000 + number))) for number in range(50)]))
    result = run(str(path))
    lines = result.stderr.splitlines()
    assert len(lines) == 22
    assert lines[-2:] == [f"sipedge: {path}: 30 more things passed over", "sipedge: 50 things passed over"]
    assert result.exit_code == 2


@pytest.mark.parametrize("content", [b"", b"\0" * 1000, b"no trace at all\n", b"\xd4\xc3\xb2\xa1"])
def test_where_nothing_was_readable_the_status_is_2(tmp_path: Path, content: bytes, capture: str) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content)
    result = run(str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1 and str(path) in result.stderr
    assert run(str(path), capture).exit_code == 0
    assert run(str(tmp_path / "missing")).exit_code == 2


def test_a_sound_capture_without_sip_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([ethernet(udp(b"RTP" * 50))]))
    result = run(str(path))
    assert (result.exit_code, result.output) == (0, f"sipedge: {path}: there is no SIP message in it\n")


def test_a_file_with_start_lines_that_gives_no_message_is_not_readable(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"2024-05-06 07:08:10 trying SIP/2.0 404 Not Found\nINVITE sip:romeo@example.org SIP/2.0\n")
    result = run(str(path))
    assert (result.exit_code, result.stdout) == (2, "")
    word = f"sipedge: {path}: at byte 27: a start line stands here, but no message is read"
    assert result.stderr.splitlines() == [word, "sipedge: 1 thing passed over"]


def test_messages_are_not_written_over_their_trace(tmp_path: Path) -> None:
    trace = tmp_path / "000001.sip"
    trace.write_bytes(sip(1) + sip(2))
    result = run(str(trace), "--raw", str(tmp_path))
    assert result.exit_code == 2 and "name another file" in result.stderr
    assert trace.read_bytes() == sip(1) + sip(2)


def test_one_message_as_a_whole(capture: str, text: str) -> None:
    result = run("--show", "3", "--show", "1", capture, text)
    lines = result.stdout.splitlines()
    whole = sip(1, b"hello").decode().split("\r\n")
    assert result.exit_code == 0 and lines[0].startswith("     1 ") and lines[1:10] == whole
    assert lines[10].startswith("     3* ") and lines[11] == "SIP/2.0 200 OK"
    missing = run("--show", "4", capture, text)
    assert (missing.exit_code, missing.stderr) == (2, "sipedge: there is no message 4\n")


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (["--call-id", "2@"], [2]),
        (["--user", "ROMEO"], [1, 2]),
        (["--status", "2xx"], [3]),
        (["--method", "message", "--call-id", "1@"], [1]),
        (["--method", "INVITE"], []),
    ],
)
def test_filters_choose_dialogs_and_keep_numbers(
    capture: str, text: str, filters: list[str], numbers: list[int]
) -> None:
    result = run(*filters, capture, text)
    assert [int(line[:6]) for line in result.stdout.splitlines()] == numbers
    assert result.exit_code == (0 if numbers else 1)


@pytest.fixture
def decisions(tmp_path: Path) -> str:
    """One that rules made, one that was refused, and a gap between them."""
    by_rules, refused = decided(searched("bob@far.example", PLAN, "Inside"), 4), decided(sequence=7)
    by_rules.entry.zone = "Inside"
    refused.entry.refused(483, "Max-Forwards has come down to 0")
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(lines_of(by_rules, refused))
    return str(path)


def test_decisions_are_listed_with_what_came_of_them(decisions: str) -> None:
    result = run(decisions)
    first, second = result.stdout.splitlines()
    assert first.startswith("     1* 2026-05-28 20:26:40.250000 tls ")
    assert first.endswith(
        'MESSAGE sip:bob@far.example SIP/2.0: rule "out" -> Outside as bob@far.example: 200 OK after 12 ms'
    )
    assert second.endswith(": refused: 483 Max-Forwards has come down to 0 of its own after 12 ms")
    assert result.exit_code == 0 and "2 decisions before this one are missing" in result.stderr
    entry = json.loads(run("--json", decisions).stdout.splitlines()[0])
    assert list(entry) == [*KEYS, "decision"] and entry["decision"]["sequence"] == 4
