"""A header section taken apart and put together again, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sipedge.sip.message import Message

Handler = Callable[[str], str | None]
"""The value of one header line, unfolded -> the new one; None: the line goes."""


class Head:
    """The header section of a message, to be changed. A line that keeps its value is not touched by a byte."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._lines: list[bytes | None] = list(message.lines)
        self._instead: dict[int, list[bytes]] = {}
        """Line number -> lines that stand there instead."""

    def replace(self, name: str, line: bytes) -> None:
        """The first line of a header that is there."""
        self._lines[self._message.index[name][0]] = line

    def start_line(self, line: bytes) -> None:
        self._lines[0] = line

    def rewrite(self, handlers: Mapping[str, Handler]) -> None:
        message = self._message
        for name, numbers in message.index.items():
            handler = handlers.get(name)
            if handler is None:
                continue
            for number in numbers:
                value = message.value(number)
                changed = handler(value)
                if changed is None:
                    self._lines[number] = None
                elif changed != value:
                    self._lines[number] = line_of(message.lines[number].partition(b":")[0].rstrip(), changed)

    def keep_first(self, name: str) -> None:
        for number in self._message.index[name][1:]:
            self._lines[number] = None

    def add_behind_first(self, name: str, lines: Iterable[bytes]) -> None:
        number = self._message.index[name][0]
        self._instead[number] = [self._message.lines[number], *lines]

    def write(self, name: str, items: Iterable[str]) -> None:
        """All values of a header that is there, one on each line, where its first line stands."""
        numbers = self._message.index[name]
        written = self._message.lines[numbers[0]].partition(b":")[0].rstrip()
        for number in numbers:
            self._lines[number] = None
        self._instead[numbers[0]] = [line_of(written, item) for item in items]

    def drop(self, numbers: Iterable[int], doubted: Callable[[bytes], bool]) -> None:
        """Of these lines those of which ``doubted`` says so."""
        for number in numbers:
            line = self._lines[number]
            if line is not None and doubted(line):
                self._lines[number] = None

    @property
    def kept(self) -> tuple[bytes | None, ...]:
        """All lines as they are now, where no line stands for several; None: it is gone."""
        return tuple(self._lines)

    def to_bytes(self) -> bytes:
        lines: list[bytes] = []
        for number, line in enumerate(self._lines):
            if number in self._instead:
                lines += self._instead[number]
            elif line is not None:
                lines.append(line)
        return b"\r\n".join(lines) + b"\r\n\r\n"


def remade(head: bytes, body: bytes, message: Message) -> Message:
    """What has become of a message. Those with the same names become alike, as a rule."""
    memo = message.index.memo
    made = Message(head, body, memo.get(remade))
    memo[remade] = made.index
    return made


def line_of(name: bytes, value: str) -> bytes:
    return name + b": " + value.encode("utf-8", "surrogateescape")


def composed(*tables: Mapping[str, Handler]) -> dict[str, Handler]:
    """One table: where several have a header, one function after the other."""
    result: dict[str, Handler] = {}
    for table in tables:
        for name, handler in table.items():
            result[name] = _one_after_the_other(result[name], handler) if name in result else handler
    return result


def _one_after_the_other(first: Handler, second: Handler) -> Handler:
    def both(value: str) -> str | None:
        between = first(value)
        return None if between is None else second(between)

    return both
