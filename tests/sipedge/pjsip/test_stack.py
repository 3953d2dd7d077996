"""What the stack promises beside transactions: order, exceptions, memory."""

from __future__ import annotations

from typing import Any

import pytest
from support.pjsip_texts import VIA, answer, forwarded, request, response

from sipedge.pjsip.declarations import StackError
from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.events import RequestReceived, ResponseReceived
from sipedge.sip.message import parse_message

Wire = Any


def test_only_one_stack_in_a_process(wire: Wire) -> None:
    with pytest.raises(StackError, match="already"):
        Stack(
            emit=print,
            send=print,
            may_answer=lambda branch, connection: False,
            max_message=1000,
            max_transactions=1,
            max_transactions_per_connection=1,
        )
    wire.request(request())


def test_a_connection_is_opened_once(wire: Wire) -> None:
    with pytest.raises(StackError, match="open already"):
        wire.stack.open(wire.caller, Ends(secure=True, local=("127.0.0.2", 1), remote=("127.0.0.9", 2)))
    wire.stack.close(12345678)


def test_an_exception_in_emit_reaches_the_caller_and_nothing_breaks(wire: Wire) -> None:
    def fail(event: object) -> None:
        raise LookupError("core")

    wire.emit = fail
    with pytest.raises(LookupError):
        wire.receive(request())
    wire.stack.set_timeout(1)
    assert wire.forward("z9hG4bK1", parse_message(forwarded()))
    with pytest.raises(LookupError):
        while True:
            wire.stack.poll()
    wire.clear()
    assert wire.request(request(via=VIA + "2")).transaction


def test_the_core_may_call_back_from_emit(wire: Wire) -> None:
    def proxy(event: Any) -> None:
        if isinstance(event, RequestReceived):
            assert wire.stack.forward("z9hG4bKedge", wire.callee, forwarded(), b"")
            wire.stack.receive(wire.callee, parse_message(response()))
            wire.stack.respond(event.transaction, 200, answer())
        elif isinstance(event, ResponseReceived):
            wire.stack.close(wire.callee)

    wire.emit = proxy
    wire.stack.receive(wire.caller, parse_message(request()))
    assert wire.sent == [(wire.callee, forwarded()), (wire.caller, answer())]


@pytest.mark.slow
def test_memory_is_flat_over_many_transactions(wire: Wire) -> None:
    """20,000 proxied transactions, polled as the loop does; /proc is read because peaks never fall."""

    def run(count: int) -> None:
        for number in range(count):
            wire.request(request(via=f"{VIA}{number}"))
            branch = f"z9hG4bKedge{number}"
            assert wire.stack.forward(branch, wire.callee, forwarded(branch=branch), b"")
            wire.response(response(branch=branch))
            wire.stack.respond(wire.events[0].transaction, 200, answer())
            wire.clear()
            if number % 16 == 0:
                wire.stack.poll()
        wire.stack.poll()

    run(2000)
    before, pools = _resident(), wire.stack.counts().pools
    run(20000)
    counts = wire.stack.counts()
    assert (counts.servers, counts.clients, counts.transactions, counts.pools) == (0, 0, 0, pools)
    assert _resident() - before < 4 << 20


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_other_limits_hold_for_connections_that_are_open(wire: Wire) -> None:
    def room() -> int:
        """How many transactions a connection may have."""
        number = wire.stack.counts().servers
        while not wire.sent:
            number += 1
            wire.receive(request(via=f"{VIA}{number}"))
        wire.clear()
        return wire.stack.counts().servers

    large = request(extra=(f"Route: <sip:{'x' * 70_000}@host.example.com;lr>",))
    other = wire.open("127.0.0.8")
    assert room() == 10
    wire.malformed(large, other)
    try:
        wire.stack.limit(max_message=100_000, max_transactions=30, max_transactions_per_connection=12)
        assert room() == 12
        wire.request(large, other)
    finally:
        wire.stack.limit(max_message=65536, max_transactions=30, max_transactions_per_connection=10)
