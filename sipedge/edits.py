"""What a proxy may change in a message: whole lines replaced, removed or inserted, everything else byte for byte."""

from __future__ import annotations

from .message import Message, item_spans


class Edits:
    """Collected changes to one message's head; line numbers are those of the received message."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self._lines: dict[int, list[bytes]] = {}

    def replace(self, number: int, line: bytes) -> None:
        """Line ``number`` becomes ``line`` (without CRLF); lines inserted before it stay."""
        self._slot(number)[-1:] = [line]

    def remove(self, number: int) -> None:
        slot = self._slot(number)
        if slot and slot[-1] is not _GONE:
            slot[-1] = _GONE

    def insert_before(self, number: int, line: bytes) -> None:
        """``number`` may be ``len(lines)``: the end of the header section."""
        self._slot(number).insert(-1, line)

    def remove_first_item(self, number: int) -> None:
        """Take the first comma-separated value off a header line; the line goes when nothing is left."""
        name, value, spans = self._items(number)
        if len(spans) < 2:
            self.remove(number)
        else:
            rest = value[spans[1][0] :]
            self.replace(number, name + b":" + (rest if rest[:1] in (b" ", b"\t") else b" " + rest))

    def remove_last_item(self, number: int) -> None:
        name, value, spans = self._items(number)
        if len(spans) < 2:
            self.remove(number)
        else:
            self.replace(number, name + b":" + value[: spans[-2][1]].rstrip())

    def _items(self, number: int) -> tuple[bytes, bytes, list[tuple[int, int]]]:
        """Name, value, and where its items lie in it; items that are empty do not count."""
        name, _, value = self.line(number).partition(b":")
        if b"," not in value:
            return name, value, []
        spans = item_spans(value.decode("latin-1"))
        return name, value, [(start, end) for start, end in spans if value[start:end].strip()]

    def line(self, number: int) -> bytes:
        """A line as it stands after the edits made so far."""
        slot = self._lines.get(number)
        return self.message.lines[number] if slot is None else slot[-1]

    def head(self) -> bytes:
        """The edited header section with its empty line."""
        lines = self.message.lines
        result: list[bytes] = []
        at = 0
        for number in sorted(self._lines):
            result += lines[at:number]
            result += [line for line in self._lines[number] if line is not _GONE]
            at = number + 1
        result += lines[at:]
        return b"\r\n".join(result) + b"\r\n\r\n"

    def _slot(self, number: int) -> list[bytes]:
        slot = self._lines.get(number)
        if slot is None:
            lines = self.message.lines
            slot = self._lines[number] = [lines[number] if number < len(lines) else _GONE]
        return slot


_GONE = bytes(bytearray(b"\0gone"))  # compared by identity: an object of its own
