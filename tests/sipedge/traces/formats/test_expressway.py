from __future__ import annotations

from pathlib import Path

import pytest
from support.captures import sip
from support.paths import DATA
from support.third_party import require_shared
from support.trace_reading import ends, read, read_file, start_lines

from sipedge.sip.message import parse_message
from sipedge.traces.formats import expressway
from sipedge.traces.records.record import Direction

STAMP = (
    '2024-05-06T09:08:10.240+02:00 vcse tvcs: UTCTime="2024-05-06 07:08:10,240" Module="network.sip" Level="DEBUG":  '
)
RECEIVED = 'Action="Received" Local-ip="10.0.0.1" Local-port="5061" Src-ip="10.0.0.2" Src-port="25002" Msg-Hash="137"'
SENT = 'Action="Sent" Local-ip="10.0.0.1" Local-port="25000" Dst-ip="10.0.0.3" Dst-port="5061" Msg-Hash="138"'
SEARCH = (
    '2024-05-06T09:08:10.241+02:00 vcse tvcs: UTCTime="2024-05-06 07:08:10,241" Module="network.search" '
    "Level=\"DEBUG\": Detail=\"Search rule 'x' did not match destination alias 'a@b'\"\n"
)
MESSAGE = sip(1, b"v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\n")
TIME = 1714979290.24


def lines(message: bytes, indent: str = " ") -> str:
    """As the box writes it: a bar, then each line indented, then a bar."""
    return " |" + message.decode().replace("\r\n", "\n" + indent).rstrip(" ") + " |\n"


def test_received_and_sent_with_decisions_between() -> None:
    log = (
        f"{SEARCH}{STAMP}{RECEIVED}\n SIPMSG:\n{lines(MESSAGE)}{SEARCH}{SEARCH}{STAMP}{SENT}\n SIPMSG:\n{lines(sip(2))}"
    )
    records, skipped = read(expressway, log.encode())
    assert [record.data for record in records] == [MESSAGE, sip(2)]
    assert ends(records) == ["10.0.0.2:25002 > 10.0.0.1:5061", "10.0.0.1:25000 > 10.0.0.3:5061"]
    assert [(record.time, record.transport, record.exact) for record in records] == [(TIME, "tcp", False)] * 2
    assert [record.direction for record in records] == [Direction.RECEIVED, Direction.SENT]
    assert [record.position for record in records] == [len(SEARCH), log.index(STAMP, 500)]
    assert skipped == []


@pytest.mark.parametrize("cut", ["\n SIPMSG:\n |", "\n SIPMSG: |", "\nSIPMSG:\n| ", "\nSIPMSG: ", " SIPMSG:\n |"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_ways_to_write_the_mark(cut: str, line_end: str) -> None:
    log = (STAMP + RECEIVED + cut + lines(MESSAGE)[2:] + SEARCH).replace("\n", line_end)
    records, _ = read(expressway, log.encode())
    assert [record.data for record in records] == [MESSAGE]


def test_x7_tells_the_direction_by_the_address_that_is_there() -> None:
    stamp = (
        '2012-01-05T09:08:10+01:00 vcs tvcs: UTCTime="2012-01-05 08:08:10,123" Module="network.sip" Level="DEBUG":  '
    )
    log = f'{stamp}Src-ip="10.0.0.2"  Src-port="5060"\n SIPMSG:\n{lines(sip(1))}'
    log += f'{stamp}Dst-ip="10.0.0.3"  Dst-port="5060"\n SIPMSG:\n{lines(sip(2))}'
    records, _ = read(expressway, log.encode())
    assert ends(records) == ["10.0.0.2:5060 > None", "None > 10.0.0.3:5060"]
    assert [record.direction for record in records] == [Direction.RECEIVED, Direction.SENT]


def test_a_copy_from_a_web_page_on_one_line_with_blanks_in_quotes() -> None:
    flat = " ".join(sip(1).decode().split("\r\n")[:-1])
    log = (STAMP + RECEIVED).replace('"Received"', '" Received "') + f" SIPMSG: |{flat} " + (STAMP + SENT)
    log += " SIPMSG: |" + "SIP/2.0 404 Not Found Via: SIP/2.0/TLS 10.0.0.9:5061;branch=z9 Call-ID: a b: c @10.0.0.1 "
    log += "CSeq: 7 INVITE From : <sip:2000 @a.lab >;tag=1 To: <sip:x@y.lab>;tag=2 Content-Length: 0\n" + SEARCH
    records, _ = read(expressway, log.encode())
    assert [record.data for record in records][0] == sip(1)
    message = parse_message(records[1].data)
    assert (message.status, message.reason, message.cseq) == (404, "Not Found", (7, "INVITE"))
    assert message.first("from") == "<sip:2000@a.lab>;tag=1"
    assert records[1].transport == "tls"


def test_flattened_sdp_is_put_on_lines_again() -> None:
    flat = MESSAGE.decode().replace("\r\n", " ").rstrip()
    records, _ = read(expressway, f"{STAMP}{RECEIVED} SIPMSG: |{flat}\n{SEARCH}".encode())
    assert records[0].data == MESSAGE


def test_a_record_without_a_message_costs_itself() -> None:
    log = f"{STAMP}{RECEIVED}\n SIPMSG:\n |gibberish\n{SEARCH}{STAMP}{SENT}\n SIPMSG:\n{lines(sip(2))}"
    records, skipped = read(expressway, log.encode())
    assert start_lines(records) == ["MESSAGE sip:romeo@example.org SIP/2.0"]
    assert [item.position for item in skipped] == [0]


def test_a_body_keeps_its_own_indentation() -> None:
    message = sip(1, b"<a>\r\n  <b/>\r\n</a>\r\n")
    records, _ = read(expressway, f"{STAMP}{RECEIVED}\n SIPMSG:\n{lines(message)}{SEARCH}".encode())
    assert records[0].data == message


@pytest.mark.parametrize("closing", ["", " ", " |", "|", " \n|", "\n"])
@pytest.mark.parametrize("empty", ["\n \n ", "\n\n "])
def test_the_ways_to_end_a_message(closing: str, empty: str) -> None:
    message = sip(1, b"<a>\r\n  <b/>\r\n</a>\r\n")
    text = message.decode().rstrip().replace("\r\n", "\n ").replace("\n \n ", empty)
    log = f"{STAMP}{RECEIVED}\n SIPMSG:\n |{text}\n{closing}\n{SEARCH}"
    records, _ = read(expressway, log.encode())
    assert records[0].data == message


def test_a_log_longer_than_a_window() -> None:
    piece = SEARCH * 5000 + f"{STAMP}{RECEIVED}\n SIPMSG:\n{lines(MESSAGE)}"
    records, skipped = read(expressway, (piece * 4).encode())
    assert [record.data for record in records] == [MESSAGE] * 4
    wanted = [len(SEARCH) * 5000 + number * len(piece) for number in range(4)]
    assert [record.position for record in records] == wanted
    assert skipped == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("search_on_a_route.log", ["INVITE sip:mara@harbour.example SIP/2.0"]),
        ("two_routes.log", ["INVITE sip:mara@harbour.example SIP/2.0"] * 2),
        ("hidden_rule.log", ["SIP/2.0 404 Not Found"]),
        ("federation_504.log", ["SIP/2.0 504 Server time-out"] * 3),
        ("info_lines.log", []),
    ],
)
def test_the_messages_of_whole_logs(name: str, wanted: list[str]) -> None:
    """SIPMSG records; in federation_504 one of them and two answers of a client pasted below."""
    _check(DATA / "expressway" / name, wanted)


def test_the_messages_of_published_logs() -> None:
    """Counted by hand, as above."""
    for name, wanted in [
        ("02_hybrid_search_rules_debug_expc.log", ["INVITE sip:jorobb@rtp.ciscotac.net SIP/2.0"]),
        ("04_e_received_invite_two_routes.log", ["INVITE sip:pstojano-test@rtp.ciscotac.net SIP/2.0"] * 2),
        ("06_search_rules_and_dns_lookup_expe.log", ["SIP/2.0 404 Not Found"]),
        ("08_sfb_federation_504.log", ["SIP/2.0 504 Server time-out"] * 3),
        ("09_network_sip_info_lines.log", []),
    ]:
        _check(require_shared(f"samples/expressway/{name}"), wanted)


def _check(log: Path, wanted: list[str]) -> None:
    records, skipped = read_file(log)
    assert (start_lines(records), skipped) == (wanted, []), log.name
    for record in records:
        message = parse_message(record.data)
        assert message.call_id and message.cseq and message.from_tag


def test_every_header_of_a_flattened_message_stands_on_its_own_line() -> None:
    records, _ = read_file(DATA / "expressway/search_on_a_route.log")
    message = parse_message(records[0].data)
    assert len(message.values("via")) == 4
    assert message.values("route") == ["<sip:crane.harbour.example;lr>"]
    assert len(message.values("record-route")) == 3
    assert message.values("max-forwards") == ["14"]


def test_every_header_of_a_flattened_and_published_message_does_so() -> None:
    records, _ = read_file(require_shared("samples/expressway/02_hybrid_search_rules_debug_expc.log"))
    message = parse_message(records[0].data)
    assert len(message.values("via")) == 6
    assert message.values("route") == ["<sip:cucm.rtp.ciscotac.net;lr>"]
    assert len(message.values("record-route")) == 4
    assert message.values("max-forwards") == ["14"]
