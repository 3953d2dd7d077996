"""Messages in syslog: each on one line, its line ends written as ``#015#012``, ``\\\\r\\\\n`` and the like.

rsyslog writes control characters as ``#`` and three octal digits; what it was fed by may have turned LF into a blank
before. A line that is a JSON object (containers write their logs so) has the message in one of its texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sipedge.traces.records.clock import day_seconds, moment, time_of_day
from sipedge.traces.records.rebuild import START_OF_LINE, is_message, rebuilt, transport_of
from sipedge.traces.records.record import Direction, Item, Record, Skipped
from sipedge.traces.records.source import ByteStream
from sipedge.traces.records.text import Block, as_text, read_records

from .plain import loose

_LINE_END = re.compile(rb"(?:#015|\\015|\\r|\^M|<CR>)[ \t]?(?:#012|\\012|\\n|\^J|<LF>)?|(?:#012|\\012|\\n|<LF>)")
_START = re.compile(
    rb"[A-Z]{3,32} sips?:[^ #]{1,2048} SIP/2\.0(?=#0|\\|\^M|<CR>|<LF>)|"
    rb"SIP/2\.0 [1-6]\d\d [^#\\^<\n]{0,256}(?=#0|\\|\^M|<CR>|<LF>)"
)
_BOUNDARY = re.compile(rb"(?P<end>\n)")
_MONTH = re.compile(rb"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d\d?) \d\d:\d\d:\d\d")
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_YEAR = 1970
_LONGEST_PREFIX = 4096
_LONGEST_TIME = 64


def detect(head: bytes) -> int:
    return 84 if _START.search(as_text(head)) else 0


def read(stream: ByteStream, file: str) -> Iterator[Item]:
    return read_records(stream, file, _find, _BOUNDARY, _parse, loose)


def _find(text: bytes, start: int) -> tuple[int, int] | None:
    match = _START.search(text, start)
    if match is None:
        return None
    return max(text.rfind(b"\n", start, match.start()) + 1, start), match.end()


def _parse(block: Block) -> Iterator[Item]:
    match = _START.search(block.text)
    assert match is not None
    texts = _texts_of_json(block.text)
    if texts is None:
        text = re.sub(rb"\n ", b"\n", _LINE_END.sub(b"\n", block.text[match.start() :].rstrip(b"\r\n")))
        time = time_of_prefix(block.text[: min(match.start(), _LONGEST_PREFIX)])
    else:
        text = next(filter(None, map(_from_start, texts)), b"")
        time = next((at for one in texts if len(one) < _LONGEST_TIME and (at := moment(one)) is not None), None)
    data = rebuilt(text)
    if data is None or not is_message(data):
        yield Skipped(block.file, block.position, "this line quotes a start line without a message")
        return
    yield Record(time, Direction.UNKNOWN, None, None, transport_of(data), data, False, block.file, block.position)


def _texts_of_json(line: bytes) -> list[bytes] | None:
    """The texts of the object that the line is; None where it is none."""
    if not line.startswith(b"{"):
        return None
    try:
        members = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return [value.encode("utf-8", "replace") for value in members.values() if isinstance(value, str)]


def _from_start(text: bytes) -> bytes:
    match = START_OF_LINE.search(text)
    return text[match.start() :] if match else b""


def time_of_prefix(prefix: bytes) -> float | None:
    """RFC 5424 has a whole date, RFC 3164 none of the year."""
    if (whole := moment(prefix)) is not None:
        return whole
    month, time = _MONTH.search(prefix), time_of_day(prefix)
    if month is None or time is None:
        return None
    day = day_seconds(_YEAR, _MONTHS.index(month[1]) + 1, int(month[2]))
    return None if day is None else day + time
