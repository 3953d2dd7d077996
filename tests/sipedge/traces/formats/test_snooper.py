from __future__ import annotations

import time
from pathlib import Path

import pytest
from support.captures import sip
from support.paths import DATA
from support.third_party import require_shared
from support.trace_reading import ends, read, read_file, start_lines

from sipedge.sip.message import parse_message
from sipedge.traces.formats import snooper
from sipedge.traces.records.record import Direction

HEADER = (
    "TL_INFO(TF_PROTOCOL) [pool\\fe01]1A2C.2F40::05/06/2024-07:08:10.500.0000A1B2 "
    "(SIPStack,SIPAdminLog::ProtocolRecord::Flush:ProtocolRecord.cpp(265)) [1566591840] $$begin_record"
)
DIAGNOSTIC = (
    "TL_WARN(TF_DIAG) [pool\\fe01]0584.0A44::05/06/2024-07:08:10.230.0000773E (SIPStack,x:y.cpp(830)) [1] "
    "$$begin_record\nSeverity: warning\nText: nothing\nSIP-Start-Line: INVITE sip:a@b SIP/2.0\n$$end_record\n"
)


def record(direction: str, peer: str, message: bytes, end: str = "$$end_record\n") -> str:
    head, _, body = message.decode().partition("\r\n\r\n")
    text = head.replace("\r\n", "\n")
    lines = f"{HEADER}\nTrace-Correlation-Id: 1\nInstance-Id: C23F\nDirection: {direction}\nPeer: {peer}\n"
    return lines + f"Message-Type: request\nStart-Line: {text}\nMessage-Body: {body or '-'}\n{end}"


def test_both_directions_with_diagnostics_between() -> None:
    wanted = [sip(1, b"Hello"), sip(2)]
    log = record('incoming;source="internal edge"', "lync.example.org:61182", wanted[0]) + DIAGNOSTIC
    log += record("outgoing", "[2001:db8::1]:5061", wanted[1])
    records, skipped = read(snooper, log.encode())
    assert [item.data for item in records] == wanted
    assert ends(records) == ["lync.example.org:61182 > fe01", "fe01 > [2001:db8::1]:5061"]
    assert [item.direction for item in records] == [Direction.RECEIVED, Direction.SENT]
    assert {(item.time, item.exact) for item in records} == {(1714979290.5, False)}
    assert skipped == []


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("body", [b"a\r\nb", b"a\nb", b"<x>\r\n</x>\r\n", b"<x>\n</x>", b"trailing blank "])
def test_the_stated_length_tells_the_line_ends_of_the_body(line_end: str, body: bytes) -> None:
    log = record("incoming", "a:1", sip(1, body).replace(b"\r\n", b"\n").replace(b"\n\n", b"\r\n\r\n", 1))
    records, _ = read(snooper, log.replace("\r\n", "\n").replace("\n", line_end).encode())
    assert records[0].data == sip(1, body)


def test_a_flattened_record_is_put_on_lines_again() -> None:
    flat = record("incoming", "a.example:5061", sip(1)).replace("\n", " ")
    records, _ = read(snooper, (flat + "\n" + flat).encode())
    assert [item.data for item in records] == [sip(1), sip(1)]
    assert ends(records)[0] == "a.example:5061 > fe01"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "body", [b"hello\r\nMessage-Body: world", b"Message-Body: -", b"Start-Line: a\r\nMessage-Body: "]
)
@pytest.mark.parametrize("subject", [b"x", b"Message-Body: x"])
def test_words_of_the_log_in_a_message_are_its_own(line_end: str, body: bytes, subject: bytes) -> None:
    wanted = sip(1, body).replace(b"Call-ID", b"Subject: %s\r\nCall-ID" % subject)
    records, _ = read(snooper, record("incoming", "a:1", wanted).replace("\r\n", "\n").replace("\n", line_end).encode())
    assert [item.data for item in records] == [wanted]


@pytest.mark.slow
@pytest.mark.parametrize("line", ["$$begin_record\n", record("incoming", "a:1", sip(1), end="")])
def test_records_without_an_end_take_no_longer_than_their_length(line: str) -> None:
    log = (record("incoming", "a:1", sip(1)) + line * (1_000_000 // len(line))).encode()
    start = time.process_time()
    read(snooper, log)
    assert time.process_time() - start < 1


def test_begin_record_glued_to_the_parenthesis_and_a_missing_end() -> None:
    log = record("incoming", "a:1", sip(1), end="").replace("[1566591840] $$", "$$").replace("(265)) ", "(265))")
    records, _ = read(snooper, (log + record("incoming", "b:2", sip(2))).encode())
    assert [item.data for item in records] == [sip(1), sip(2)]


def test_a_dash_that_a_web_page_made_longer_is_no_body() -> None:
    log = record("incoming", "a:1", sip(1)).replace("Message-Body: -", "Message-Body: \N{EN DASH}")
    records, _ = read(snooper, log.encode())
    assert records[0].data == sip(1)


def test_the_neighbour_dialect() -> None:
    log = "05/06/2024-07:08:10.500 [0x000021ac] - --> Message to Send (Dest Address IP: 10.0.0.9:5068):$$begin_record\n"
    log += sip(1, b"v=0\r\n").decode().replace("\r\n", "\n") + "$$end_record\n"
    records, _ = read(snooper, log.encode())
    assert records[0].data == sip(1, b"v=0\r\n")
    assert (str(records[0].destination), records[0].direction) == ("10.0.0.9:5068", Direction.SENT)


def test_a_protocol_record_without_a_message_is_told() -> None:
    records, skipped = read(snooper, (HEADER + "\nDirection: incoming\n$$end_record\n").encode())
    assert (records, len(skipped)) == ([], 1)


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("options_partner_test.txt", ["OPTIONS"]),
        ("no_srv_match.txt", []),
        ("flattened.txt", []),
        ("R01_reconstructed_cls_2013_2015_flow.txt", ["INVITE", "200", "ACK", "MESSAGE", "NOTIFY", "504"]),
    ],
)
def test_the_messages_of_whole_logs(name: str, methods: list[str]) -> None:
    """The TF_PROTOCOL records; two of the logs have TF_DIAG records only."""
    assert _methods(DATA / "snooper" / name) == methods


def test_the_messages_of_published_logs() -> None:
    folder = require_shared("samples/snooper")
    assert _methods(folder / "01_ocs2007r2_edge_options_federated_partner_test.txt") == ["OPTIONS"]
    assert _methods(folder / "03_sfb_edge_tf_diag_no_srv_match_lines_restored.txt") == []
    assert _methods(folder / "05_sfb_edge_tf_diag_flattened_copy_paste.txt") == []


def _methods(log: Path) -> list[str]:
    records, skipped = read_file(log)
    messages = [parse_message(item.data) for item in records]
    assert all(message.content_length == len(message.body) for message in messages)
    assert skipped == []
    assert all("Message-Body" not in line for line in start_lines(records))
    return [message.method or str(message.status) for message in messages]
