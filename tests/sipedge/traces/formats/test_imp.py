from __future__ import annotations

from support.captures import sip
from support.paths import DATA
from support.third_party import require_shared
from support.trace_reading import ends, read, read_file, start_lines

from sipedge.sip.message import parse_message
from sipedge.traces.formats import imp

CARET_M = sip(1).replace(b"\r\n", b"^M \n")
OTHER = b"22:26:19.001 |ID(25333) sip_dns.c(811) x\n"


def test_start_lines_glued_to_the_port_and_written_out_carriage_returns() -> None:
    log = b"22:26:18.719 |[Mon Mar 07 22:26:18 2011] PID(25333) mod_sip_routing.c(1435) Routing\n"
    log += (
        b"22:26:18.800 |PID(25333) sip_protocol.c(5964) Received 536 bytes TCP packet from 10.0.0.1:34282"
        + CARET_M
        + OTHER
    )
    log += b"22:26:19.900 |PID(25333) sip_protocol.c(6000) Sent 99 bytes TLS packet to 10.0.0.2:5061SIP/2.0 200 OK\n"
    log += b"Call-ID: 1\nContent-Length: 0\n\n" + OTHER
    records, skipped = read(imp, log)
    assert records[0].data == sip(1)
    assert records[1].data == b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
    assert ends(records) == ["10.0.0.1:34282 > None", "None > 10.0.0.2:5061"]
    assert [(record.time, record.transport) for record in records] == [(1299536778.8, "tcp"), (1299536779.9, "tls")]
    assert skipped == []


def test_the_message_of_a_whole_trace() -> None:
    """Some lines have a blank behind ``^M``, and the first line lost a digit of its time."""
    records, skipped = read_file(DATA / "cucm/imp_proxy.log")
    assert start_lines(records) == ["SUBSCRIBE sip:luca@harbour.example SIP/2.0"]
    assert ends(records) == ["192.0.2.50:34281 > None"]
    assert parse_message(records[0].data).first("content-length") == "0"
    assert skipped == []


def test_the_message_of_a_published_trace() -> None:
    records, skipped = read_file(require_shared("samples/cucm/imp_sip_proxy_esp_partitioned_federation.log"))
    assert start_lines(records) == ["SUBSCRIBE sip:ysam@implync.net SIP/2.0"]
    assert ends(records) == ["10.53.56.17:34282 > None"]
    assert parse_message(records[0].data).first("content-length") == "0"
    assert skipped == []
