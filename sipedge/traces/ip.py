"""From an IP header to the transport header: IPv4, IPv6 with extension headers, fragments, IP in IP.

Lengths of the IP header are believed, not those of the frame: Ethernet pads, and a snaplen cuts. ``end`` of what is
found may therefore lie behind the captured bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

_IPV4 = Struct(">BxHHHxB2x8s")
_IPV6 = Struct(">4xHBx32s")
_FRAGMENT_HEADER = Struct(">BxHI")
TCP, UDP = 6, 17
_IPV4_IN, _IPV6_IN = 4, 41
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60
_EXTENSIONS = (_HOP_BY_HOP, _ROUTING, _DESTINATION)
_MAX_NESTING = 8
_MAX_DATAGRAM = 65_535


Transport = tuple[int, bytes, bytes, int, int, int]
"""Protocol; both IP addresses, source first (8 or 32 bytes); the packet or what was put together of fragments; where in
it the transport header begins and its payload ends; position in the file of the packet where the datagram began.

A plain tuple: one is made for every packet.
"""


class Datagrams:
    """Finds transports in packets; holds fragments until the others came: at most ``limit`` datagrams."""

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._waiting: dict[tuple[int, bytes, int], _Fragments] = {}

    @property
    def incomplete(self) -> Iterable[int]:
        """Positions of the datagrams of which fragments are still missing."""
        return [fragments.position for fragments in self._waiting.values()]

    def find(self, data: bytes, offset: int, position: int, nesting: int = 0) -> Transport | None:
        """The transport in the IP packet at ``offset``, None for a fragment that does not complete its datagram, for
        anything that is no IP, and for headers cut off by the snaplen."""
        if offset + 20 > len(data) or nesting > _MAX_NESTING:
            return None
        version = data[offset] >> 4
        if version != 4:
            return self._ipv6(data, offset, position, nesting) if version == 6 else None
        first, length, identity, fragment, protocol, addresses = _IPV4.unpack_from(data, offset)
        header = (first & 15) * 4
        start, end = offset + header, offset + length
        if length == 0:  # the network card was to fill it in (segmentation offload)
            end = len(data)
        if header < 20 or end < start:
            return None
        if fragment & 0x3FFF:
            key = (protocol, addresses, identity)
            more, place = fragment & 0x2000, (fragment & 0x1FFF) * 8
            return self._fragment(key, place, bool(more), data, start, end, position, nesting)
        if protocol in (TCP, UDP):
            return protocol, addresses, data, start, end, position
        return self._nested(protocol, data[:end], start, position, nesting)

    def _ipv6(self, data: bytes, offset: int, position: int, nesting: int) -> Transport | None:
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
                return self._fragment(key, place & 0xFFF8, bool(place & 1), data, start + 8, end, position, nesting)
            if protocol not in (TCP, UDP):
                return self._nested(protocol, data[:end], start, position, nesting)
        return (protocol, addresses, data, start, end, position) if end >= start else None

    def _nested(self, protocol: int, data: bytes, start: int, position: int, nesting: int) -> Transport | None:
        if protocol in (_IPV4_IN, _IPV6_IN):
            return self.find(data, start, position, nesting + 1)
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
        nesting: int,
    ) -> Transport | None:
        if end > len(data) or end < start:
            return None
        if place == 0 and not more:  # an atomic fragment (RFC 6946)
            whole: bytes | None = data[start:end]
        else:
            fragments = self._waiting.get(key)
            if fragments is None:
                if len(self._waiting) >= self._limit:
                    del self._waiting[next(iter(self._waiting))]
                fragments = self._waiting[key] = _Fragments(position)
            whole = fragments.add(place, data[start:end], more)
            position = fragments.position
        if whole is None:
            return None
        self._waiting.pop(key, None)
        protocol, addresses, _ = key
        if protocol in (TCP, UDP):
            return protocol, addresses, whole, 0, len(whole), position
        return self._nested(protocol, whole, 0, position, nesting)


class _Fragments:
    """The pieces of one datagram, in any order; where two overlap, the one that came first counts."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._pieces: dict[int, bytes] = {}
        self._total: int | None = None

    def add(self, place: int, piece: bytes, more: bool) -> bytes | None:
        """The whole datagram once nothing is missing."""
        if place + len(piece) > _MAX_DATAGRAM:
            return None
        if not more:
            self._total = place + len(piece)
        if len(piece) > len(self._pieces.get(place, b"")):
            self._pieces[place] = piece
        return self._whole() if self._total is not None else None

    def _whole(self) -> bytes | None:
        assert self._total is not None
        whole = bytearray()
        for place in sorted(self._pieces):
            if place > len(whole):
                return None
            whole += self._pieces[place][len(whole) - place :]
        return bytes(whole[: self._total]) if len(whole) >= self._total else None
