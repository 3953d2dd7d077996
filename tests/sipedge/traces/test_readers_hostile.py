"""No trace makes a reader slow: what grows with the square of a line's length would hang on these."""

from __future__ import annotations

import time
from types import ModuleType

import pytest
from support.captures import Bytes, ethernet, pcap, sip, tcp, udp

from sipedge.traces.capture import capture, hep
from sipedge.traces.formats import (
    cucm,
    edge_decisions,
    expressway,
    imp,
    ngrep,
    plain,
    prefixed,
    sipp,
    sngrep,
    snooper,
    syslog,
    uccapi,
)

LF = sip(1).replace(b"\r\n", b"\n")
OPENINGS: dict[ModuleType, bytes] = {
    expressway: b'2024-05-06T07:08:10Z x tvcs: UTCTime="2024-05-06 06:08:10,240" Module="network.sip":\nSIPMSG:\n|',
    edge_decisions: b'{"format":1,"sequence":1,"time":1780000000.25,"ms":1,"call_id":"',
    snooper: b"TL_INFO(TF_PROTOCOL) [p\\m]1.2::05/06/2024-07:08:10.000.01 (x) $$begin_record\nStart-Line: ",
    uccapi: b"05/06/2024|07:08:10.274 1A:2F INFO  :: Sending Packet - x:443 (From Local Address: x:1) 9 bytes:\n",
    cucm: b"01382866.006 |12:52:49.858 |AppInfo |SIPTcp - x: Incoming SIP TCP message from 10.0.0.1 on port 1 index:\n",
    imp: b"22:26:18.719 |PID(1) sip_protocol.c(1) Received 5 bytes TCP packet from 10.0.0.1:34282",
    sngrep: b"2024/05/06 07:08:10.123456 10.0.0.1:5060 -> 10.0.0.2:5060\n",
    ngrep: b"T 2024/05/06 07:08:10.123456 10.0.0.1:1 -> 10.0.0.2:2 [AP] #1\n",
    sipp: b"-" * 47 + b" 2024-05-06 07:08:10.1\nUDP message sent (9 bytes):\n\n",
    syslog: b"May  6 07:08:10 host app: INVITE sip:a@b SIP/2.0#015#012",
    prefixed: b"> INVITE sip:a@b SIP/2.0\n> Via: x\n",
    plain: b"",
    hep: b"HEP3\x00\x20",
}
FILLERS = [
    b" ", b"\t", b"\n", b"\r", b"\n ", b'"', b"<", b"<sip: ", b"<sip:a  ", b" SIP/2.0", b"SIP/2.0 200 ", b"A sip:",
    b"A ", b"2024-05-06T07:08:10", b"05/06/2024-07:08:10", b"Via: ", b" Via:", b" To: x", b"\n|", b"^M ", b"#015 ",
    b"v=0 ", b"$$begin_record", b"$$end_record\n", b"TL_", b"Content-Length: 5 ", b"\nl:", b"HEP3", b"-",
    b"INVITE sip:a@b SIP/2.0\n",
]  # fmt: skip
SIZE = 100_000
LIMIT = 1.5
"""Seconds of CPU; what is linear takes hundredths of one."""


def seconds(reader: ModuleType, data: bytes) -> float:
    start = time.process_time()
    for _ in reader.read(Bytes(data), "file"):
        pass
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.parametrize("reader", OPENINGS, ids=lambda reader: reader.__name__.rpartition(".")[2])
def test_long_runs_of_anything(reader: ModuleType) -> None:
    for filler in FILLERS:
        run = filler * (SIZE // len(filler))
        for data in (OPENINGS[reader] + run, OPENINGS[reader] + LF[:-1] + run, OPENINGS[reader] + LF + run):
            reader.detect(data[:65536])
            assert seconds(reader, data) < LIMIT, (filler, data[:20])


@pytest.mark.slow
def test_long_runs_in_packets() -> None:
    for filler in FILLERS:
        run = filler * (60_000 // len(filler))
        frames = [ethernet(udp(run)), ethernet(udp(b"A" + run)), ethernet(tcp(sip(1) + run, 1))]
        frames += [ethernet(tcp(run[:1400], 1_000_000 + number * 1400)) for number in range(40)]
        assert seconds(capture, pcap(frames)) < LIMIT, filler
