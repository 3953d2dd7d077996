"""What replay takes for unreadable is what pjsip's parser refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from support.examples import examples
from support.messages import request
from support.odd_requests import odd_requests
from support.paths import DATA, messages_in

from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.events import Event, MalformedReceived
from sipedge.replay.unreadable import unreadable
from sipedge.sip.message import Message, parse_message
from sipedge.sip.values import MessageError

Asked = Callable[[Message], str]


@pytest.fixture(scope="module")
def pjsip() -> Iterator[Asked]:
    """What pjsip says of a request: the header that it refuses, else ''."""
    events: list[Event] = []
    stack = Stack(
        emit=events.append,
        send=lambda connection, data: None,
        may_answer=lambda branch, connection: False,
        max_message=65536,
        max_transactions=10_000,
        max_transactions_per_connection=10_000,
    )

    def ask(message: Message) -> str:
        stack.open(1, Ends(secure=True, local=("127.0.0.2", 5061), remote=("127.0.0.9", 40000)))
        stack.receive(1, message)
        stack.forget(1)
        event = events.pop()
        return event.header if isinstance(event, MalformedReceived) else ""

    yield ask
    stack.shutdown()


def test_odd_requests_are_read_alike(pjsip: Asked) -> None:
    @examples(300)
    @given(odd_requests())
    def compare(message: Message) -> None:
        assert bool(unreadable(message)) == bool(pjsip(message))

    compare()


def test_recorded_and_tormenting_requests_are_read_alike(pjsip: Asked) -> None:
    """Content-Length is judged elsewhere."""
    compared = 0
    for path in messages_in(DATA):
        try:
            message = parse_message(path.read_bytes())
        except MessageError:
            continue
        if message.is_request and (said := pjsip(message)) != "Content-Length":
            compared += 1
            assert bool(unreadable(message)) == bool(said), path.name
    assert compared > 50


@pytest.mark.parametrize(
    ("fields", "header"),
    [
        ({}, ""),
        ({"to": '"Bob \\" <" <sip:bob@outside.example>'}, ""),
        ({"to": "tel:+1"}, ""),
        ({"to": "bob"}, "to"),
        ({"from_": ""}, "from"),
        ({"max_forwards": "x"}, "max-forwards"),
        ({"cseq": "1 INVITE"}, "cseq"),
        ({"routes": ("",)}, "route"),
        ({"routes": ("sip:edge;lr",)}, ""),
        ({"routes": ("<sip:edge;lr>, <edge>",)}, "route"),
        ({"extra": ("Record-Route: <edge>",)}, "record-route"),
        ({"via": ("SIP/2.0/TLS a;branch=z9hG4bK1", "nothing")}, "via"),
        ({"uri": "sip:"}, "Request-URI"),
        ({"uri": "urn:service:sos"}, ""),
        ({"extra": ("To: <sip:second@outside.example>",)}, "to"),
        ({"call_id": ""}, "call-id"),
    ],
)
def test_the_header_is_named(pjsip: Asked, fields: dict[str, str], header: str) -> None:
    message = request(**fields)  # type: ignore[arg-type]
    assert unreadable(message) == header
    assert bool(pjsip(message)) == bool(header)
