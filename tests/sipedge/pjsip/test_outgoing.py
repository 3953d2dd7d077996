from __future__ import annotations

from typing import Any

import pytest
from support.pjsip_texts import VIA, answer, request

Wire = Any


@pytest.mark.parametrize("size", [0, 3999, 4000, 65000])
def test_bytes_longer_than_pjsip_prints_are_kept_with_their_message(wire: Wire, size: int) -> None:
    event = wire.request(request("INVITE"))
    data = answer(180, "INVITE") + bytes(range(256)) * (size // 256)
    wire.stack.respond(event.transaction, 180, data)
    wire.request(request(via=VIA + "2"))
    wire.receive(request("INVITE"))
    assert wire.sent == [(wire.caller, data)] * 2


def test_each_provisional_answer_replaces_the_one_before(wire: Wire) -> None:
    event = wire.request(request("INVITE"))
    pools = wire.stack.counts().pools
    for status in range(101, 150):
        wire.stack.respond(event.transaction, status, answer(status, "INVITE"))
    assert wire.stack.counts().pools == pools + 1
    wire.receive(request("INVITE"))
    assert wire.sent[-1] == (wire.caller, answer(149, "INVITE"))
