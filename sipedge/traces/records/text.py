"""Logs as text, cut into records: a record begins where its format's opening stands and ends before the next line of
the log's own. What lies between records is looked through for messages that stand there without any frame.

UTF-16 (with its mark or without) becomes UTF-8; positions are those in the file all the same.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .rebuild import last_start
from .record import Item, Record, Skipped
from .source import ByteStream

READ = 1 << 20
_LINES_READ = 1 << 18
LARGEST_RECORD = 1 << 20
_SHORTEST_GAP = 16
"""Less than this holds no message: mostly empty lines between records."""
_KEPT = 1 << 14
"""Bytes kept from before the end of a window: a record's first lines may stand there before its opening."""
_CONTINUATION = bytes(range(0x80, 0xC0))
_NOT_ASTRAL = bytes(range(0xF0))
"""In UTF-8 all bytes but the first ones of characters that take four bytes, in UTF-16 too."""
_UTF8_MARK, _UTF16_LITTLE, _UTF16_BIG = codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE


class Block(NamedTuple):
    """A piece of the log in UTF-8."""

    file: str
    position: int
    text: bytes
    whole: bool = True
    """False: the record is longer than LARGEST_RECORD, or the file ends in it."""
    begins_line: bool = True
    """False: the piece begins within a line."""


Find = Callable[[bytes, int], "tuple[int, int] | None"]
"""In text from an offset on, the next record: where it begins, and from where its end may be looked for."""
End = Callable[[bytes, int], int]
"""In text from an offset on, where the record ends; -1 when its end is not there."""
Parse = Callable[[Block], Iterator[Item]]
FastParse = Callable[[bytes, int, str, int], "tuple[Record, int] | None"]
"""Parses a record that is written without a flaw: (text, where it begins, file, position there) -> the message that
``parse`` would make of it, and where the record ends. None where there is any doubt. Without it the logs of tools/bench
(logs.py) take 1.7 times as long to read."""


def opening(pattern: re.Pattern[bytes]) -> Find:
    """A Find for records that begin with a match."""

    def find(text: bytes, start: int) -> tuple[int, int] | None:
        match = pattern.search(text, start)
        return match.span() if match else None

    return find


def ending(pattern: re.Pattern[bytes]) -> End:
    """An End for records that end where a match begins, or where it ends when it has a group named "end"."""
    inclusive = "end" in pattern.groupindex

    def end(text: bytes, after: int) -> int:
        match = pattern.search(text, after)
        if match is None:
            return -1
        return match.end() if inclusive and match["end"] else match.start()

    return end


def read_records(
    stream: ByteStream,
    file: str,
    find: Find,
    boundary: re.Pattern[bytes] | End,
    parse: Parse,
    gap: Parse,
    fast_parse: FastParse | None = None,
) -> Iterator[Item]:
    """``parse`` for each record, ``gap`` for each piece of text between them; a pattern means ``ending`` of it.

    ``fast_parse`` is asked before ``parse``: most records of a log that nobody has copied have no flaw.
    """
    find_end = ending(boundary) if isinstance(boundary, re.Pattern) else boundary
    window = _Window(stream)
    searched = 0
    while True:
        next_record = find(window.text, max(window.start, searched))
        if next_record is None:
            if window.at_end:
                yield from _parsed(gap, window.take(file, len(window.text)))
                return
            searched = window.keep_from()
            yield from _parsed(gap, window.take(file, _before_last_message(window, searched)))
            searched -= window.read()
            continue
        searched = 0
        begin, after = next_record
        if begin - window.start < _SHORTEST_GAP:
            window.start = begin
        else:
            yield from _parsed(gap, window.take(file, begin))
        parsed = None if fast_parse is None else fast_parse(window.text, begin, file, window.position)
        if parsed is not None:
            record, window.start = parsed
            yield record
            continue
        end, whole = _end(window, find_end, after)
        yield from _parsed(parse, window.take(file, end, whole))


def _before_last_message(window: _Window, end: int) -> int:
    """A message without a frame goes on to the next start line, which is not there yet: it is not taken now."""
    start = last_start(window.text, window.start, end)
    return start if start >= 0 and len(window.text) - start <= LARGEST_RECORD else end


def _end(window: _Window, find_end: End, after: int) -> tuple[int, bool]:
    """Where the record at the window's start ends; more is read when its end is not there yet."""
    while True:
        end = find_end(window.text, after)
        if end >= 0:
            return end, True
        if window.at_end or len(window.text) - window.start > LARGEST_RECORD:
            return min(len(window.text), window.start + LARGEST_RECORD), window.at_end
        after = max(after, len(window.text) - _KEPT)
        after -= window.read()


def _parsed(parse: Parse, block: Block) -> Iterator[Item]:
    if not block.text:
        return
    if not block.whole:
        yield Skipped(block.file, block.position, f"a record is longer than {LARGEST_RECORD} bytes")
        return
    yield from parse(block)


class _Window:
    """The part of the log that is in memory: ``text[start:]`` is not consumed yet."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.text = b""
        self.start = 0
        self.at_end = False
        self._begins_line = True  # the text does, that is
        self._base = self._counted = 0  # ``text[_counted]`` stands at ``_base`` in the file
        first = stream.read(READ)
        self._encoding = encoding_of(first)
        if first.startswith((_UTF8_MARK, _UTF16_LITTLE, _UTF16_BIG)):
            self._base = 3 if first.startswith(_UTF8_MARK) else 2
            first = first[self._base :]
        self._decoder = codecs.getincrementaldecoder(self._encoding)("replace") if self._encoding else None
        self._add(first)

    def read(self) -> int:
        """Get more; returns by how much offsets in ``text`` have become smaller."""
        dropped = self.start
        self._base = self.position
        self._begins_line = self._is_line(dropped)
        self.text = self.text[dropped:]
        self.start = self._counted = 0
        self._add(self._stream.read(READ))
        return dropped

    @property
    def position(self) -> int:
        """In the file, of what is not consumed yet."""
        if not self._encoding:
            return self._base + self.start
        passed = self.text[self._counted : self.start]
        self._base += _length_in_utf16(passed)
        self._counted = self.start
        return self._base

    def take(self, file: str, end: int, whole: bool = True) -> Block:
        block = Block(file, self.position, self.text[self.start : end], whole, self._is_line(self.start))
        self.start = end
        return block

    def _is_line(self, place: int) -> bool:
        """Whether a line begins there."""
        return self.text.startswith(b"\n", place - 1) if place else self._begins_line

    def keep_from(self) -> int:
        """The beginning of a line near the end; a place within a line only when that is longer than what is kept."""
        line = self.text.rfind(b"\n", self.start, max(self.start, len(self.text) - _KEPT))
        if line >= 0:
            return line + 1
        if len(self.text) - self.start <= 2 * _KEPT:
            return self.start
        place = len(self.text) - _KEPT
        # Not within a character of UTF-8 (RFC 3629 section 3), which has three bytes more at most.
        return next((at for at in range(place, place - 4, -1) if self.text[at] & 0xC0 != 0x80), place)

    def _add(self, data: bytes) -> None:
        self.at_end = not data
        if self._decoder is not None:
            data = self._decoder.decode(data, not data).encode("utf-8", "replace")
        self.text += data


def _length_in_utf16(text: bytes) -> int:
    """Of UTF-8, in bytes; a character that is cut off counts where its first byte is."""
    return 2 * (len(text.translate(None, _CONTINUATION)) + len(text.translate(None, _NOT_ASTRAL)))


def encoding_of(head: bytes) -> str:
    """utf-16-le or utf-16-be, "" for what is ASCII, UTF-8 or anything else that has ASCII in it."""
    if head.startswith(_UTF16_LITTLE):
        return "utf-16-le"
    if head.startswith(_UTF16_BIG):
        return "utf-16-be"
    sample = head[:512]
    if len(sample) >= 8 and sample.count(0) * 3 > len(sample):
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if odd > 9 * even:
            return "utf-16-le"
        if even > 9 * odd:
            return "utf-16-be"
    return ""


def as_text(head: bytes) -> bytes:
    """The beginning of a file as UTF-8 without marks: what ``detect`` looks at."""
    encoding = encoding_of(head)
    if encoding:
        return head.decode(encoding, "replace").lstrip("\ufeff").encode("utf-8", "replace")
    return head.removeprefix(_UTF8_MARK)


def numbered_lines(stream: ByteStream, longest: int) -> Iterator[tuple[int, bytes]]:
    """(offset, line without its end); of one that is longer its first ``longest`` bytes and a few more."""
    position, kept, length = 0, b"", 0
    while data := stream.read(_LINES_READ):
        *lines, rest = data.split(b"\n")
        for line in lines:
            yield position, kept + line
            position += length + len(line) + 1
            kept, length = b"", 0
        length += len(rest)
        if len(kept) <= longest:
            kept += rest
    if kept:
        yield position, kept
