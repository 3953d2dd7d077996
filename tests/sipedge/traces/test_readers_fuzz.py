"""No bytes make a reader raise, hang or lose its bounds: random ones, and sound traces damaged at random."""

from __future__ import annotations

from struct import pack
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import Bytes, ethernet, pcap, pcapng, sip, tcp, udp
from support.examples import examples
from support.paths import DATA
from support.tapped import decided, lines_of, searched
from support.third_party import require_shared

from sipedge.traces import reading
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
from sipedge.traces.records.record import Record, Skipped

TEXT = sip(1, b"v=0\r\ns=-\r\n")
LF = TEXT.replace(b"\r\n", b"\n")
FRAMES = [ethernet(udp(sip(1, b"x" * 20)), tags=[5]), ethernet(tcp(sip(2), 1)), ethernet(tcp(sip(3), 1 + len(sip(2))))]

WHOLE: dict[ModuleType, list[bytes]] = {
    capture: [pcap(FRAMES), pcap(FRAMES, order=">", nanoseconds=True), pcapng(FRAMES), pcapng(FRAMES, order=">")],
    hep: [b"HEP3" + pack(">H", 12 + len(TEXT)) + pack(">HHH", 0, 15, 6 + len(TEXT)) + TEXT],
    expressway: [
        b'2024-05-06T07:08:10.240+01:00 x tvcs: UTCTime="2024-05-06 06:08:10,240" Module="network.sip" Level="DEBUG":  '
        b'Action="Received" Local-ip="10.0.0.1" Local-port="5061" Src-ip="10.0.0.2" Src-port="1"\n SIPMSG:\n |'
        + LF.replace(b"\n", b"\n ")
        + b"|\n"
    ],
    edge_decisions: [lines_of(decided(sequence=1), decided(searched("bob@far.example"), 2))],
    snooper: [
        b"TL_INFO(TF_PROTOCOL) [p\\m]1.2::05/06/2024-07:08:10.000.01 (SIPStack,x) [1] $$begin_record\n"
        b"Direction: outgoing\nPeer: a:5061\nStart-Line: "
        + LF.replace(b"\n\n", b"\nMessage-Body: ")
        + b"$$end_record\n"
    ],
    uccapi: [
        b"05/06/2024|07:08:10.274 1A2C:2F40 INFO  :: Sending Packet - 10.0.0.1:443 (From Local Address: 10.0.0.2:1) "
        b"%d bytes:\r\n05/06/2024|07:08:10.274 1A2C:2F40 INFO  :: %s\r\n"
        % (len(TEXT), TEXT)
        + b"05/06/2024|07:08:10.274 1A2C:2F40 INFO  :: End of Sending Packet - 10.0.0.1:443 (x) 3 bytes\r\n"
    ],
    cucm: [
        b"01382866.006 |12:52:49.858 |AppInfo |SIPTcp - wait_SdlReadRsp: Incoming SIP TCP message from 10.0.0.1 on "
        b"port 1 index 65 with 1695 bytes:\n[105066,NET]\n" + LF + b"\n01382890.009 |12:52:49.861 |AppInfo |x\n"
    ],
    imp: [b"22:26:18.719 |PID(1) sip_protocol.c(1) Received 5 bytes TCP packet from 10.0.0.1:34282" + LF],
    sngrep: [b"2024/05/06 07:08:10.123456 10.0.0.1:5060 -> 10.0.0.2:5060\n" + TEXT + b"\n\n"],
    ngrep: [b"T 2024/05/06 07:08:10.123456 10.0.0.1:1 -> 10.0.0.2:2 [AP] #1\n" + TEXT.replace(b"\r\n", b".\n") + b"\n"],
    sipp: [b"-" * 47 + b" 2024-05-06 07:08:10.1\nUDP message sent (%d bytes):\n\n%s\n" % (len(TEXT), TEXT)],
    syslog: [b"May  6 07:08:10 host app: " + TEXT.replace(b"\r", b"#015").replace(b"\n", b"#012") + b"\n"],
    prefixed: [b"".join(b"> %s\n" % line for line in LF.split(b"\n")), b"I/app: " + LF.replace(b"\n", b"\nI/app: ")],
    plain: [TEXT, LF],
}
"""A sound trace or more of each format."""


def consume(reader: ModuleType, data: bytes) -> tuple[int, int]:
    records = skipped = 0
    for item in reader.read(Bytes(data), "file"):
        if isinstance(item, Record):
            records += 1
            assert item.data
            assert 0 <= item.position <= len(data)
        else:
            assert isinstance(item, Skipped)
            assert 0 <= item.position <= len(data)
            skipped += 1
    return records, skipped


def test_every_reader_is_tried_here() -> None:
    assert {*WHOLE} <= {*reading.READERS}


@pytest.mark.parametrize("reader", WHOLE, ids=lambda reader: reader.__name__.rpartition(".")[2])
def test_a_sound_trace_is_known_by_its_reader_and_read(reader: ModuleType) -> None:
    for data in WHOLE[reader]:
        assert reading.detect(data) is reader
        records, skipped = consume(reader, data)
        assert (records > 0, skipped) == (True, 0)


@pytest.mark.slow
@pytest.mark.parametrize("reader", WHOLE, ids=lambda reader: reader.__name__.rpartition(".")[2])
@given(data=st.data())
@examples(60)
def test_damaged_traces_raise_nothing(reader: ModuleType, data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from(WHOLE[reader]), min_size=1, max_size=3))
    trace = bytearray(b"".join(parts))
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(trace)))
        end = place + data.draw(st.integers(0, 40))
        trace[place:end] = data.draw(
            st.binary(max_size=20) | st.sampled_from([b"\n", b"\r\n\r\n", b"\xff" * 4, b"\0" * 9])
        )
    if reader.detect(bytes(trace)):
        consume(reader, bytes(trace))


@pytest.mark.parametrize("reader", WHOLE, ids=lambda reader: reader.__name__.rpartition(".")[2])
@given(data=st.binary(max_size=300))
@examples(30)
def test_random_bytes_raise_nothing(reader: ModuleType, data: bytes) -> None:
    if reader is capture:
        data = WHOLE[capture][0][:24] + data
    reader.detect(data)
    consume(reader, data)


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["our own", "published"])
@given(data=st.data())
@examples(60)
def test_damaged_files_raise_nothing(whose: str, data: st.DataObject) -> None:
    folder = DATA if whose == "our own" else require_shared("samples")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < 20_000)
    trace = bytearray(data.draw(st.sampled_from(files)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(trace)))
        trace[place : place + data.draw(st.integers(0, 200))] = data.draw(st.binary(max_size=8))
    reader = reading.detect(bytes(trace))
    if isinstance(reader, ModuleType):
        consume(reader, bytes(trace))
