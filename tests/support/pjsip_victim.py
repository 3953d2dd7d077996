"""A process that feeds its standard input to a Stack: an assertion of pjsip's ends it, and not the tests.

Each message comes with its length in four bytes in front; the answer is one byte, the number of events (at most 255).
"""

from __future__ import annotations

import sys

from support.pjsip_texts import answer, forwarded

from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.events import Event, MalformedReceived, RequestReceived
from sipedge.sip.message import parse_message
from sipedge.sip.values import MessageError


def main() -> None:
    events: list[Event] = []
    stack = Stack(
        emit=events.append,
        send=lambda connection, data: None,
        may_answer=lambda branch, connection: False,
        max_message=65536,
        max_transactions=1000,
        max_transactions_per_connection=100,
        log_level=6,
    )
    for number, remote in ((1, "127.0.0.9"), (2, "127.0.0.8")):
        stack.open(number, Ends(secure=True, local=("127.0.0.2", 5061), remote=(remote, 40000)))
    while size := sys.stdin.buffer.read(4):
        data = sys.stdin.buffer.read(int.from_bytes(size, "big"))
        for method in ("INVITE", "MESSAGE"):
            stack.forward(f"z9hG4bK{method}", 2, forwarded(method, f"z9hG4bK{method}"), b"")
        try:
            message = parse_message(data)
        except MessageError:
            pass
        else:
            for connection in (1, 2, 1):
                stack.receive(connection, message)
        for status in (180, 200 if len(data) % 2 else 404):
            for event in events:
                if isinstance(event, RequestReceived):
                    stack.respond(event.transaction, status, answer(status))
        good = sum(not isinstance(event, MalformedReceived) for event in events)
        if len(data) % 3 == 0:
            stack.poll()
        sys.stdout.buffer.write(bytes([min(good, 255)]))
        sys.stdout.buffer.flush()
        events.clear()
    stack.shutdown()


if __name__ == "__main__":
    main()
