from __future__ import annotations

from support.captures import sip
from support.paths import DATA
from support.third_party import require_shared
from support.trace_reading import ends, read, read_file, start_lines

from sipedge.sip.message import parse_message
from sipedge.traces.formats import cucm

LF = sip(1, b"v=0\r\ns=-\r\n").replace(b"\r\n", b"\n")
OTHER = b"01382890.009 |12:52:49.861 |AppInfo  |LBMIF: CI: 43358624 ASSOC    43358625\n"


def test_tcp_and_udp_over_midnight_with_the_date_from_the_head() -> None:
    log = b"Cisco Unified CM Version : 10.5, created 04/10/2017\n" + OTHER.replace(b"12:52", b"23:59")
    log += b"01382866.006 |23:59:58.500 |AppInfo |SIPTcp - wait_SdlReadRsp: Incoming SIP TCP message from 10.0.0.9 on "
    log += b"port 53696 index 65 with 1695 bytes:\n[105066,NET]\n" + LF + b"\n" + OTHER
    log += b"01382867.001 |00:00:01.000 |AppInfo |SIPUdp - wait: Outgoing SIP UDP message to 2001:db8::1:[5060]:\n"
    log += b"[105067,NET]\n" + sip(2).replace(b"\r\n", b"\n")
    records, skipped = read(cucm, log.replace(b"2001:db8::1", b"10.0.0.8"))
    assert [record.data for record in records] == [sip(1, b"v=0\r\ns=-\r\n"), sip(2)]
    assert ends(records) == ["10.0.0.9:53696 > None", "None > 10.0.0.8:5060"]
    assert [record.transport for record in records] == ["tcp", "udp"]
    assert [record.time for record in records] == [1491868798.5, 1491868801.0]
    assert skipped == []


def test_the_older_trace_with_dates() -> None:
    log = b"05/11/2011 14:10:13.125 CCM|//SIP/SIPUdp/wait_UdpDataInd: Incoming SIP UDP message size 384 from "
    log += b"10.0.0.9:[5060]:\n"
    log += sip(1).replace(b"\r\n", b"\n") + b"05/11/2011 14:10:13.126 CCM|//SIP/x\n"
    records, _ = read(cucm, log)
    assert (records[0].time, records[0].data) == (1305123013.125, sip(1))


def test_a_record_without_a_message_is_told() -> None:
    log = (
        b"01382866.006 |12:52:49.858 |AppInfo |SIPTcp - x: Incoming SIP TCP message from 10.0.0.9 on port 5 index 6:\n"
    )
    records, skipped = read(cucm, log + b"[1,NET]\ngarbage\n" + OTHER)
    assert (records, len(skipped)) == ([], 1)


def test_a_whole_trace_whose_content_lengths_do_not_fit() -> None:
    records, skipped = read_file(DATA / "cucm/sdl.txt")
    assert start_lines(records) == [
        "INVITE sip:9871@crane.harbour.example SIP/2.0",
        "SIP/2.0 180 Ringing",
        "INVITE sip:7172@192.0.2.48:5060 SIP/2.0",
        "SIP/2.0 200 OK",
    ]
    assert ends(records)[:2] == ["192.0.2.46:53600 > None", "None > 192.0.2.46:53600"]
    assert [parse_message(record.data).body[-10:] for record in records] == [b"ptime:20\r\n", b"", b"", b"ptime:20\r\n"]
    assert (skipped, {record.exact for record in records}) == ([], {False})


def test_the_messages_of_a_published_trace() -> None:
    """Counted by hand; Content-Length does not fit in this publication."""
    records, skipped = read_file(require_shared("samples/cucm/cucm_sdl_sip_tcp_invite_180_invite_200_200.txt"))
    assert start_lines(records) == [
        "INVITE sip:9876@eu91.voip.test SIP/2.0",
        "SIP/2.0 180 Ringing",
        "INVITE sip:1122334455@10.106.22.199:5060 SIP/2.0",
        "SIP/2.0 200 OK",
        "SIP/2.0 200 OK",
    ]
    assert skipped == []
    assert all(
        parse_message(record.data).body.endswith((b"a=ptime:20\r\n", b"fmtp:101 0-15\r\n", b"")) for record in records
    )
    assert {record.exact for record in records} == {False}
