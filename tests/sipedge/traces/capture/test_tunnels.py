from __future__ import annotations

from struct import pack

import pytest
from support.captures import Bytes, ethernet, ip, pcap, sip, tcp, udp
from support.paths import DATA
from support.trace_reading import ends, read_file

from sipedge.traces.capture import capture
from sipedge.traces.records.record import Record, Skipped

A, B = ("192.0.2.1", 50_000), "192.0.2.2"
GRE = 47
SHOWN = "10.0.0.1:40000 > 10.0.0.2:5060"
INNER = [udp(sip(1)), tcp(sip(1), 1)]
PPP = b"\xff\x03\x00\x21"


def gre(kind: int, payload: bytes, flags: int = 0) -> bytes:
    return ip(A[0], B, GRE, pack(">HH", flags, kind) + payload)


def over_udp(port: int, payload: bytes) -> bytes:
    return udp(payload, A, (B, port))


def wrapped(inner: bytes) -> dict[str, bytes]:
    frame = ethernet(inner)
    return {
        "GRE": gre(0x0800, inner),
        "GRE with checksum, key and number": gre(0x0800, bytes(12) + inner, 0xB000),
        "GRE with Ethernet": gre(0x6558, frame),
        "GRE with MPLS": gre(0x8847, b"\0\0\x11\x40" + inner),
        "PPTP": gre(0x880B, bytes(12) + PPP + inner, 0x3081),
        "ERSPAN I": gre(0x88BE, frame),
        "ERSPAN II": gre(0x88BE, bytes(12) + frame, 0x1000),
        "ERSPAN III": gre(0x22EB, bytes(16) + frame, 0x1000),
        "ERSPAN III with more": gre(0x22EB, bytes(15) + b"\x01" + bytes(8) + frame, 0x1000),
        "EtherIP": ip(A[0], B, 97, b"\x30\0" + frame),
        "VXLAN": over_udp(4789, b"\x08" + bytes(7) + frame),
        "VXLAN of Linux": over_udp(8472, b"\x08" + bytes(7) + ethernet(inner, [7])),
        "Geneve": over_udp(6081, b"\x02\0\x65\x58" + bytes(12) + frame),
        "Geneve with IP": over_udp(6081, b"\0\0\x08\0" + bytes(4) + inner),
        "GTP": over_udp(2152, b"\x30\xff" + bytes(6) + inner),
        "GTP with extensions": over_udp(2152, b"\x34\xff" + bytes(9) + b"\x85\x01\0\0\0" + inner),
        "L2TP": over_udp(1701, b"\x40\x02" + bytes(6) + PPP + inner),
        "TZSP": over_udp(37008, b"\x01\0\0\x01\x0a\x01\x05\0\x01" + frame),
        "GRE in VXLAN": over_udp(4789, b"\x08" + bytes(7) + ethernet(gre(0x0800, inner))),
        "VXLAN in GRE": gre(0x0800, over_udp(4789, b"\x08" + bytes(7) + frame)),
    }


def read(*frames: bytes) -> tuple[list[Record], list[Skipped]]:
    items = list(capture.read(Bytes(pcap(map(ethernet, frames))), "file"))
    return [item for item in items if isinstance(item, Record)], [item for item in items if isinstance(item, Skipped)]


@pytest.mark.parametrize("kind", wrapped(INNER[0]))
@pytest.mark.parametrize("inner", INNER)
def test_what_a_tunnel_carries_is_read(kind: str, inner: bytes) -> None:
    records, skipped = read(wrapped(inner)[kind])
    assert ([record.data for record in records], ends(records), skipped) == ([sip(1)], [SHOWN], [])


@pytest.mark.parametrize("kind", wrapped(INNER[0]))
def test_a_tunnel_that_is_cut_off_anywhere_breaks_nothing(kind: str) -> None:
    whole = ethernet(wrapped(INNER[0])[kind])
    for end in range(len(whole)):
        list(capture.read(Bytes(pcap([whole[:end]])), "file"))


def test_tunnels_that_cannot_be_read_are_counted() -> None:
    records, skipped = read(ip(A[0], B, 50, bytes(40)), gre(0x1234, bytes(40)), ip(A[0], B, 50, bytes(40)))
    assert records == []
    assert [(item.position, item.reason) for item in skipped] == [
        (24, "packets in IPsec ESP are not read (2 of them)"),
        (24 + 16 + 14 + 20 + 40, "packets in GRE are not read (1 of them)"),
    ]


def test_other_traffic_at_the_port_of_a_tunnel_is_read_as_ever() -> None:
    records, skipped = read(over_udp(4789, sip(1)), over_udp(2152, sip(2)), gre(0, b""), gre(0x6558, bytes(60)))
    assert ([record.data for record in records], skipped) == ([sip(1), sip(2)], [])


@pytest.mark.parametrize(
    "file", ["erspan1_udp", "erspan2_tcp", "geneve_udp", "gre_ip_udp", "gretap_tcp", "gtp_tcp", "vxlan_tcp"]
)
def test_the_tunnels_of_others(file: str) -> None:
    records, skipped = read_file(DATA / "cases" / "tunnels" / f"{file}.pcap")
    assert ([record.source.host for record in records if record.source], skipped) == (["192.0.2.10"], [])
