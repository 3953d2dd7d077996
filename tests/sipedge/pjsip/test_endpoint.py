from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from support.paths import ROOT
from support.pjsip_texts import VIA, answer, request

Wire = Any
AGAIN = """
from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.sip.message import parse_message
for _ in range(3):
    events = []
    stack = Stack(
        emit=events.append,
        send=print,
        may_answer=print,
        max_message=999,
        max_transactions=9,
        max_transactions_per_connection=9,
    )
    stack.open(1, Ends(secure=True, local=("127.0.0.1", 1), remote=("127.0.0.2", 2)))
    stack.receive(1, parse_message({request!r}))
    stack.shutdown()
    print(len(events))
"""


def test_many_timers_fire_in_one_poll(wire: Wire) -> None:
    """pjsip's own poll stops after 64."""
    for number in range(200):
        event = wire.request(request(via=f"{VIA}{number}"))
        wire.stack.respond(event.transaction, 200, answer())
    assert wire.stack.counts().transactions == 200
    assert wire.stack.poll() is None
    assert wire.stack.counts().transactions == 0


@pytest.mark.slow
def test_pjsip_can_be_ended_and_begun_again() -> None:
    result = subprocess.run(
        [sys.executable, "-c", AGAIN.format(request=request("INVITE"))],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (result.returncode, result.stdout.split()) == (0, ["1", "1", "1"]), result.stderr
