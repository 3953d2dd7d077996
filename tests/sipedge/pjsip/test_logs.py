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


def test_a_line_counts_for_the_part_of_pjsip_that_wrote_it(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """So one kind does not hide another; a transaction is of the same kind as all others."""
    caplog.set_level(logging.DEBUG, logger="sipedge.pjsip")
    wire.malformed(request(cseq="99999999999 MESSAGE"))
    logs.set_level(5)
    try:
        wire.request(request(via="SIP/2.0/TLS h;branch=z9hG4bKone"))
        wire.request(request(via="SIP/2.0/TLS h;branch=z9hG4bKtwo"))
    finally:
        logs.set_level(2)
    places = {record.pathname for record in caplog.records}
    assert {"sip_parser.c", "tsx"} <= places
    assert not any("0x" in place for place in places)
