"""Captures read with the part in C against the same ones read in Python, which is the oracle: every item, in order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.captures import ACK, FIN, START, SYN, Bytes, ethernet, ip, pcap, sip, tcp, udp
from support.examples import examples
from support.native import require_native
from support.paths import DATA, messages_in
from support.third_party import require_shared

from sipedge.native import library
from sipedge.traces.capture import capture, streams
from sipedge.traces.capture.native import packets
from sipedge.traces.records.record import Item, Record
from sipedge.traces.records.wire import EMPTY_LINE, content_length
from sipedge.traces.records.wire import START as START_LINE
from tools.fuzz import captures

HOSTS = [("10.0.0.1", 5060), ("10.0.0.2", 5060), ("10.0.0.3", 40000)]
ONE = b" SIP/2.0\r\nContent-Length: 1\r\n\r\nx"
HEADS = [
    b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", b"SIP/2.0 200\r\nContent-Length: 2\r\n\r\nhi",
    b"SIP/2.0 20\r\n\r\n", b"SIP/2.0 200 OK\r\nl: 2\r\n\r\nhi", b"SIP/2.0 200 OK\r\n\r\n",
    b"SIP/2.0 200 OK\nContent-Length: 1\r\n\r\nx", b"\r\n\r\n", b"\r\n", b"\n\n", b"xx",
    b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 3\r\nContent-Length: 1\r\n\r\nxyz",
    b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 3 \r\n\r\nxyz", b"OPTIONS sip:a SIP/2.0\r\nContent-Length: \r\n\r\nxyz",
    b"OPTIONS sip:a SIP/2.0\r\nX: a\nContent-Length: 3\r\n\r\nxyz", b"OPTIONS sip:a SIP/2.0\r\n\r\nContent-Length: 3",
    b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 9999999999\r\n\r\n", b"OPTIONS" + ONE,
    b"OPTIONS sip:a SIP/2.0 " + ONE, b"options sip:a" + ONE, b"OPTIONS " + ONE,
    b"OPTIONS a\rb" + ONE, b"OPTIONS " + b"a" * 9000 + ONE,
    b"A" * 40 + b" b" + ONE,
    b"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"\x16\x03\x01\x00\x05\x01abcd", b"OPTIONS sip:a SIP/2.0\r\n",
]  # fmt: skip


def read(path: str, share: tuple[int, int] = (0, 1), size: int = 1 << 20) -> list[tuple[int, Item]]:
    reading = capture.Reading(path, share)
    found = [
        (reading.at, item) for part in capture.slices(path, size) for item in capture.read_slice(reading, path, part)
    ]
    return found + [(reading.at, item) for item in reading.end()]


def compare(path: str, share: tuple[int, int] = (0, 1), size: int = 1 << 20) -> list[tuple[int, Item]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(library.SWITCH, "0")
        wanted = read(path, share, size)
    require_native()
    found = read(path, share, size)
    assert found == wanted
    return found


@pytest.mark.slow
@pytest.mark.parametrize("share", [(0, 1), (1, 2)])
def test_captures_of_others(share: tuple[int, int]) -> None:
    for folder in (DATA / "pcap", require_shared("samples/pcap")):
        for path in sorted(folder.glob("*.pcap*")):
            compare(str(path), share)


def test_usual_messages_go_the_short_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the first one of a stream, in one packet or in two."""
    made, sequence = [], 1
    for number in range(20):
        data = sip(number, b"x" * number)
        for piece in (data,) if number % 2 else (data[:100], data[100:]):
            made += [ethernet(tcp(piece, sequence)), ethernet(tcp(b"", 1, HOSTS[1], HOSTS[0])) + bytes(6)]
            sequence += len(piece)
    path = tmp_path / "trace.pcap"
    path.write_bytes(pcap(made))
    assert len(compare(str(path))) == 20
    carried, carry = [], streams.Streams._carry

    def noting(self: streams.Streams, *segment: Any) -> None:
        carried.append(segment)
        carry(self, *segment)

    monkeypatch.setattr(streams.Streams, "segment", None)
    monkeypatch.setattr(streams.Streams, "_carry", noting)
    assert len(read(str(path))) == 20 and len(carried) == 2


@pytest.mark.parametrize("data", HEADS, ids=range(len(HEADS)))
def test_the_length_of_a_message_is_that_of_the_cutter(data: bytes) -> None:
    """Or it is not told."""
    require_native()
    for payload in (data, data + sip(1), sip(1) + data, data[:-1], sip(2)[:-5], data + b"\r\n" + data):
        (segment,) = segments_of(pcap([ethernet(tcp(payload, 7))]))
        assert segment[:4] == (b"\x0a\0\0\x01\x0a\0\0\x02\x9c\x40\x13\xc4", payload, 0, 7)
        assert segment[6] in (0, _stated(payload)) and segment[7:] == (len(payload), 24)
    (segment,) = segments_of(pcap([ethernet(tcp(sip(1), 7))]))
    assert segment[6] == len(sip(1))


def _stated(data: bytes) -> int:
    head = data.find(EMPTY_LINE)
    length = content_length(data, 0, head + 2)
    return head + 4 + length if START_LINE.match(data) and head >= 0 and length is not None else -1


def segments_of(data: bytes) -> list[packets.Segment]:
    return packets.load().segments(data, 24, 0, START, False, 1e-6, START - 9, START + 9, 1e12, 9)[0]


def test_sizes_that_cannot_be_are_refused() -> None:
    require_native()
    found = packets.load()
    for position, most in ((-1, 1), (0, -1)):
        with pytest.raises(ValueError, match="negative"):
            found.segments(b"", position, 0, 0, False, 1.0, 0, 9, 1.0, most)
    assert found.segments(b"x" * 40, 1 << 40, 0, 5, True, 1.0, 0, 9, 1.0, 9) == ([], 1 << 40, 5)


@st.composite
def _frames(draw: st.DrawFn) -> list[bytes]:
    made: list[bytes] = []
    sequences: dict[object, int] = {}
    for number in range(draw(st.integers(1, 20))):
        source, destination = draw(st.permutations(HOSTS))[:2]
        kind = draw(st.integers(0, 9))
        data = draw(st.sampled_from(HEADS)) if kind == 0 else sip(number, b"x" * draw(st.integers(0, 60)))
        data = draw(st.sampled_from([data, data, data, data + data, data + b"\r\n\r\n", b"x" + data]))
        sequence = sequences.setdefault((source, destination), draw(st.sampled_from([1, 0xFFFFFF00])))
        if kind == 1:
            made.append(tcp(b"", sequence - 1, source, destination, SYN))
        cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=2)))
        ends = zip([0, *cuts], [*cuts, len(data)], strict=True)
        flags = draw(st.sampled_from([ACK] * 9 + [FIN | ACK, SYN]))
        pieces = [tcp(data[first:last], sequence + first, source, destination, flags) for first, last in ends]
        order = draw(st.integers(0, 9))
        made += {0: pieces[::-1], 1: pieces + pieces[:1], 2: pieces[1:]}.get(order, pieces)
        made.append(tcp(b"", sequence, destination, source))
        sequences[source, destination] = sequence + len(data)
        if kind == 3:
            others = [udp(sip(99), source, destination), ip("::1", "::2", 6, b"x" * 30), b"\x46" + made[-1][1:]]
            made.append(draw(st.sampled_from(others)))
    return [ethernet(frame) + bytes(draw(st.sampled_from([0, 0, 0, 6]))) for frame in made]


def _spaced(frames: list[bytes], steps: list[int], order: str, snaplen: int) -> bytes:
    """A capture with so many seconds from packet to packet, over and over."""
    parts, time = [pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)], START
    for number, frame in enumerate(frames):
        time += steps[number % len(steps)]
        kept = frame[:snaplen]
        parts.append(pack(order + "IIII", time, number % 7, len(kept), len(frame)) + kept)
    return b"".join(parts)


@pytest.mark.slow
@examples(400)
@given(
    frames=_frames(),
    steps=st.lists(st.sampled_from([0, 0, 0, 1, 2, 4, 40, 86_400, -3]), min_size=1, max_size=4),
    order=st.sampled_from("<>"),
    snaplen=st.sampled_from([9999, 9999, 9999, 200, 60]),
    broken=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=3),
    share=st.sampled_from([(0, 1), (0, 1), (0, 2), (1, 2)]),
    size=st.sampled_from([1 << 20, 1000]),
)
def test_any_capture(
    frames: list[bytes],
    steps: list[int],
    order: str,
    snaplen: int,
    broken: list[tuple[int, int]],
    share: tuple[int, int],
    size: int,
) -> None:
    data = bytearray(_spaced(frames, steps, order, snaplen))
    for place, value in broken:
        data[24 + place % (len(data) - 24)] = value
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        compare(file.name, share, size)


@pytest.mark.parametrize("seed", range(5))
def test_captures_of_the_fuzzer(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``make fuzz`` goes on with them, the part in C compiled with AddressSanitizer then."""
    require_native()
    chance, samples = Random(seed), [path.read_bytes() for path in messages_in(DATA)]
    for _ in range(40):
        ((_, *arguments),) = captures.steps(chance, samples)
        found = captures.found(*arguments)
        with monkeypatch.context() as patch:
            patch.setenv(library.SWITCH, "0")
            assert found == captures.found(*arguments)


def test_a_stream_taken_up_in_the_middle_is_settled_by_packets_without_data(tmp_path: Path) -> None:
    """Each packet settles streams of its own bucket: so none may be passed over while one waits."""
    made = [ethernet(tcp(b"x: y\r\n\r\n" + sip(1), 1)), *[ethernet(tcp(b"", 1, HOSTS[1], HOSTS[2]))] * 900]
    path = tmp_path / "trace.pcap"
    path.write_bytes(_spaced(made, [0, 0, 0, 1], "<", 9999))
    found = compare(str(path))
    assert [type(item) is Record for _, item in found].count(True) == 1 and found[0][0] < path.stat().st_size
    assert list(capture.read(Bytes(path.read_bytes()), str(path))) == [item for _, item in found]
