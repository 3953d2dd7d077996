"""The question to a Prosody process that only a working one answers: HTTP over loopback, to our module there.

It is asked every few seconds for as long as the edge runs, so it is written out: a client library would spend more on
each question than the engine on its answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

LONGEST_ANSWER = 4 * 1024 * 1024
"""Bytes: 10,000 streams of 200 each, and room."""


async def question(host: str, port: int, token: str) -> Mapping[str, Any]:
    """What the process says of itself: ``version``, ``streams``, ``links``. Raises OSError."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET /state HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        status = head.partition(b"\r\n")[0]
        if b" 200 " not in status:
            raise OSError(f"the answer is {status.decode(errors='replace')}")
        answer = json.loads(await _rest(reader))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, RecursionError) as error:
        raise OSError(f"the answer cannot be read: {error}") from None
    finally:
        writer.close()
    if not isinstance(answer, dict):
        raise OSError("the answer is no JSON object")
    return answer


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """All until the engine closes: an answer to HTTP/1.0 has no other end."""
    found = bytearray()
    while part := await reader.read(65536):
        found += part
        if len(found) > LONGEST_ANSWER:
            raise OSError("the answer is too long")
    return bytes(found)
