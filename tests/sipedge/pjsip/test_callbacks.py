from __future__ import annotations

from typing import Any

import pytest
from support.pjsip_texts import answer, request

from sipedge.pjsip.declarations import StackError
from sipedge.pjsip.outgoing import Outgoing

Wire = Any


def test_an_exception_in_a_callback_is_raised_from_the_call(wire: Wire, monkeypatch: Any) -> None:
    event = wire.request(request())
    wire.stack.respond(event.transaction, 180, answer(180))

    def fail(*_: object) -> bytes:
        raise LookupError("buffer")

    with monkeypatch.context() as patch:
        patch.setattr(Outgoing, "content", fail)
        with pytest.raises(StackError) as caught:
            wire.receive(request())
    assert isinstance(caught.value.__cause__, LookupError)
    wire.stack.respond(event.transaction, 200, answer())
    assert wire.sent[-1] == (wire.caller, answer())
