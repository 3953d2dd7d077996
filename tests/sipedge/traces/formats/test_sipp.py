from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.captures import sip
from support.third_party import require
from support.trace_reading import read

from sipedge.traces.formats import sipp
from sipedge.traces.records.record import Direction

DASHES = b"-" * 47


def entry(time: bytes, line: bytes, data: bytes) -> bytes:
    return DASHES + b" " + time + b"\n" + line + b"\n\n" + data + b"\n"


@pytest.mark.parametrize(
    "line", [b"UDP message sent (%d bytes):", b"UDP message sent [%d] bytes:", b"UDP message sent [%d] bytes :"]
)
def test_a_message_of_the_stated_length_is_exact(line: bytes) -> None:
    data = sip(1, b"v=0\r\n")
    log = entry(b"2024-05-06\t07:08:10.250000\t1714979290.250000", line % len(data), data)
    log += entry(b"2024-05-06 07:08:11.5", b"TCP message received (%d bytes):" % len(sip(2)), sip(2))
    records, skipped = read(sipp, log)
    assert [(record.data, record.exact) for record in records] == [(data, True), (sip(2), True)]
    assert [(record.time, record.transport) for record in records] == [(1714979290.25, "udp"), (1714979291.5, "tcp")]
    assert [record.direction for record in records] == [Direction.SENT, Direction.RECEIVED]
    assert skipped == []


def test_without_a_length_or_with_lost_line_ends_it_is_rebuilt() -> None:
    log = entry(b"2024-05-06 07:08:10", b"UDP message sent:", sip(1)) + entry(
        b"x", b"UDP message received [9] bytes:", sip(2).replace(b"\r\n", b"\n")
    )
    records, _ = read(sipp, log)
    assert [(record.data, record.exact) for record in records] == [(sip(1), False), (sip(2), False)]


@pytest.mark.e2e
def test_the_log_that_sipp_writes(tmp_path: Path) -> None:
    require("sipp")
    log = tmp_path / "messages.log"
    server = subprocess.Popen(
        ["sipp", "-sn", "uas", "-i", "127.0.41.1", "-p", "5060", "-m", "1", "-nostdin"],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        command = ["sipp", "-sn", "uac", "-i", "127.0.41.2", "-p", "5060", "127.0.41.1:5060", "-m", "1", "-nostdin"]
        command += ["-trace_msg", "-message_file", str(log)]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=30, capture_output=True)
    finally:
        server.kill()
        server.wait()
    records, skipped = read(sipp, log.read_bytes())
    assert [record.direction for record in records].count(Direction.SENT) == 3
    assert len(records) == 6 and all(record.exact for record in records)
    assert skipped == []
