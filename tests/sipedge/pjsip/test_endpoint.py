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


MANY = """
from sipedge.pjsip.endpoint import _LAID_OUT
from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.sip.message import parse_message
many = 3 * _LAID_OUT
events = []
stack = Stack(
    emit=events.append,
    send=lambda connection, data: None,
    may_answer=print,
    max_message=999,
    max_transactions=many,
    max_transactions_per_connection=many,
)
stack.open(1, Ends(secure=True, local=("127.0.0.1", 1), remote=("127.0.0.2", 2)))
for round in range(2):
    for number in range(many):
        stack.receive(1, parse_message({request!r}.replace(b"branch=", b"branch=z9hG4bK%d-%d" % (round, number), 1)))
        stack.respond(events.pop().transaction, 200, {answer!r})
    print(stack.counts().transactions == many, stack.poll(), stack.counts().transactions)
"""


@pytest.mark.slow
def test_more_transactions_and_timers_than_are_laid_out_for_find_room() -> None:
    result = subprocess.run(
        [sys.executable, "-c", MANY.format(request=request(via=VIA), answer=answer())],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (result.returncode, result.stdout.split()) == (0, ["True", "None", "0"] * 2), result.stderr
