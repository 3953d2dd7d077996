"""Every message of tests/data through the real pjsip: what becomes of it, as a table. The published ones fare alike.

Left out are those that are well-formed and do what is expected: a new request, a stray response.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from support.paths import DATA, messages_in
from support.third_party import require_shared

from sipedge.proxy.events import MalformedReceived, RequestReceived
from sipedge.sip.message import parse_message
from sipedge.sip.values import MessageError

Wire = Any

EXPECTED = {
    # RFC 4475 3.1.2: messages to be rejected. "form": refused by message.py before pjsip.
    "badinv01": ("Via", 7, 29),  # 3.1.2.1, extra separators in Via and Contact
    "ncl": ("Content-Length", 10, 1),  # 3.1.2.3, negative Content-Length
    "scalar02": ("CSeq", 5, 28),  # 3.1.2.4, scalar fields with overlarge values
    "scalarlg": ("CSeq", 5, 28),  # 3.1.2.5, the same in a response
    "quotbal": ("To", 2, 5),  # 3.1.2.6, unterminated quoted string
    "lwsruri": "form",  # 3.1.2.8, blanks in the Request-URI
    "lwsstart": "form",  # 3.1.2.9, several blanks in the start line
    "trws": "form",  # 3.1.2.10, blank at the end of the start line
    "badvers": "form",  # 3.1.2.16, unknown protocol version
    "mismatch01": ("CSeq", 7, 1),  # 3.1.2.17, method not that of CSeq
    "mismatch02": ("CSeq", 6, 1),  # 3.1.2.18, the same with an unknown method
    "bigcode": "form",  # 3.1.2.19, overlarge response code
    "insuf": ("From", 0, 0),  # 3.3.1, missing From, To and Call-ID
    "multi01": ("From", 12, 1),  # 3.3.8, more than one of single headers
    "mcl01": ("Content-Length", 7, 1),  # 3.3.9, two Content-Lengths
    "ipv6-bad": ("Request-URI", 1, 19),  # RFC 5118 4.2, IPv6 reference without brackets
    # As [MS-SIP] prints them: To without angle brackets around the URI, or never closed.
    "register_to_without_brackets": ("To", 4, 12),
    "301_register_to_without_brackets": ("To", 4, 12),
    "200_subscribe_to_unclosed": ("To", 6, 32),
    # No transaction waits for an answer to these.
    "benotify_presence": "no transaction",
    "04_ACK_im": "no transaction",
}
OURS = {"register_to_without_brackets", "301_register_to_without_brackets", "200_subscribe_to_unclosed"}
OURS |= {"benotify_presence"}
"""Not published under this name."""
PUBLISHED = {
    "04_200_SUBSCRIBE": "To",
    **{f"{number:02}_REGISTER": "To" for number in (5, 7, 9, 11, 13, 15, 17, 19, 21, 23)},
    "08_301_REGISTER": "To",
    "18_301_REGISTER": "To",
    "27_BENOTIFY": "no transaction",
}
"""[MS-SIP] as printed."""
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


def test_messages(wire: Wire) -> None:
    outcomes = _outcomes(wire, messages_in(DATA))
    assert outcomes == EXPECTED
    assert not TOLERATED & set(outcomes)


def test_published_messages_fare_alike(wire: Wire) -> None:
    """The same header is malformed, though at another place."""
    found = _headers(_outcomes(wire, messages_in(require_shared("samples"))))
    ours = {name: outcome for name, outcome in EXPECTED.items() if name not in OURS}
    assert found == _headers(ours) | PUBLISHED


def _headers(outcomes: dict[str, object]) -> dict[str, object]:
    """Without line and column."""
    return {name: outcome[0] if isinstance(outcome, tuple) else outcome for name, outcome in outcomes.items()}


def _outcomes(wire: Wire, files: Iterable[Path]) -> dict[str, object]:
    outcomes: dict[str, object] = {}
    for number, file in enumerate(files):
        connection = wire.open(f"127.1.{number // 200}.{number % 200 + 1}")
        outcome = _outcome(wire, connection, file.read_bytes())
        if outcome != "ok":
            outcomes[file.stem] = outcome
        wire.stack.forget(connection)
    return outcomes


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
