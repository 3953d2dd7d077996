"""What a server adds to the topmost Via of a request: where it really came from (RFC 3261 18.2.1, RFC 3581 4)."""

from __future__ import annotations

from .message import Message, Via, item_spans


def stamped_via(message: Message, source: tuple[str, int]) -> bytes | None:
    """The top Via line with ``received`` where sent-by is not the source address, and ``rport`` filled if asked for.

    RFC 3261 18.2.1, RFC 3581 4. None when nothing has to be added.
    """
    address, port = source
    via = message.via
    received = b"" if via.host == address or via.parameter("received") is not None else b";received=" + address.encode()
    line = message.lines[message.index["via"][0]]
    if via.parameter("rport") == "":
        return _fill_rport(line, via, address, port)
    if not received:
        return None
    end = _first_value_end(line)
    return line[:end].rstrip() + received + line[end:]


def _fill_rport(line: bytes, via: Via, address: str, port: int) -> bytes:
    """``rport`` gets its value where it stands; RFC 3581 wants ``received`` with it in any case."""
    end = _first_value_end(line)
    value, rest = line[:end].rstrip(), line[end:]
    at = value.lower().rfind(b"rport")
    filled = value[: at + 5] + b"=%d" % port + value[at + 5 :].lstrip(b" \t=")
    if via.parameter("received") is None:
        filled += b";received=" + address.encode()
    return filled + rest


def _first_value_end(line: bytes) -> int:
    if b"," not in line:
        return len(line)
    colon = line.index(b":") + 1
    return colon + next(item_spans(line[colon:].decode("latin-1")))[1]
