from __future__ import annotations

from pathlib import Path

import pytest
from support.captures import sip
from support.paths import DATA
from support.third_party import require_shared
from support.trace_reading import read, read_file

from sipedge.sip.message import parse_message
from sipedge.traces.formats import syslog


@pytest.mark.parametrize(
    ("cr", "lf"), [("#015", "#012"), ("\\015", "\\012"), ("\\r", "\\n"), ("", "#012"), ("#015", " "), ("^M", "^J")]
)
def test_line_ends_written_out(cr: str, lf: str) -> None:
    line = sip(1, b"v=0\r\ns=-\r\n").decode().replace("\r\n", "\0").replace("\0", cr + lf)
    log = f"2024-05-06T07:08:10.250+00:00 host app[1]: received {line}\nMay  6 07:08:11 host app: other\n"
    records, skipped = read(syslog, log.encode())
    assert [(record.data, record.exact) for record in records] == [(sip(1, b"v=0\r\ns=-\r\n"), False)]
    assert records[0].time == 1714979290.25
    assert skipped == []


def test_times_without_a_year_and_positions() -> None:
    line = sip(1).decode().replace("\r\n", "#015#012")
    log = f"May  6 07:08:10 host app: other\nMay  6 07:08:11 host app: {line}\n"
    records, _ = read(syslog, log.encode())
    assert (records[0].time, records[0].position) == (125 * 86400 + 7 * 3600 + 8 * 60 + 11, 32)


def test_a_quoted_start_line_is_no_message() -> None:
    records, skipped = read(syslog, b"May  6 07:08:11 host app: bad INVITE sip:a@b SIP/2.0#015#012 came\n")
    assert (records, len(skipped)) == ([], 1)


@pytest.fixture(params=["our own", "published"])
def log(request: pytest.FixtureRequest) -> Path:
    if request.param == "our own":
        return DATA / "syslog/404_two_diagnostics.txt"
    return require_shared("samples/syslog/syslog_404_two_ms_diagnostics.txt")


def test_an_escaped_message_without_a_prefix(log: Path) -> None:
    records, skipped = read_file(log)
    message = parse_message(records[0].data)
    assert (message.status, len(message.values("ms-diagnostics")), len(records)) == (404, 2, 1)
    assert records[0].transport == "udp"
    assert skipped == []


def test_a_json_line_of_a_container_ends_its_message_with_its_text() -> None:
    text = "recv\\n" + sip(1, b"one line").decode().replace("\r\n", "\\r\\n")
    log = f'{{"log": "{text}", "stream": "stdout", "time": "2024-05-06T07:08:10Z"}}\n'
    records, skipped = read(syslog, log.encode())
    assert [(record.data, record.time) for record in records] == [(sip(1, b"one line"), 1714979290.0)]
    assert skipped == []
