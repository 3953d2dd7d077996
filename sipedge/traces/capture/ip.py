"""From an IP header to the transport header: IPv4, IPv6 with extension headers, fragments, IP in IP, tunnels.

The IP header is believed about lengths, not the frame: Ethernet pads, and a snaplen cuts. The end of a payload may
therefore lie behind the captured bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

from .tunnels import NAMES, UDP_TUNNELS, UNREAD, inside

_IPV4 = Struct(">BxHHHxB2x8s")
_IPV6 = Struct(">4xHBx32s")
_FRAGMENT_HEADER = Struct(">BxHI")
TCP, UDP = 6, 17
_IPV4_IN, _IPV6_IN = 4, 41
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60
_EXTENSIONS = (_HOP_BY_HOP, _ROUTING, _DESTINATION)
_MAX_NESTING = 8
_MAX_DATAGRAM = 65_535
REASSEMBLY = 60.0
"""Seconds by the clock of the capture after which the fragments of a datagram are given up (RFC 8200 4.5; RFC 1122
3.3.2 for IPv4): the same identity is another datagram's then."""


Payload = tuple[int, bytes, bytes, int, int, int]
"""Protocol; both IP addresses, source first (8 or 32 bytes); the packet, or the datagram made of fragments; the places
in it where the transport header begins and its payload ends; position in the file of the packet where the datagram
began.

A plain tuple: one is made for every packet, and a NamedTuple would add 0.2 to the 4 microseconds that a packet takes.
"""


class Datagrams:
    """Finds TCP and UDP in packets; holds fragments until the others came: at most ``limit`` datagrams."""

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._waiting: dict[tuple[int, bytes, int], _Fragments] = {}
        self._given_up: list[int] = []
        self.unread: dict[str, tuple[int, int]] = {}
        """Packets that cannot be read, in words -> their number, and the position of the first one."""

    @property
    def incomplete(self) -> Iterable[int]:
        """Positions of the datagrams of which fragments are still missing; of those given up the first ``limit``."""
        return self._given_up + [fragments.position for fragments in self._waiting.values()]

    def find(self, data: bytes, offset: int, position: int, time: float, nesting: int = 0) -> Payload | None:
        """TCP or UDP in the IP packet at ``offset``; None for a fragment that does not complete its datagram, for
        anything that is no IP, and for headers cut off by the snaplen."""
        if offset + 20 > len(data) or nesting > _MAX_NESTING:
            return None
        version = data[offset] >> 4
        if version != 4:
            return self._ipv6(data, offset, position, time, nesting) if version == 6 else None
        first, length, identity, fragment, protocol, addresses = _IPV4.unpack_from(data, offset)
        header = (first & 15) * 4
        start, end = offset + header, offset + length
        if length == 0 or len(data) - end > _MAX_DATAGRAM:
            # The network card was to fill it in, or the field is too small for what it was given to cut up.
            end = len(data)
        if header < 20:
            return None
        if fragment & 0x3FFF:
            key = (protocol, addresses, identity)
            more, place = fragment & 0x2000, (fragment & 0x1FFF) * 8
            return self._fragment(key, place, bool(more), data, start, end, position, time, nesting)
        if end <= start:
            self._note("IP packets whose length leaves no room for what they carry", position)
            return None
        if protocol in (TCP, UDP):
            return protocol, addresses, data, start, end, position
        return self._nested(protocol, data[:end], start, position, time, nesting)

    def unwrapped(self, payload: Payload, time: float) -> Payload:
        """The innermost TCP or UDP in a UDP datagram to the port of a tunnel; the datagram itself where that is none,
        or carries no more than a fragment."""
        for _ in range(_MAX_NESTING):
            protocol, _, data, start, end, position = payload
            locate = UDP_TUNNELS.get(data[start + 2 : start + 4]) if protocol == UDP else None
            offset = -1 if locate is None else locate(data, start + 8)
            if offset < 0:
                if offset == UNREAD:
                    self._note("packets in a tunnel over UDP that cannot be made out", position)
                break
            wrapped = self.find(data[:end], offset, position, time, 1)
            if wrapped is None:
                break
            payload = wrapped
        return payload

    def _note(self, words: str, position: int) -> None:
        count, first = self.unread.get(words, (0, position))
        self.unread[words] = (count + 1, first)

    def _ipv6(self, data: bytes, offset: int, position: int, time: float, nesting: int) -> Payload | None:
        if offset + 40 > len(data):
            return None
        length, protocol, addresses = _IPV6.unpack_from(data, offset)
        start = offset + 40
        end = start + length if length else len(data)
        if protocol not in (TCP, UDP):
            while protocol in _EXTENSIONS or protocol == _AUTHENTICATION:
                if start + 2 > len(data):
                    return None
                size = (data[start + 1] + 2) * 4 if protocol == _AUTHENTICATION else (data[start + 1] + 1) * 8
                protocol, start = data[start], start + size
            if protocol == _FRAGMENT:
                if start + 8 > len(data):
                    return None
                protocol, place, identity = _FRAGMENT_HEADER.unpack_from(data, start)
                key = (protocol, addresses, identity)
                return self._fragment(
                    key, place & 0xFFF8, bool(place & 1), data, start + 8, end, position, time, nesting
                )
            if protocol not in (TCP, UDP):
                return self._nested(protocol, data[:end], start, position, time, nesting)
        return (protocol, addresses, data, start, end, position) if end >= start else None

    def _nested(
        self, protocol: int, data: bytes, start: int, position: int, time: float, nesting: int
    ) -> Payload | None:
        if protocol in (_IPV4_IN, _IPV6_IN):
            return self.find(data, start, position, time, nesting + 1)
        offset = inside(protocol, data, start)
        if offset >= 0:
            return self.find(data, offset, position, time, nesting + 1)
        if offset == UNREAD:
            self._note(f"packets in {NAMES[protocol]}", position)
        return None

    def _fragment(
        self,
        key: tuple[int, bytes, int],
        place: int,
        more: bool,
        data: bytes,
        start: int,
        end: int,
        position: int,
        time: float,
        nesting: int,
    ) -> Payload | None:
        if end > len(data) or end < start:
            return None
        if place == 0 and not more:  # an atomic fragment (RFC 6946)
            whole: bytes | None = data[start:end]
        else:
            fragments = self._fragments(key, position, time)
            whole = fragments.add(place, data[start:end], more)
            position = fragments.position
        if whole is None:
            return None
        self._waiting.pop(key, None)
        protocol, addresses, _ = key
        if protocol in (TCP, UDP):
            return protocol, addresses, whole, 0, len(whole), position
        return self._nested(protocol, whole, 0, position, time, nesting)

    def _fragments(self, key: tuple[int, bytes, int], position: int, time: float) -> _Fragments:
        """Those of this datagram that came before, or none yet."""
        fragments = self._waiting.get(key)
        if fragments is not None and abs(time - fragments.time) < REASSEMBLY:
            return fragments
        if fragments is not None:
            self._give_up(key)
        elif len(self._waiting) >= self._limit:
            self._give_up(next(iter(self._waiting)))
        fragments = self._waiting[key] = _Fragments(position, time)
        return fragments

    def _give_up(self, key: tuple[int, bytes, int]) -> None:
        fragments = self._waiting.pop(key)
        if len(self._given_up) < self._limit:
            self._given_up.append(fragments.position)


class _Fragments:
    """The pieces of one datagram, in any order; where two overlap, the one that came first counts."""

    def __init__(self, position: int, time: float) -> None:
        self.position, self.time = position, time
        """Of the first one that came."""
        self._pieces: dict[int, bytes] = {}
        self._total: int | None = None
        self._present = 0
        """A bit for each 8 bytes that are here."""

    def add(self, place: int, piece: bytes, more: bool) -> bytes | None:
        """The whole datagram once nothing is missing."""
        end = place + len(piece)
        if end > _MAX_DATAGRAM:
            return None
        if not more:
            if self._total is not None and end != self._total:
                return None
            self._total = end
        if len(piece) > len(self._pieces.get(place, b"")):
            self._pieces[place] = piece
            units = len(piece) // 8 if more else -(-len(piece) // 8)
            self._present |= ((1 << units) - 1) << place // 8
        if self._total is None:
            return None
        wanted = (1 << -(-self._total // 8)) - 1
        return self._whole(self._total) if self._present & wanted == wanted else None

    def _whole(self, total: int) -> bytes:
        whole = bytearray()
        for place in sorted(self._pieces):
            whole += self._pieces[place][max(0, len(whole) - place) :]
        return bytes(whole[:total])
