"""Where the wrapped IP header stands in a packet of a tunnel: GRE (RFC 2784, 2890; PPTP: RFC 2637), ERSPAN
(draft-foschiano-erspan), EtherIP (RFC 3378), VXLAN (RFC 7348), Geneve (RFC 8926), GTP-U (3GPP TS 29.281), L2TP
(RFC 2661), TZSP.
"""

from __future__ import annotations

from collections.abc import Callable

from .link import NONE, behind_type, ethernet, ppp

GRE, ETHER_IP = 47, 97
NAMES = {50: "IPsec ESP", 51: "IPsec AH", GRE: "GRE", 115: "L2TP"}
"""Protocol numbers of IP -> what a packet is told as that cannot be read."""
UNREAD = -2
"""The packet carries something that cannot be made out here."""
_CHECKSUM, _ROUTING, _KEY, _SEQUENCE, _ACKNOWLEDGEMENT = 0x80, 0x40, 0x20, 0x10, 0x80
_ETHERNET_IN, _ERSPAN, _ERSPAN_3, _PPP = b"\x65\x58", b"\x88\xbe", b"\x22\xeb", b"\x88\x0b"
_KEEPALIVE = b"\0\0"
_FRAME = 64
"""Bytes of an Ethernet frame in which its IP header begins."""
_GTP_USER_DATA = 255
_TZSP_END, _TZSP_PADDING = 1, 0
_L2TP_CONTROL, _L2TP_LENGTH, _L2TP_SEQUENCE, _L2TP_OFFSET = 0x80, 0x40, 0x08, 0x02


def inside(protocol: int, data: bytes, start: int) -> int:
    """``protocol``: of IP. The place of the IP header that is wrapped in its payload at ``start``; NONE where it wraps
    no IP, UNREAD where that cannot be told."""
    if protocol == GRE:
        return _gre(data, start)
    if protocol == ETHER_IP:
        return _ethernet_at(data, start + 2)
    return UNREAD if protocol in NAMES else NONE


def _gre(data: bytes, start: int) -> int:
    if start + 4 > len(data):
        return NONE
    flags, version, kind = data[start], data[start + 1], data[start + 2 : start + 4]
    place = start + 4
    place += 4 * (bool(flags & (_CHECKSUM | _ROUTING)) + bool(flags & _KEY) + bool(flags & _SEQUENCE))
    if kind == _PPP:
        return _ppp_at(data, place + 4 * bool(version & _ACKNOWLEDGEMENT))
    if kind == _ERSPAN:  # type I has neither a number nor a header of its own
        return _ethernet_at(data, place + (8 if flags & _SEQUENCE else 0))
    if kind == _ERSPAN_3:
        more = data[place + 11 : place + 12]
        return _ethernet_at(data, place + (20 if more and more[0] & 1 else 12))
    return NONE if kind == _KEEPALIVE else _of_kind(data, kind, place)


def _vxlan(data: bytes, start: int) -> int:
    return _ethernet_at(data, start + 8) if data[start : start + 1] and data[start] & 0x08 else NONE


def _geneve(data: bytes, start: int) -> int:
    if start + 8 > len(data) or data[start] >> 6:
        return NONE
    return _of_kind(data, data[start + 2 : start + 4], start + 8 + 4 * (data[start] & 0x3F))


def _gtp(data: bytes, start: int) -> int:
    if start + 8 > len(data) or data[start] >> 4 != 3 or data[start + 1] != _GTP_USER_DATA:
        return NONE
    if not data[start] & 0x07:
        return start + 8
    place = start + 12
    while place < len(data) and data[place - 1]:  # the type of the extension header that follows
        place += 4 * max(data[place], 1)
    return place


def _tzsp(data: bytes, start: int) -> int:
    if data[start : start + 1] != b"\x01" or data[start + 2 : start + 4] != b"\x00\x01":
        return NONE
    place = start + 4
    while place + 1 < len(data) and data[place] != _TZSP_END:
        place += 1 if data[place] == _TZSP_PADDING else 2 + data[place + 1]
    return _ethernet_at(data, place + 1)


def _l2tp(data: bytes, start: int) -> int:
    if start + 6 > len(data) or data[start + 1] & 0x0F != 2 or data[start] & _L2TP_CONTROL:
        return NONE
    flags = data[start]
    place = start + 6 + 2 * bool(flags & _L2TP_LENGTH) + 4 * bool(flags & _L2TP_SEQUENCE)
    if flags & _L2TP_OFFSET:
        place += 2 + int.from_bytes(data[place : place + 2], "big")
    return _ppp_at(data, place)


def _of_kind(data: bytes, kind: bytes, place: int) -> int:
    if kind == _ETHERNET_IN:
        return _ethernet_at(data, place)
    offset = behind_type(data, place, kind)
    return UNREAD if offset == NONE else offset


def _ethernet_at(data: bytes, place: int) -> int:
    offset = ethernet(data[place : place + _FRAME])
    return NONE if offset == NONE else place + offset


def _ppp_at(data: bytes, place: int) -> int:
    offset = ppp(data[place : place + 4])
    return NONE if offset == NONE else place + offset


UDP_TUNNELS: dict[bytes, Callable[[bytes, int], int]] = {
    (4789).to_bytes(2, "big"): _vxlan,
    (8472).to_bytes(2, "big"): _vxlan,
    (6081).to_bytes(2, "big"): _geneve,
    (2152).to_bytes(2, "big"): _gtp,
    (1701).to_bytes(2, "big"): _l2tp,
    (37008).to_bytes(2, "big"): _tzsp,
}
"""Destination port -> the place of the IP header in a datagram whose payload begins at an offset; below 0 for none."""
