"""What a server adds to the topmost Via of a request: where it really came from (RFC 3261 18.2.1, RFC 3581 4)."""

from __future__ import annotations

import re

from .message import COMMA, Message
from .values import item_spans

_PARAMETER = re.compile(rb';\s*([^\s;=,"]+)(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^;,"]*))?')


def stamped_via(message: Message, source: tuple[str, int]) -> bytes | None:
    """The top Via line with ``received`` where sent-by is not the source address, and ``rport`` filled if asked for.

    RFC 3261 18.2.1, RFC 3581 4. None when nothing has to be added.
    """
    address, port = source
    line = message.lines[message.index["via"][0]]
    host = message.plain_via_host
    if host is not None:
        return None if host == address else line + b";received=" + address.encode()
    via = message.via
    received = via.parameter("received")
    asks_for_port = via.parameter("rport") == ""
    if not asks_for_port and address == (via.host if received is None else received):
        return None
    end = _first_value_end(line)
    value = line[:end].rstrip()
    if asks_for_port:
        value = _with(value, b"rport", b"%d" % port)
    if received is None:
        value += b";received=" + address.encode()
    else:  # what the peer says about itself does not count
        value = _with(value, b"received", address.encode())
    return value + line[end:]


def _with(value: bytes, name: bytes, content: bytes) -> bytes:
    """A parameter that is there, given another content."""
    for found in _PARAMETER.finditer(value):
        if found[1].lower() == name:
            return value[: found.end(1)] + b"=" + content + value[found.end() :]
    return value


def _first_value_end(line: bytes) -> int:
    if COMMA not in line:
        return len(line)
    colon = line.index(b":") + 1
    return colon + next(item_spans(line[colon:].decode("latin-1")))[1]
