from __future__ import annotations

import logging
from typing import Any

import pytest
from support.pjsip_texts import request

from sipedge.pjsip import logs

Wire = Any


def test_pjsip_speaks_through_logging(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="sipedge.pjsip")
    wire.request(request(via="SIP/2.0/TLS h;branch=z9hG4bKquiet"))
    assert caplog.records == []
    logs.set_level(5)
    try:
        wire.request(request())
    finally:
        logs.set_level(2)
    assert any("Transaction created for" in record.message for record in caplog.records)
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
    assert all(record.message.isprintable() for record in caplog.records)


def test_what_a_peer_wrote_is_not_an_error_of_ours(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    wire.malformed(request(cseq="99999999999 MESSAGE"))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
