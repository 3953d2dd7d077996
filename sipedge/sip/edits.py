"""What a proxy may change in a message: whole lines replaced, removed or inserted, everything else byte for byte."""

from __future__ import annotations

from .message import COMMA, Message
from .values import item_spans


class Edits:
    """Collected changes to one message's head, for one use; line numbers are those of the received message."""

    __slots__ = ("_before", "_lines", "_removed", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self._lines = message.lines.copy()
        self._before: dict[int, bytes] = {}
        self._removed: set[int] = set()

    def replace(self, number: int, line: bytes) -> None:
        """Line ``number`` becomes ``line`` (without CRLF); lines inserted before it stay."""
        self._lines[number] = line

    def remove(self, number: int) -> None:
        self._removed.add(number)

    def insert_before(self, number: int, line: bytes) -> None:
        """``number`` may be ``len(lines)``: the end of the header section. Lines inserted first come first."""
        earlier = self._before.get(number)
        self._before[number] = line if earlier is None else earlier + b"\r\n" + line

    def remove_first_items(self, number: int, count: int = 1) -> None:
        """Take comma-separated values off the front of a header line; the line goes when nothing is left."""
        name, value, spans = self._items(number)
        if len(spans) <= count:
            self.remove(number)
        else:
            rest = value[spans[count][0] :]
            self.replace(number, name + b":" + (rest if rest[:1] in (b" ", b"\t") else b" " + rest))

    def remove_last_item(self, number: int) -> None:
        name, value, spans = self._items(number)
        if len(spans) < 2:
            self.remove(number)
        else:
            self.replace(number, name + b":" + value[: spans[-2][1]].rstrip())

    def _items(self, number: int) -> tuple[bytes, bytes, list[tuple[int, int]]]:
        """Name, value, and where its items lie in it; items that are empty do not count."""
        name, _, value = self._lines[number].partition(b":")
        if COMMA not in value:
            return name, value, []
        spans = item_spans(value.decode("latin-1"))
        return name, value, [(start, end) for start, end in spans if value[start:end].strip()]

    def head(self) -> bytes:
        """The edited header section with its empty line."""
        lines, removed = self._lines, self._removed
        last = self._before.pop(len(lines), None)
        for number, inserted in self._before.items():
            if number in removed:
                removed.discard(number)
                lines[number] = inserted
            else:
                lines[number] = inserted + b"\r\n" + lines[number]
        if removed:
            lines = [line for number, line in enumerate(lines) if number not in removed]
        if last is not None:
            lines.append(last)
        return b"\r\n".join(lines) + b"\r\n\r\n"
