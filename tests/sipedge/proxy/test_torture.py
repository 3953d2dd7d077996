"""RFC 4475 and RFC 5118: a message to the purpose of each section through framing, pjsip and the core, and its outcome.

The messages are our own (tests/data); the published ones, where they are at hand, must fare alike.
"forwarded": it goes on. A number: the edge answers with that status. "dropped": a response that nobody waits for, or
that cannot be read. "waits": the stream is to bring more. "closed": what follows in the stream is no message. Where the
RFC names another treatment, or leaves a choice, the third column says why it is so here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.paths import DATA, messages_in
from support.playbook import INSIDE, Playbook
from support.settings import INSIDE_PEER, make_settings, rule
from support.third_party import require_shared

from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.commands import Command, Forward, Relay, Respond
from sipedge.proxy.events import Event, UnreadableReceived
from sipedge.settings import Limits
from sipedge.sip.framing import Framer, FramingError
from sipedge.sip.message import Message, parse_message

TABLE: dict[str, tuple[object, str, str]] = {
    # RFC 4475 3.1.1: valid messages
    "wsinv": ("forwarded", "3.1.1.1 a short tortuous INVITE", ""),
    "intmeth": ("forwarded", "3.1.1.2 wide range of valid characters", ""),
    "esc01": ("forwarded", "3.1.1.3 valid use of the % escaping mechanism", ""),
    "escnull": ("forwarded", "3.1.1.4 escaped nulls in URIs", ""),
    "esc02": ("forwarded", "3.1.1.5 % that is not an escape", ""),
    "lwsdisp": ("forwarded", "3.1.1.6 no LWS between display name and <", ""),
    "longreq": ("forwarded", "3.1.1.7 long values in header fields", ""),
    "dblreq": (["forwarded", "forwarded", "closed"], "3.1.1.8 extra trailing octets", "in a stream: more messages"),
    "semiuri": ("forwarded", "3.1.1.9 semicolon-separated parameters in the user part", ""),
    "transports": ("forwarded", "3.1.1.10 varied and unknown transport types", ""),
    "mpart01": ("forwarded", "3.1.1.11 multipart MIME message", ""),
    "unreason": ("dropped", "3.1.1.12 unusual reason phrase", ""),
    "noreason": ("dropped", "3.1.1.13 empty reason phrase", ""),
    # 3.1.2: invalid messages
    "badinv01": (400, "3.1.2.1 extraneous header field separators", ""),
    "clerr": ("waits", "3.1.2.2 Content-Length larger than message", "in a stream the rest may still come"),
    "ncl": (400, "3.1.2.3 negative Content-Length", ""),
    "scalar02": (400, "3.1.2.4 request scalar fields with overlarge values", ""),
    "scalarlg": ("dropped", "3.1.2.5 response scalar fields with overlarge values", ""),
    "quotbal": (400, "3.1.2.6 unterminated quoted string in display name", ""),
    "ltgtruri": (400, "3.1.2.7 <> enclosing Request-URI", ""),
    "lwsruri": (400, "3.1.2.8 malformed SIP Request-URI (embedded LWS)", ""),
    "lwsstart": (400, "3.1.2.9 multiple SP separating Request-Line elements", ""),
    "trws": (400, "3.1.2.10 SP characters at end of Request-Line", ""),
    "escruri": (400, "3.1.2.11 escaped headers in SIP Request-URI", ""),
    "baddate": ("forwarded", "3.1.2.12 invalid time zone in Date", "a proxy does not read Date (RFC 3261 16.3)"),
    "regbadct": ("forwarded", "3.1.2.13 URIs not enclosed in <>", "Contact is the registrar's, who is to answer 400"),
    "badaspec": ("forwarded", "3.1.2.14 spaces within addr-spec", "the RFC allows it: the meaning is clear"),
    "baddn": ("forwarded", "3.1.2.15 non-token characters in display name", "the RFC allows it: the meaning is clear"),
    "badvers": (505, "3.1.2.16 unknown protocol version", ""),
    "mismatch01": (400, "3.1.2.17 start line and CSeq method mismatch", ""),
    "mismatch02": (400, "3.1.2.18 unknown method with CSeq method mismatch", "400 or 501"),
    "bigcode": ("dropped", "3.1.2.19 overlarge response code", ""),
    # 3.2, 3.3: transaction and application layer
    "badbranch": ("forwarded", "3.2.1 missing transaction identifier", "treated as a branch of RFC 2543"),
    "insuf": (400, "3.3.1 missing required header fields", ""),
    "unkscm": (416, "3.3.2 Request-URI with unknown scheme", ""),
    "novelsc": (416, "3.3.3 Request-URI with known but atypical scheme", ""),
    "unksm2": ("forwarded", "3.3.4 unknown URI schemes in header fields", "the registrar answers; a proxy may pass it"),
    "bext01": (420, "3.3.5 Proxy-Require and Require", ""),
    "invut": ("forwarded", "3.3.6 unknown Content-Type", "the user agent answers 415"),
    "regaut01": ("forwarded", "3.3.7 unknown authorization scheme", ""),
    "multi01": (400, "3.3.8 multiple values in single value required fields", ""),
    "mcl01": (400, "3.3.9 multiple Content-Length values", ""),
    "bcast": ("dropped", "3.3.10 200 OK response with broadcast Via", ""),
    "zeromf": (483, "3.3.11 Max-Forwards of zero", "not an OPTIONS for this edge"),
    "cparam01": ("forwarded", "3.3.12 REGISTER with a Contact header parameter", ""),
    "cparam02": ("forwarded", "3.3.13 REGISTER with a url-parameter", ""),
    "regescrt": ("forwarded", "3.3.14 REGISTER with a URL escaped header", ""),
    "sdp01": ("forwarded", "3.3.15 unacceptable Accept offering", "the user agent answers 406"),
    "inv2543": ("forwarded", "3.4.1 INVITE with RFC 2543 syntax", "over UDP: it has no Content-Length"),
    # RFC 5118
    "ipv6-good": ("forwarded", "4.1 valid SIP message with an IPv6 reference", ""),
    "ipv6-bad": (400, "4.2 invalid SIP message with an IPv6 reference", ""),
    "port-ambiguous": ("forwarded", "4.3 port ambiguous in a SIP URI", ""),
    "port-unambiguous": ("forwarded", "4.4 port unambiguous in a SIP URI", ""),
    "via-received-param-with-delim": ("forwarded", "4.5 IPv6 reference delimiters in Via", ""),
    "via-received-param-no-delim": ("forwarded", "4.5 the same without delimiters", ""),
    "ipv6-in-sdp": ("forwarded", "4.6 SIP request with IPv6 addresses in SDP", ""),
    "mult-ip-in-header": ("forwarded", "4.7 multiple IP addresses in SIP headers", ""),
    "mult-ip-in-sdp": ("forwarded", "4.8 multiple IP addresses in SDP", ""),
    "ipv4-mapped-ipv6": ("forwarded", "4.9 IPv4-mapped IPv6 addresses", ""),
    "ipv6-bug-abnf-3-colons": ("forwarded", "4.10 IPv6 reference bug in RFC 3261 ABNF", ""),
    "ipv6-correct-abnf-2-colons": ("forwarded", "4.10 the same, corrected", ""),
}

REPAIRED: dict[str, list[tuple[bytes, bytes]]] = {
    "badinv01": [(b";,;;,", b";branch=z9hG4bKbadinv01"), (b">;;;", b">")],
    "clerr": [(b"Length: 5000", b"Length: 129")],
    "ncl": [(b"Length: -37", b"Length: 129")],
    "scalar02": [(b"CSeq: 18446744073709551617", b"CSeq: 1"), (b"Forwards: 1000", b"Forwards: 70")],
    "quotbal": [(b"master <", b'master" <')],
    "ltgtruri": [(b"<sip:mara@harbour.example> SIP", b"sip:mara@harbour.example SIP")],
    "lwsruri": [(b"; lr", b";lr")],
    "lwsstart": [(b"INVITE   ", b"INVITE "), (b"  SIP", b" SIP")],
    "trws": [(b"2.0   \r\n", b"2.0\r\n")],
    "escruri": [(b"?Subject=fog&Route=%3Csip%3Areef.example%3Blr%3E", b"")],
    "badvers": [(b"example SIP/9.1", b"example SIP/2.0"), (b"Via: SIP/9.1", b"Via: SIP/2.0")],
    "mismatch01": [(b"4 INVITE", b"4 OPTIONS")],
    "mismatch02": [(b"1 INVITE", b"1 MOOR")],
    "insuf": [(b"CSeq", b"To: <sip:a@b>\r\nFrom: <sip:c@d>;tag=1\r\nCall-ID: 1\r\nCSeq")],
    "unkscm": [(b"lanternSignalScheme:", b"sip:")],
    "novelsc": [(b"gopher://192.0.2.72:7070/1/tides", b"sip:192.0.2.72:7070")],
    "bext01": [(b"Proxy-Require", b"X-Require")],
    "multi01": [(b"CSeq: 50", b"X: 50"), (b"Call-ID: multi01.3.3.8-two", b"X: "), (b"To: sip:luca", b"X: sip:luca"),
                (b"From: sip:ines", b"X: sip:ines"), (b"Max-Forwards: 6\r\n", b"")],
    "mcl01": [(b"Content-Length: 7\r\n", b"")],
    "zeromf": [(b"Forwards: 0", b"Forwards: 1")],
    "ipv6-bad": [(b"2001:db8::70", b"[2001:db8::70]")],
}  # fmt: skip
"""What is wrong with the refused requests, put right."""
PUBLISHED = {"mult-ip-in-sdp": ["forwarded", "closed"]}
"""Where a published message fares otherwise: its Content-Length is 8 too small, and the rest is no message."""


class Wire:
    """A stack whose connections come and go, one for each message."""

    def __init__(self) -> None:
        self.emitted: list[Event] = []
        self.stack = Stack(
            emit=self.emitted.append,
            send=lambda connection, data: None,
            may_answer=lambda branch, connection: False,
            max_message=65536,
            max_transactions=200,
            max_transactions_per_connection=200,
        )

    def outcome(self, data: bytes) -> object:
        """One, or a list where the stream brings several."""
        self.stack.open(INSIDE, Ends(secure=True, local=("203.0.113.1", 5061), remote=(INSIDE_PEER, 40001)))
        try:
            found = [self._outcome(frame) for frame in frames(data)] or ["waits"]
        finally:
            self.stack.forget(INSIDE)
            self.emitted.clear()
        return found[0] if len(found) == 1 else found

    def _outcome(self, frame: Message | FramingError) -> object:
        self.emitted.clear()
        if isinstance(frame, Message):
            self.stack.receive(INSIDE, frame)
        elif frame.head is not None:
            self.emitted.append(UnreadableReceived(INSIDE, frame.head, frame.status, frame.reason))
        book = Playbook(make_settings(rule("any", "Outside") + rule("ip", "Outside", mode="any ip address")))
        for event in self.emitted:
            book >> event
        closed = isinstance(frame, FramingError) and frame.fatal
        return next((known for known in map(result, book.drain()) if known), "closed" if closed else "dropped")


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.stack.shutdown()


def torture(root: Path) -> dict[str, Path]:
    return {path.stem: path for folder in ("rfc4475", "rfc5118") for path in messages_in(root / folder)}


def test_the_table_is_complete() -> None:
    assert set(TABLE) == set(torture(DATA))


@pytest.mark.parametrize("name", TABLE)
def test_torture(name: str, wire: Wire) -> None:
    expected, _, _ = TABLE[name]
    assert wire.outcome(torture(DATA)[name].read_bytes()) == expected


def test_every_refused_request_can_be_repaired() -> None:
    assert set(REPAIRED) == {name for name, row in TABLE.items() if isinstance(row[0], int) or row[0] == "waits"}


@pytest.mark.parametrize("name", REPAIRED)
def test_nothing_else_is_wrong_with_a_refused_request(name: str, wire: Wire) -> None:
    data = torture(DATA)[name].read_bytes()
    for wrong, right in REPAIRED[name]:
        assert data.count(wrong) == 1
        data = data.replace(wrong, right)
    assert wire.outcome(data) == "forwarded"


def test_published_messages_fare_alike(wire: Wire) -> None:
    found = {name: wire.outcome(path.read_bytes()) for name, path in torture(require_shared("samples")).items()}
    assert found == {name: expected for name, (expected, _, _) in TABLE.items()} | PUBLISHED


def frames(data: bytes) -> list[Message | FramingError]:
    """As a stream gives them; without Content-Length, which only UDP allows, as one datagram."""
    found = [frame for frame in Framer(Limits()).feed(data) if isinstance(frame, Message | FramingError)]
    if found and isinstance(found[0], FramingError) and "no Content-Length" in found[0].reason:
        return [parse_message(data)]
    return found


def result(command: Command) -> object:
    if isinstance(command, Forward):
        return "forwarded"
    if isinstance(command, Respond) and command.status >= 200:
        return command.status
    if isinstance(command, Relay):
        return parse_message(command.data).status
    return None
