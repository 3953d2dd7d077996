"""Questions on the stats socket of a worker, which only a working one answers (Management Guide, section 9.3)."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping
from dataclasses import dataclass

LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes: a row has about 400, and room."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker says of itself."""

    info: Mapping[str, str]
    """``show info``: ``Version``, ``description``, ``CurrConns`` and so on."""
    rows: tuple[Mapping[str, str], ...]
    """``show stat``: a row for each frontend (``svname`` FRONTEND), backend (BACKEND) and server, by its columns."""


async def ask(socket: str, *commands: str) -> list[str]:
    """The answer to each command. Raises OSError."""
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write((";".join(commands) + "\n").encode())
        text = (await _all(reader)).decode(errors="replace")
    finally:
        writer.close()
    answers = text.split("\n\n")
    if len(answers) <= len(commands) - 1:
        raise OSError("HAProxy's answer ends too early")
    return [answer.strip("\n") for answer in answers[: len(commands)]]


async def state(socket: str) -> Answer:
    """Raises OSError."""
    info, rows = await ask(socket, "show info", "show stat")
    pairs = (entry.partition(": ") for entry in info.splitlines())
    found = {name: value for name, _, value in pairs}
    if "Version" not in found:
        raise OSError("HAProxy's answer cannot be read")
    lines = rows.removeprefix("# ").splitlines()
    return Answer(found, tuple(csv.DictReader(lines)))


async def _all(reader: asyncio.StreamReader) -> bytes:
    """Until the worker closes: it answers one line of commands and is done."""
    found = bytearray()
    while part := await reader.read(65536):
        found += part
        if len(found) > LONGEST_ANSWER:
            raise OSError("HAProxy's answer is too long")
    return bytes(found)
