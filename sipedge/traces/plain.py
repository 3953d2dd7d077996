"""A file of SIP messages and nothing else: one as it was on the wire, or pasted text with start lines in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .record import Direction, Item, Record
from .source import ByteStream

START_LINE = re.compile(rb"[!-~]{1,64} [!-~]{1,4096} SIP/2\.0\r?$|SIP/2\.0 [1-6]\d\d(?: .*)?$", re.MULTILINE)
LARGEST = 1 << 20


def detect(head: bytes) -> int:
    return 10 if START_LINE.match(head.lstrip()) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    data = stream.read(LARGEST)
    yield Record(None, Direction.UNKNOWN, None, None, "", data, True, file, 0)
