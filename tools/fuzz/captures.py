"""Captures made at random, and all that a reader finds in one: what the part in C gives must be what Python gives.

Streams of messages in packets that are usual or not, packets that are lost, doubled, late or cut, times that jump; then
bytes of the file that are wrong, missing or doubled.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from random import Random
from struct import pack
from typing import Any

from sipedge.traces.capture import capture

from .mutations import mutated

HOSTS = ((b"\x0a\0\0\x01", 5060), (b"\x0a\0\0\x02", 5060), (b"\x0a\0\0\x03", 40000))
START = 1_714_979_290
"""Seconds; of the first packet."""
FIRST = (1, 0xFFFFFF00, 0x7FFFFFF0)
"""Sequence numbers that streams begin with."""
FLAGS = (0x10,) * 12 + (0x18, 0x11, 0x02, 0x14, 0xD0)
STEPS = (0,) * 12 + (1, 2, 4, 40, 86_399, 86_400, -3)
"""Seconds from packet to packet."""
BEHIND = (1, 6, 40, 65_535, 70_000)
"""Bytes behind the IP packet in its frame."""
MESSAGE = (
    b"MESSAGE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1:5060;branch=z9hG4bK1\r\n"
    b"From: <sip:a@example.org>;tag=1\r\nTo: <sip:b@example.com>\r\n"
    b"Call-ID: 1@test\r\nCSeq: 1 MESSAGE\r\nContent-Length: %d\r\n\r\n"
)
RATES = (0.0, 0.0, 0.02, 0.1)
"""Of the frames so many are not as they should be, in one capture and in another."""
MOST_MESSAGES, MOST_SIZE = 12, 9000
TAGS = (b"\x81\0\x45\0", b"\x88\xa8\0\1\x81\0\0\2")
"""Of VLANs; the first one begins as an IPv4 header does."""
MAGIC = ((0xA1B2C3D4, 1_000_000), (0xA1B2C3D4, 1_000_000), (0xA1B23C4D, 1_000_000_000))


class _Network:
    """Hosts that say something to each other, and who captures it."""

    def __init__(self, chance: Random, samples: Sequence[bytes]) -> None:
        self._chance, self._samples = chance, samples
        self._rate = chance.choice(RATES)
        self._flags = FLAGS if self._rate else FLAGS[:1]

    def _is_odd(self) -> bool:
        return self._chance.random() < self._rate

    def frames(self) -> list[bytes]:
        """As they were captured."""
        return [seen for frame in self._sent() for seen in self._seen(frame)]

    def _sent(self) -> Iterator[bytes]:
        chance, sequences = self._chance, dict[tuple[int, int], int]()
        for _ in range(chance.randint(1, MOST_MESSAGES)):
            one, other = chance.sample(range(len(HOSTS)), 2)
            data = b"".join(self._said() for _ in range(chance.choice((1, 1, 1, 2))))[:MOST_SIZE]
            sequence = sequences.setdefault((one, other), chance.choice(FIRST))
            cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.choice((0, 0, 1, 1, 2, 3))))
            for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
                yield self._frame(one, other, sequence + start, data[start:end])
                if chance.random() < 0.5:
                    yield self._frame(other, one, 1, b"")
            sequences[one, other] = sequence + len(data)

    def _said(self) -> bytes:
        chance = self._chance
        if chance.random() < 0.1:
            return mutated(chance, self._samples)
        if chance.random() < 0.1:
            return chance.choice(self._samples)
        message = MESSAGE % (size := chance.choice((0, 1, 60, 1500, 8000))) + b"x" * size
        return mutated(chance, [message]) if self._is_odd() else message

    def _frame(self, one: int, other: int, sequence: int, data: bytes) -> bytes:
        chance, (source, port), (target, to) = self._chance, HOSTS[one], HOSTS[other]
        more, options = bytes(4 * self._is_odd()), bytes(chance.choice((0, 0, 0, 12, 40)))
        offset, flags = 5 + len(options) // 4 << 4, chance.choice(self._flags)
        rest = pack(">HHIIBBHHH", port, to, sequence & 0xFFFFFFFF, 0, offset, flags, 65535, 0, 13) + options + data
        fragment = chance.choice((0x2000, 1)) if self._is_odd() else chance.choice((0x4000, 0x4000, 0, 0x8000))
        head = (0x45 + len(more) // 4, 0, 20 + len(more) + len(rest), 7, fragment, 64, 6, 0)
        packet = bytearray(pack(">BBHHHBBH", *head) + source + target + more + rest)
        if self._is_odd():
            packet[chance.randrange(40)] = chance.choice((0, 1, 4, 6, 0x0F, 0x40, 0x60, 0xF0, 0xFF))
        return bytes(12) + (chance.choice(TAGS) if self._is_odd() else b"") + b"\x08\0" + packet

    def _seen(self, frame: bytes) -> list[bytes]:
        """Once, as a rule."""
        frame += bytes(self._chance.choice(BEHIND) if self._is_odd() else 0)
        return [frame] * (self._chance.choice((0, 2)) if self._is_odd() else 1)

    def file(self) -> bytes:
        chance, frames = self._chance, self.frames()
        order, (magic, units) = chance.choice("<>"), chance.choice(MAGIC)
        snaplen = chance.choice((1500, 200, 60, 40)) if chance.random() < self._rate else 262144
        if chance.random() < 2 * self._rate:
            place = chance.randrange(len(frames) + 1)
            frames = frames[:place] + frames[place : place + 2][::-1] + frames[place + 2 :]
        parts, time = [pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, 1)], START
        for frame in frames:
            time += chance.choice(STEPS) if self._rate else 0
            kept = frame[:snaplen]
            stated = len(frame) + (chance.choice((-1, 1)) if self._is_odd() else 0)
            parts.append(pack(order + "IIII", time, chance.randrange(units), len(kept), stated) + kept)
        return b"".join(parts)


def _broken(chance: Random, data: bytes) -> bytes:
    """The file header stays: without it nothing is read."""
    place, size = chance.randint(24, len(data)), chance.choice((1, 1, 2, 16, 100))
    faults: tuple[Callable[[], bytes], ...] = (
        lambda: data[:place],
        lambda: data[:place] + chance.randbytes(size) + data[place + size :],
        lambda: data[:place] + data[place + size :],
        lambda: data[:place] + data[max(24, place - size) :],
    )
    return chance.choice(faults)()


def at_random(chance: Random, samples: Sequence[bytes]) -> bytes:
    """A whole file. ``samples``: messages, some of which are in it."""
    data = _Network(chance, samples).file()
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        data = _broken(chance, data)
    return data


def steps(chance: Random, samples: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """For conversation.py: one capture, the share of it that is read, and the size of the slices."""
    share = chance.choice(((0, 1), (0, 1), (0, 2), (1, 2)))
    return [("capture", at_random(chance, samples), share, chance.choice((1 << 20, 1000)))]


def found(data: bytes, share: tuple[int, int], size: int) -> list[object]:
    """All items of a capture, each with the position that gives its order."""
    place = os.memfd_create("capture")
    try:
        os.write(place, data)
        return list(_items(f"/proc/self/fd/{place}", share, size))
    finally:
        os.close(place)


def _items(path: str, share: tuple[int, int], size: int) -> Iterator[object]:
    reading = capture.Reading(path, share)
    for part in capture.slices(path, size):
        for item in capture.read_slice(reading, path, part):
            yield reading.at, tuple(item._replace(file=""))
    for item in reading.end():
        yield reading.at, tuple(item._replace(file=""))
