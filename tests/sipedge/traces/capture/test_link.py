from __future__ import annotations

from struct import pack

import pytest

from sipedge.traces.capture.link import IP_OFFSET, NONE

IP4 = b"\x45" + bytes(19)
CASES = [
    (0, b"\x02\0\0\0" + IP4, 4),
    (0, b"\0\0\0\x02" + IP4, 4),
    (0, b"\x02\0\0\0\x05", NONE),
    (1, bytes(12) + b"\x08\x00" + IP4, 14),
    (1, bytes(12) + b"\x86\xdd" + IP4, 14),
    (1, bytes(12) + b"\x81\x00\x00\x05\x08\x00" + IP4, 18),
    (1, bytes(12) + b"\x88\xa8\x00\x05\x81\x00\x00\x06\x86\xdd" + IP4, 22),
    (1, bytes(12) + b"\x88\x64\x11\x00\x00\x01\x00\x10\x00\x21" + IP4, 22),
    (1, bytes(12) + b"\x88\x47\x00\x00\x11\x40" + IP4, 18),
    (1, bytes(12) + b"\x88\x47\x00\x00\x10\x40\x00\x00\x21\x41" + IP4, 22),
    (1, bytes(12) + b"\x08\x06" + bytes(28), NONE),
    (1, b"", NONE),
    (9, b"\xff\x03\x00\x21" + IP4, 4),
    (9, b"\x00\x57" + IP4, 2),
    (12, IP4, 0),
    (101, IP4, 0),
    (108, b"\0\0\0\x18" + b"\x60" + bytes(39), 4),
    (113, bytes(14) + b"\x08\x00" + IP4, 16),
    (113, bytes(14) + b"\x81\x00\x00\x05\x08\x00" + IP4, 20),
    (113, bytes(14) + b"\x00\x04" + IP4, NONE),
    (276, b"\x86\xdd" + bytes(18) + IP4, 20),
    (276, b"\x81\x00" + bytes(18) + pack(">HH", 5, 0x0800) + IP4, 24),
    (276, b"\x08\x06" + bytes(18), NONE),
]


@pytest.mark.parametrize(("link", "frame", "offset"), CASES)
def test_where_ip_begins(link: int, frame: bytes, offset: int) -> None:
    assert IP_OFFSET[link](frame) == offset
