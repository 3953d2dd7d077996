from __future__ import annotations

import codecs

import pytest
from support.captures import sip
from support.paths import DATA
from support.trace_reading import ends, read, read_file

from sipedge.traces.formats import uccapi
from sipedge.traces.records.record import Direction

PREFIX = b"05/06/2024|07:08:10.274 1A2C:2F40 INFO  :: "
NOISE = PREFIX + b"Function: CUccPlatform::Initialize\r\n"


def packet(data: bytes, *, sent: bool = True, count: int | None = None, gap: bytes = b" ") -> bytes:
    name, side = (b"Sending Packet", b"From") if sent else (b"Data Received", b"To")
    tail = b"203.0.113.10:443 (%s Local Address: 10.0.5.33:62937) %d bytes" % (
        side,
        len(data) if count is None else count,
    )
    return (
        PREFIX
        + name
        + b" - "
        + tail
        + b":\r\n"
        + PREFIX
        + data
        + b"\r\n"
        + PREFIX
        + b"End of "
        + name
        + b" -"
        + gap
        + tail
        + b"\r\n"
    )


LOG = (
    NOISE
    + packet(sip(1, "Grüße".encode()))
    + NOISE
    + packet(b"\r\n\r\n")
    + packet(sip(2) + sip(3), sent=False, gap=b"")
)


@pytest.mark.parametrize(
    "log",
    [
        LOG,
        codecs.BOM_UTF8 + LOG,
        codecs.BOM_UTF16_LE + LOG.decode().encode("utf-16-le"),
        codecs.BOM_UTF16_BE + LOG.decode().encode("utf-16-be"),
        LOG.decode().encode("utf-16-le"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16-le", "utf-16-be", "utf-16-le without mark"],
)
def test_packets_in_every_encoding(log: bytes) -> None:
    records, skipped = read(uccapi, log)
    assert [record.data for record in records] == [sip(1, "Grüße".encode()), sip(2), sip(3)]
    assert ends(records) == ["10.0.5.33:62937 > 203.0.113.10:443"] + ["203.0.113.10:443 > 10.0.5.33:62937"] * 2
    assert [record.direction for record in records] == [Direction.SENT, Direction.RECEIVED, Direction.RECEIVED]
    assert {(record.time, record.transport, record.exact) for record in records} == {(1714979290.274, "tls", True)}
    assert skipped == []
    wide = log.count(0) > len(log) // 3
    wanted = (
        PREFIX.decode().encode("utf-16-be" if log.startswith(codecs.BOM_UTF16_BE) else "utf-16-le") if wide else PREFIX
    )
    assert log[records[2].position :].startswith(wanted)


def test_what_does_not_fit_its_length_is_rebuilt() -> None:
    records, _ = read(uccapi, packet(sip(1, b"abc"), count=7) + packet(sip(2)).replace(b"\r\n", b"\n"))
    assert [(record.data, record.exact) for record in records] == [(sip(1, b"abc"), False), (sip(2), False)]


def test_a_packet_without_its_end_stops_at_the_next_one() -> None:
    log = packet(sip(1)).partition(PREFIX + b"End of")[0] + packet(sip(2))
    records, _ = read(uccapi, log)
    assert [record.data for record in records] == [sip(1), sip(2)]


def test_a_message_in_several_packets_is_put_together() -> None:
    data = sip(1, b"x" * 500)
    log = packet(data[:300], sent=False) + packet(sip(2)) + packet(data[300:] + sip(3), sent=False)
    records, skipped = read(uccapi, log)
    assert [record.data for record in records] == [sip(2), data, sip(3)]
    assert [record.position for record in records] == [
        log.index(PREFIX + b"Sending"),
        0,
        log.index(PREFIX + b"Data", 500),
    ]
    assert skipped == []
    records, skipped = read(uccapi, packet(data[:300]))
    assert (records, len(skipped)) == ([], 1)


def test_a_packet_that_is_no_sip_is_told() -> None:
    records, skipped = read(uccapi, packet(b"some bytes") + packet(sip(2)))
    assert [record.data for record in records] == [sip(2)]
    assert [item.position for item in skipped] == [0]


def test_a_packet_that_is_damaged_costs_the_message_that_it_is_part_of() -> None:
    whole = sip(1, b"x" * 60 + sip(9) + b"y" * 60)
    log = packet(whole[:-300]) + packet(whole[-300:-200], count=99) + packet(whole[-200:] + sip(2)) + packet(sip(3))
    records, skipped = read(uccapi, log)
    assert [record.data for record in records] == [sip(2), sip(3)]
    assert [item.reason.partition(" (")[0] for item in skipped] == ["some bytes of this message were not captured"]


def test_a_log_that_begins_inside_a_message() -> None:
    end = packet(b"the end" + sip(2)) + packet(sip(3))
    for log in (end, packet(sip(1, b"x" * 20)[-10:]) + end):
        records, skipped = read(uccapi, log)
        assert [record.data for record in records] == [sip(2), sip(3)]
        assert skipped


def test_the_messages_of_a_whole_log() -> None:
    """Counted by hand: seven packets, two of which are keep-alives."""
    log = DATA / "uccapilog/R01_reconstructed_Lync-UccApi-0.UccApiLog"
    records, skipped = read_file(log)
    assert [record.data.split(b" ")[0 if record.data[:3] != b"SIP" else 1] for record in records] == [
        b"INVITE", b"504", b"BENOTIFY", b"MESSAGE", b"200",
    ]  # fmt: skip
    assert [len(record.data) for record in records] == [1687, 732, 1317, 1089, 525]
    assert all(record.exact for record in records)
    assert skipped == []
    assert log.read_bytes()[records[3].position :].startswith(
        b"05/06/2024|07:08:11.822 1A2C:2F40 INFO  :: Sending Packet"
    )
