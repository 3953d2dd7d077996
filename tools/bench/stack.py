"""What pjsip and its Python side cost for one proxied MESSAGE transaction, without sockets and without the core.

python -m tools.bench.stack [transactions]: request received, forwarded, response received, response sent, timers.
"""

from __future__ import annotations

import sys
from time import process_time

from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.events import Event, RequestReceived
from sipedge.sip.message import parse_message

_LINES = (
    b'From: "Alice" <sip:alice@example.org>;tag=1\r\nTo: <sip:bob@example.com>%b\r\nCall-ID: %d@127.0.0.9\r\n'
    b"CSeq: 1 MESSAGE\r\nContact: <sip:alice@127.0.0.9>\r\nUser-Agent: bench\r\nContent-Length: 2\r\n\r\nhi"
)
_VIA = b"Via: SIP/2.0/TLS 127.0.0.9:5061;branch=z9hG4bK%d\r\n"
_REQUEST = b"MESSAGE sip:bob@example.com SIP/2.0\r\n" + _VIA + b"Max-Forwards: 70\r\n" + _LINES
_RESPONSE = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS edge;branch=z9hG4bKe%d\r\n" + _VIA + _LINES
_POLL = 16
"""Transactions between two polls: about what one turn of a busy loop takes in."""


def main(transactions: int) -> None:
    events: list[Event] = []
    stack = Stack(
        emit=events.append,
        send=lambda connection, data: None,
        may_answer=lambda branch, connection: False,
        max_message=65536,
        max_transactions=20000,
        max_transactions_per_connection=2000,
    )
    for number, remote in ((1, "127.0.0.9"), (2, "127.0.0.8")):
        stack.open(number, Ends(secure=True, local=("127.0.0.2", 5061), remote=(remote, 40000)))
    spent = 0.0
    for number in range(transactions):
        request = parse_message(_REQUEST % (number, b"", number))
        response = parse_message(_RESPONSE % (number, number, b";tag=2", number))
        start = process_time()
        stack.receive(1, request)
        received = events[0]
        assert isinstance(received, RequestReceived)
        stack.forward(f"z9hG4bKe{number}", 2, request.head, request.body)
        stack.receive(2, response)
        stack.respond(received.transaction, 200, response.head)
        if number % _POLL == 0:
            stack.poll()
        spent += process_time() - start
        events.clear()
    stack.poll()
    print(f"{spent / transactions * 1e6:.1f} microseconds of CPU a transaction; left: {stack.counts()}")
    stack.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50000)
