"""A header section rewritten line by line: for each header a function from its value to what is passed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sipedge.sip.message import Message

Handler = Callable[[str], str | None]
"""The value of one header line, unfolded -> the new one; None: the line goes."""


def rewritten(message: Message, handlers: Mapping[str, Handler]) -> list[bytes]:
    """All lines of the head, start line first. A line whose value stays is not touched by a byte."""
    lines = list(message.lines)
    gone = set()
    for name in handlers.keys() & message.index.keys():
        for number in message.index[name]:
            value = message.value(number)
            changed = handlers[name](value)
            if changed is None:
                gone.add(number)
            elif changed != value:
                lines[number] = line_of(lines[number].partition(b":")[0].rstrip(), changed)
    return [line for number, line in enumerate(lines) if number not in gone]


def line_of(name: bytes, value: str) -> bytes:
    return name + b": " + value.encode("utf-8", "surrogateescape")


def head_of(lines: list[bytes]) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n"


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
