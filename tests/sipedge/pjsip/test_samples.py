"""Every message of the shared samples through the real pjsip: what becomes of it, as a table.

Left out are those that are well-formed and do what is expected: a new request, a stray response.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.paths import SAMPLES

from sipedge.proxy.events import MalformedReceived, RequestReceived
from sipedge.sip.message import MessageError, parse_message

Wire = Any
FOLDERS = ("rfc4475", "rfc5118", "ms-sip", "misc", "sipe", "reconstructed")

EXPECTED = {
    # RFC 4475 3.1.2: messages to be rejected. "form": refused by message.py before pjsip.
    "badinv01": ("Via", 7, 29),  # 3.1.2.1, extra separators in Via and Contact
    "ncl": ("Content-Length", 10, 1),  # 3.1.2.3, negative Content-Length
    "scalar02": ("CSeq", 5, 28),  # 3.1.2.4, scalar fields with overlarge values
    "scalarlg": ("CSeq", 5, 30),  # 3.1.2.5, the same in a response
    "quotbal": ("To", 2, 5),  # 3.1.2.6, unterminated quoted string
    "lwsruri": "form",  # 3.1.2.8, blanks in the Request-URI
    "lwsstart": "form",  # 3.1.2.9, several blanks in the start line
    "trws": "form",  # 3.1.2.10, blank at the end of the start line
    "badvers": "form",  # 3.1.2.16, unknown protocol version
    "mismatch01": ("CSeq", 6, 1),  # 3.1.2.17, method not that of CSeq
    "mismatch02": ("CSeq", 6, 1),  # 3.1.2.18, the same with an unknown method
    "bigcode": "form",  # 3.1.2.19, overlarge response code
    "insuf": ("From", 0, 0),  # 3.3.1, missing From, To and Call-ID
    "multi01": ("From", 12, 1),  # 3.3.8, more than one of single headers
    "mcl01": ("Content-Length", 7, 1),  # 3.3.9, two Content-Lengths
    "ipv6-bad": ("Request-URI", 1, 19),  # RFC 5118 4.2, IPv6 reference without brackets
    # [MS-SIP] as printed: To without angle brackets around the URI, or broken in print
    "04_200_SUBSCRIBE": ("To", 6, 29),
    **{f"{number:02}_REGISTER": ("To", 4, 13) for number in (5, 7, 9, 13, 15, 17, 19, 21, 23)},
    "08_301_REGISTER": ("To", 4, 13),
    "11_REGISTER": ("To", 4, 11),
    "18_301_REGISTER": ("To", 4, 13),
}
WITHOUT_TRANSACTION = {"27_BENOTIFY", "04_ACK_im"}
TOLERATED = {
    # RFC 4475 wants, or allows, a refusal; a proxy that reads none of it forwards it (16.3, 16.6).
    "badaspec",  # 3.1.2.14, blanks inside of angle brackets of To: pjsip accepts
    "baddn",  # 3.1.2.15, display name that is no token: pjsip accepts
    "baddate",  # 3.1.2.12, Date not in GMT
    "clerr",  # 3.1.2.2, Content-Length beyond the message: framing waits for the rest
    "regbadct",  # 3.1.2.13, Contact without angle brackets
    "escruri",  # 3.1.2.11, headers in the Request-URI
    "ltgtruri",  # 3.1.2.7, Request-URI in angle brackets: the core answers, it is no URI
}


def _files() -> list[Path]:
    return sorted(
        file
        for folder in FOLDERS
        for file in (SAMPLES / folder).glob("*")
        if file.suffix in (".dat", ".sip") and b"\r\n\r\n" in file.read_bytes()
    )


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")
def test_samples(wire: Wire) -> None:
    outcomes: dict[str, object] = {}
    for number, file in enumerate(_files()):
        connection = wire.open(f"127.1.{number // 200}.{number % 200 + 1}")
        outcome = _outcome(wire, connection, file.read_bytes())
        if outcome != "ok":
            outcomes[file.stem] = outcome
        wire.stack.close(connection)
    without = {name for name, outcome in outcomes.items() if outcome == "no transaction"}
    assert {name: outcome for name, outcome in outcomes.items() if name not in without} == EXPECTED
    assert without == WITHOUT_TRANSACTION
    assert not TOLERATED & set(outcomes)


def _outcome(wire: Wire, connection: int, data: bytes) -> object:
    try:
        message = parse_message(data)
    except MessageError:
        return "form"
    (event,) = wire.receive(data, connection)
    if isinstance(event, MalformedReceived):
        return event.header, event.line, event.column
    if isinstance(event, RequestReceived):
        return "ok" if event.transaction else "no transaction"
    assert event.stray and event.message.head == message.head
    return "ok"
