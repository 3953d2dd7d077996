"""How many instructions a call or a subscription costs an edge, counted by valgrind as ``instructions`` does it.

``python -m tools.bench.dialogs --mode call``: INVITE, 200, ACK, BYE, 200. ``--mode subscribe``: SUBSCRIBE, 200, and the
callee's NOTIFY in its dialog, 200. What load.c sends over TLS goes through an edge in one process here, over TCP, with
both parties counted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence

from sipedge.rates import reading
from sipedge.sip.message import Message, parse_message
from sipedge.worker.process import settle
from tools.memory_edge import Far, MemoryEdge, run_edge
from zones.zone import FromDomain

from .counting import total
from .instructions import CALLEE, CALLER, EACH, FEW, MANY, USERS, WINDOW, settings
from .load import Unavailable

COPIED = ("via", "record-route", "from", "call-id", "cseq")
HEAD = """\
%(method)s %(uri)s SIP/2.0
Via: SIP/2.0/TCP %(own)s:5060;branch=z9hG4bK%(method)s%(number)d
%(routes)sMax-Forwards: 70
From: %(from)s
To: %(to)s
Call-ID: load-%(number)d.1@192.0.2.10
CSeq: %(cseq)s %(method)s
Contact: <sip:load@%(own)s:5060;transport=tcp>
%(more)sContent-Length: 0

"""
Scenario = Callable[[MemoryEdge, Far, range], Awaitable[int]]


def request(method: str, number: int, **differs: str) -> Message:
    """``differs``: uri, own, from, to, and what else is not as in the first request of a caller."""
    parts: dict[str, object] = {"own": CALLER, "routes": "", "cseq": "1", "more": "", **differs}
    return parse_message((HEAD % {"method": method, "number": number, **parts}).replace("\n", "\r\n").encode())


def first(method: str, number: int, more: str = "") -> Message:
    """What begins a dialog."""
    uri = f"sip:user{number % USERS}@outside.example"
    sender = f'"Load" <sip:alice@inside.example>;tag=t{number};epid=0a1b2c'
    return request(method, number, uri=uri, to=f"<{uri}>", more=more, **{"from": sender})


def answer(received: Message) -> Message:
    """The 200 of who is asked."""
    lines = [b"SIP/2.0 200 OK"]
    lines += [received.lines[number] for name in COPIED for number in received.index.get(name, ())]
    to = received.lines[received.index["to"][0]]
    lines += [to if b";tag=" in to else to + b";tag=callee", f"Contact: <sip:far@{CALLEE};transport=tcp>".encode()]
    return Message(b"\r\n".join([*lines, b"Content-Length: 0"]) + b"\r\n\r\n")


def number_of(message: Message) -> int:
    return int(message.call_id.partition("-")[2].partition(".")[0])


def routes(values: Sequence[str]) -> str:
    return "".join(f"Route: {value}\r\n" for value in values).replace("\r\n", "\n")


def within(method: str, answered: Message, cseq: int) -> Message:
    """The caller's request in the dialog of a 200."""
    values = {"from": answered.first("from") or "", "to": answered.first("to") or ""}
    set_of_routes = routes(answered.values("record-route")[::-1])
    uri = f"sip:far@{CALLEE};transport=tcp"
    return request(method, number_of(answered), uri=uri, routes=set_of_routes, cseq=str(cseq), **values)


def notify(subscribed: Message) -> Message:
    """The callee's, in the dialog of a SUBSCRIBE."""
    values = {"to": subscribed.first("from") or "", "from": f"{subscribed.first('to')};tag=callee"}
    set_of_routes, uri = routes(subscribed.values("record-route")), f"sip:load@{CALLER}:5060;transport=tcp"
    more = "Event: presence\nSubscription-State: active\n"
    number = number_of(subscribed)
    return request("NOTIFY", number, uri=uri, own=CALLEE, routes=set_of_routes, more=more, **values)


def _finals(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.status >= 200]


async def calls(edge: MemoryEdge, caller: Far, numbers: range) -> int:
    """How many of them went through."""
    caller.send(*(first("INVITE", number) for number in numbers))
    await edge.turn()
    callee = edge.loop.called[0]
    callee.send(*map(answer, callee.received()))
    await edge.turn()
    for answered in _finals(caller.received()):
        caller.send(within("ACK", answered, 1), within("BYE", answered, 2))
    await edge.turn()
    callee.send(*(answer(each) for each in callee.received() if each.method == "BYE"))
    await edge.turn()
    return len(_finals(caller.received()))


async def subscriptions(edge: MemoryEdge, caller: Far, numbers: range) -> int:
    """How many of them went through."""
    caller.send(*(first("SUBSCRIBE", number, "Event: presence\nExpires: 600\n") for number in numbers))
    await edge.turn()
    callee = edge.loop.called[0]
    for received in callee.received():
        callee.send(answer(received), notify(received))
    await edge.turn()
    caller.send(*(answer(each) for each in caller.received() if each.method == "NOTIFY"))
    await edge.turn()
    return len(_finals(callee.received()))


MODES: dict[str, Scenario] = {"call": calls, "subscribe": subscriptions}


def proxy(mode: str, count: int, window: int) -> None:
    """Raises RuntimeError where one did not go through."""

    async def scenario(edge: MemoryEdge) -> None:
        caller = edge.accept(CALLER)
        for start in range(0, count, window):
            if await MODES[mode](edge, caller, range(start, start + window)) != window:
                raise RuntimeError("the edge left a request unanswered")
            edge.loop.now += EACH * window

    slice, reading.SLICE = reading.SLICE, float("inf")  # valgrind makes every read a long one, by the machine's clock
    try:
        run_edge(settings(False, FromDomain.ANY), scenario)
    finally:
        reading.SLICE = slice


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.dialogs", description=__doc__)
    parser.add_argument("--mode", choices=MODES, default="call")
    parser.add_argument("--window", type=int, default=WINDOW, help=f"under way at the same time (default: {WINDOW})")
    parser.add_argument("--run", type=int, metavar="COUNT", help="take so many through, without counting anything")
    options = parser.parse_args()
    if options.run:
        settle()
        proxy(options.mode, options.run, options.window)
        return 0
    how = ["--mode", options.mode, "--window", str(options.window)]
    try:
        few, many = (total("tools.bench.dialogs", *how, "--run", str(count)) for count in (FEW, MANY))
    except (Unavailable, RuntimeError) as error:
        print(f"dialogs: {error}", file=sys.stderr)
        return 2
    figure = round((many - few) / (MANY - FEW))
    print(f"{figure:,} instructions for each {options.mode}, {options.window} under way")
    return 0


if __name__ == "__main__":
    sys.exit(main())
