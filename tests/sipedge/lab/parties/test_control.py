from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import pytest

from sipedge.lab.parties import control


def test_a_message_is_reported_byte_for_byte(capsys: pytest.CaptureFixture[str]) -> None:
    control.report_message("sent", "h:1", b"MESSAGE\r\n\r\n\xff\x00")
    event = json.loads(capsys.readouterr().out)
    assert event["text"].encode("latin-1") == b"MESSAGE\r\n\r\n\xff\x00"
    assert (event["event"], event["direction"], event["peer"]) == ("message", "sent", "h:1")


@pytest.mark.e2e
def test_commands_are_answered_in_tasks_of_their_own_until_stdin_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"do": "wait", "id": 1}\n{"do": "go", "id": 2}\n{"do": "fail", "id": 3}\n')
    os.close(writing)

    async def scenario() -> None:
        gone = asyncio.Event()

        async def handle(command: control.Command) -> dict[str, Any]:
            if command["do"] == "wait":
                await gone.wait()
            elif command["do"] == "go":
                gone.set()
            else:
                raise LookupError("nobody")
            return {"ok": True}

        await control.serve(handle)

    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        asyncio.run(scenario())
    events = {event["id"]: event for event in map(json.loads, capsys.readouterr().out.splitlines())}
    assert events[1]["ok"] and events[2]["ok"]
    assert events[3]["error"] == "LookupError: nobody"
