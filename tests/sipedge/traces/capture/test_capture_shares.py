"""A capture that is read in slices, and by several at the same time, gives what reading it in one go gives."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from struct import pack, unpack_from

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import (
    ACK,
    FIN,
    START,
    SYN,
    block,
    enhanced,
    ethernet,
    interface,
    ip,
    pcap,
    section,
    sip,
    tcp,
    udp,
)
from support.examples import examples
from support.paths import DATA
from support.third_party import require_shared

from sipedge.traces.capture import capture, streams
from sipedge.traces.capture.decryption import decrypted
from sipedge.traces.reading import read_trace
from sipedge.traces.records.record import Item, Skipped


def in_shares(path: str, shares: int, size: int) -> list[Item]:
    """Every share goes through all slices, moved to another place after each."""
    found: list[tuple[int, Item]] = []
    readings = [capture.Reading(path, (number, shares)) for number in range(shares)]
    for part in capture.slices(path, size):
        for number, reading in enumerate(readings):
            found += [(reading.at, item) for item in capture.read_slice(reading, path, part)]
            readings[number] = pickle.loads(pickle.dumps(reading))
    for reading in readings:
        found += [(reading.at, item) for item in reading.end()]
    for reading in readings[1:]:
        readings[0].tls.add(reading.tls)
    found.sort(key=lambda pair: pair[0])
    return [item for _, item in found] + list(decrypted(path, None, readings[0].tls))


@pytest.mark.slow
@pytest.mark.parametrize(("shares", "size"), [(1, 1), (2, 700), (3, 20_000)])
def test_generated_captures(shares: int, size: int) -> None:
    check_captures(DATA / "pcap", shares, size)


@pytest.mark.slow
def test_published_captures() -> None:
    check_captures(require_shared("samples/pcap"), 2, 700)


def check_captures(folder: Path, shares: int, size: int) -> None:
    files = sorted(str(path) for path in folder.glob("*.pcap*"))
    assert files
    for file in files:
        assert in_shares(file, shares, size) == list(read_trace(file)), file


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_both_directions_of_a_connection_go_to_different_shares(tmp_path: Path, kind: str) -> None:
    frames = [ethernet(tcp(sip(1), 1)), ethernet(tcp(sip(2), 1, ("10.0.0.2", 5060), ("10.0.0.1", 40000)))]
    path = tmp_path / "trace"
    path.write_bytes(pcap(frames))
    (part,) = capture.slices(str(path), 1 << 20)
    counts = [len(list(capture.read_slice(capture.Reading("", (n, 2)), str(path), part))) for n in range(2)]
    assert counts == [1, 1]


def slowly(data: bytes, seconds: float) -> bytes:
    """The same capture with so many seconds from packet to packet."""
    slow, place, number = bytearray(data), 24, 0
    while place < len(slow):
        time = START + number * seconds
        slow[place : place + 8] = pack("<II", int(time), int(time % 1 * 1_000_000))
        place += 16 + unpack_from("<I", slow, place + 8)[0]
        number += 1
    return bytes(slow)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.001, 0.5, 40])
@pytest.mark.parametrize("shares", [2, 3, 7])
def test_what_is_given_up_for_want_of_memory_or_time_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, shares: int
) -> None:
    monkeypatch.setattr(streams, "MAX_HELD", 3 * streams.BUCKETS * streams.FLOW_COST)
    made = []
    for part in range(3):
        for number in range(400):
            client = (f"10.0.{number % 7}.1", 30000 + number)
            data = b"x\r\n" + sip(number, b"x" * 500) if number % 3 else sip(number)
            made.append(ethernet(tcp(data[part * 200 : (part + 1) * 200], 1000 + part * 200, client)))
    path = tmp_path / "trace"
    path.write_bytes(slowly(pcap(made), seconds))
    wanted = list(read_trace(str(path)))
    assert any(isinstance(item, Skipped) for item in wanted)
    assert in_shares(str(path), shares, 5000) == wanted


HOSTS = [("10.0.0.1", 5060), ("10.0.0.2", 5060), ("10.0.0.3", 40000)]


@st.composite
def frames(draw: st.DrawFn) -> list[bytes]:
    """Connections in both directions, cut anywhere; datagrams, fragments, lost segments, TLS, noise."""
    made: list[bytes] = []
    sequences: dict[object, int] = {}
    for number in range(draw(st.integers(1, 25))):
        source, destination = draw(st.permutations(HOSTS))[:2]
        kind = draw(st.sampled_from(["tcp", "tcp", "tcp", "udp", "fragments", "syn", "fin", "tls", "noise"]))
        data = sip(number, b"x" * draw(st.integers(0, 60)))
        sequence = sequences.setdefault((source, destination), 1)
        if kind == "udp":
            made.append(udp(data, source, destination))
        elif kind == "fragments":
            datagram = udp(data, source, destination)[20:]
            pieces = [(datagram[:80], 0x2000), (datagram[80:], 10)][: draw(st.integers(1, 2))]
            made += [ip(source[0], destination[0], 17, piece, fragment=at, identity=number) for piece, at in pieces]
        elif kind == "noise":
            made.append(draw(st.binary(min_size=20, max_size=40)))
        else:
            flags = {"syn": SYN, "fin": FIN | ACK}.get(kind, ACK)
            payload = {"syn": b"", "tls": b"\x16\x03\x01\x00\x05\x01abcd"}.get(kind, data)
            cut = draw(st.integers(0, len(payload)))
            for piece in (payload[:cut], payload[cut:]):
                if draw(st.integers(0, 9)):
                    made.append(tcp(piece, sequence, source, destination, flags))
                sequence += len(piece) + (flags == SYN)
            sequences[source, destination] = sequence
    return [ethernet(frame) for frame in made]


def as_pcapng(frames: list[bytes], second: int) -> bytes:
    """Two sections; the second has the other byte order, an unknown link type and a simple packet."""
    parts = [section(), interface(), *(enhanced(frame, 7) for frame in frames[:second])]
    parts += [section(">"), interface(77, ">"), interface(1, ">")]
    parts += [enhanced(frame, 9, ">", number % 2) for number, frame in enumerate(frames[second:])]
    return b"".join(parts) + block(3, (60).to_bytes(4, "big") + bytes(60), ">")


@pytest.mark.slow
@given(frames(), st.integers(0, 25), st.booleans(), st.integers(1, 3), st.sampled_from([1, 200, 1000]), st.integers())
@examples(120)
def test_any_capture(frames: list[bytes], second: int, new: bool, shares: int, size: int, broken: int) -> None:
    data = bytearray(as_pcapng(frames, second) if new else slowly(pcap(frames), second / 5))
    if broken >= 0 and len(data) > 32:
        data[32 + broken % (len(data) - 32)] ^= 0x80
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        assert in_shares(file.name, shares, size) == list(read_trace(file.name))
