"""The native half against the other one, its oracle: every event, every byte sent, every count."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.native import require_native
from support.paths import DATA, messages_in
from support.pjsip_texts import request

from sipedge.pjsip.calls import NEW, Calls
from sipedge.sip.message import parse_message
from tools.fuzz.conversation import PEERS, steps
from tools.fuzz.halves import Halves
from tools.fuzz.samples import FOUND

Wire = Any
SAMPLES = [path.read_bytes() for path in messages_in(DATA)]


@pytest.fixture(scope="module")
def halves() -> Iterator[Halves]:
    require_native()
    with Halves() as both:
        yield both
    assert both.statuses == (0, 0)


@pytest.mark.slow
@examples(500)
@given(seed=st.integers(0, 2**32))
def test_a_conversation_is_the_same_in_both_halves(halves: Halves, seed: int) -> None:
    assert halves.difference(steps(Random(seed), SAMPLES)) == ""


@pytest.mark.slow
def test_all_messages_and_all_that_fuzzing_has_found_are_the_same_in_both_halves(halves: Halves) -> None:
    found = [path.read_bytes() for path in sorted(FOUND.rglob("*.bin"))]
    for data in SAMPLES + found:
        assert halves.difference([("receive", peer, data) for peer in range(len(PEERS))]) == ""


@pytest.mark.parametrize(
    "via",
    [
        "SIP/2.0/TLS 127.0.0.9:5061;branch=z9hG4bKcaller",
        "SIP/2.0/TLS Host.Example;rport;branch=Z9HG4BKCaller",
        "SIP/2.0/TLS [2001:DB8::1];branch=z9hG4bK" + "x" * 2000,
        *(f"SIP/2.0/TLS h:5061;branch=z9hG4bK{'x' * length}" for length in range(100, 128)),
        "SIP/2.0/TLS h;branch=z9hG4bK",
        "SIP/2.0/TLS Old.Example:5062;branch=z9hG4b",
        "SIP/2.0/TLS old.example",
    ],
)
@pytest.mark.parametrize("half", ["native"], indirect=True)
def test_the_name_of_a_transaction_is_the_same_in_both_halves(wire: Wire, via: str) -> None:
    """The lengths are those around the end of a block of the digest."""
    message = parse_message(request(via=via))
    source = wire.stack._connections[wire.caller]
    names = []
    for half in (wire.stack._calls.request, lambda *it: Calls.request(wire.stack._calls, *it)):
        assert half(source, message) == NEW
        names.append(named(wire))
    assert names[0] == names[1]


def named(wire: Wire) -> tuple[object, ...]:
    """What pjsip makes the name of a transaction of."""
    ffi, via = wire.stack._endpoint.ffi, wire.stack._reception.data.msg_info.via
    texts = (via.sent_by.host, via.branch_param, via.recvd_param)
    return *(bytes(ffi.unpack(text.ptr, text.slen)) if text.slen else b"" for text in texts), via.rport_param
