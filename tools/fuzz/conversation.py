"""Conversations with framing and pjsip's transaction layer: steps made at random, and all that is done on them.

``python -m tools.fuzz.conversation`` plays those that come on its standard input, in the half that SIPEDGE_NATIVE
allows: what the two halves give back must be the same, byte for byte.
"""

from __future__ import annotations

import logging
import pickle
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import count
from random import Random
from typing import Any

from sipedge.pjsip.declarations import StackError
from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.events import Event, RequestReceived
from sipedge.settings import Limits
from sipedge.sip.framing import Framer
from sipedge.sip.message import Message, parse_message
from sipedge.sip.values import MessageError

from . import captures, edges
from .mutations import mutated

Step = tuple[Any, ...]
"""A word and its arguments, see Player. A capture that is read (captures.py) is a conversation of one step."""
METHODS = (b"MESSAGE", b"INVITE", b"ACK", b"CANCEL", b"BENOTIFY", b"NOTIFY", b"x-Other")
STATUSES = (100, 180, 183, 200, 202, 300, 404, 487, 503, 603)
BRANCHES = ("z9hG4bKe1", "z9hG4bKe2", "Z9HG4BKE1", "z9hG4bKe3%41")
VIAS = (
    b"127.0.0.9:5061;branch=z9hG4bKa",
    b"Host.Example;branch=Z9hG4bKA;rport",
    b"[2001:DB8::1]:5061;branch=z9hG4bK" + b"B" * 100,
    b"old.example;branch=1",
    b"older.example",
    b"h;branch=z9hG4bK%61%00c;received=192.0.2.1,SIP/2.0/TCP next;branch=2",
)
PEERS = (("127.0.0.9", ()), ("127.0.0.8", ("callee.example",)), ("2001:db8::8", ()))
WORDS = (
    "receive",
    "receive",
    "receive",
    "stream",
    "forward",
    "respond",
    "respond",
    "cancel",
    "drop",
    "abandon",
    "close",
    "poll",
)
MOST_STEPS = 30
WHOLE = 0.3
"""Of the conversations are with a whole edge (edges.py)."""
MOST_BYTES = 3000
"""Of a message's lines for pjsip: some are longer."""
LIMITS = Limits(message=4096, header_section=2048, header_line=512, headers=40)
VALUES = ("content_length", "call_id", "cseq", "to_tag", "plain_via_host", "method", "uri", "status", "reason")
_TAG = re.compile(rb";tag=[0-9a-f]{16}(?=\r\n)")
"""The one that the 503 of overload.py makes at random."""


def steps(chance: Random, samples: Sequence[bytes]) -> list[Step]:
    """A conversation of a few peers. ``samples``: messages, some of which come mutated."""
    if chance.random() < WHOLE:
        return [("edge", chance.randrange(2**32))]
    return [_step(chance, samples, chance.choice(WORDS)) for _ in range(chance.randint(1, MOST_STEPS))]


def _step(chance: Random, samples: Sequence[bytes], word: str) -> Step:
    peer, branch, nth = chance.randrange(len(PEERS)), chance.choice(BRANCHES), chance.randrange(5)
    if word == "receive":
        return word, peer, _received(chance, samples, branch)
    if word == "stream":
        messages = [_received(chance, samples, branch)] * 2 + [_received(chance, samples, branch)]
        return word, b"".join(messages), chance.choice((1, 7, 100, 9999))
    if word == "forward":
        return word, peer, branch, _request(chance, branch)
    if word == "cancel":
        return word, peer, branch, _text(b"CANCEL sip:b@example.com SIP/2.0", branch.encode(), b"1 CANCEL")
    if word == "respond":
        status = chance.choice(STATUSES)
        return word, nth, status, b"SIP/2.0 %d -\r\n\r\n" % status + b"x" * chance.randint(0, 5000)
    return word, {"drop": nth, "abandon": branch, "close": peer}.get(word)


def _received(chance: Random, samples: Sequence[bytes], branch: str) -> bytes:
    kind = chance.random()
    if kind < 0.25:
        return mutated(chance, samples)
    if kind < 0.5:
        start = b"SIP/2.0 %d OK" % chance.choice(STATUSES)
        return _text(start, b"edge;branch=" + branch.encode(), b"1 " + chance.choice(METHODS))
    data = _request(chance, "")
    if kind < 0.55:
        return data.replace(b"<sip:b@", b"<sip:" + b"b" * (MOST_BYTES - len(data) + chance.randint(-3, 9)) + b"@")
    return mutated(chance, [data]) if kind > 0.9 else data


def _request(chance: Random, branch: str) -> bytes:
    method = chance.choice(METHODS)
    via = b"edge;branch=" + branch.encode() if branch else chance.choice(VIAS)
    return _text(method + b" sip:b@example.com SIP/2.0", via, b"1 " + method)


def _text(start: bytes, via: bytes, cseq: bytes) -> bytes:
    lines = [start, b"Via: SIP/2.0/TLS " + via, b"From: <sip:a@example.org>;tag=a", b"To: <sip:b@example.com>"]
    return b"\r\n".join([*lines, b"Call-ID: c", b"CSeq: " + cseq, b"Content-Length: 0", b"", b""])


class Player:
    """A Stack, and what it does, as values that can be compared."""

    def __init__(self) -> None:
        self._stack = self._make_stack()
        self._notes: list[object] = []
        self._numbers = count(1)
        self._do: dict[str, Callable[..., object]] = {
            "receive": self._receive,
            "stream": self._stream,
            "forward": self._forward,
            "respond": lambda nth, status, data: self._stack.respond(self._transaction(nth), status, data),
            "cancel": lambda peer, branch, data: self._stack.cancel(branch, self._connections[peer], data),
            "drop": lambda nth: self._stack.drop(self._transaction(nth)),
            "abandon": self._stack.abandon,
            "close": self._close,
            "poll": lambda _: self._stack.poll(),
        }

    def _make_stack(self) -> Stack:
        return Stack(
            emit=self._emit,
            send=lambda connection, data: self._note("send", connection, _TAG.sub(b"", data)),
            may_answer=lambda branch, connection: (len(branch) + connection) % 2 == 0,
            max_message=MOST_BYTES,
            max_transactions=12,
            max_transactions_per_connection=6,
        )

    def play(self, conversation: Sequence[Step]) -> list[object]:
        """From new connections to the end of all of them, when nothing may be left."""
        word, *arguments = conversation[0]
        if word == "edge":
            return self._whole(*arguments)
        if word == "capture":
            return captures.found(*arguments)
        self._notes, self._open, self._transactions = [], set[int](), list[int]()
        self._connections = [self._connect(peer) for peer in range(len(PEERS))]
        for word, *arguments in conversation:
            self._note("step", word)
            try:
                self._do[word](*arguments)
            except StackError as error:
                self._note("error", str(error))
        self._note("counts", self._stack.counts())
        for number in sorted(self._open):
            self._stack.forget(number)
        self._stack.poll()
        self._note("left", self._stack.counts())
        return self._notes

    def _whole(self, seed: int) -> list[object]:
        """A whole edge has a stack of its own, and there is one in a process."""
        self._stack.shutdown()
        try:
            return edges.play(seed, short=True)
        finally:
            self._stack = self._make_stack()

    def end(self) -> None:
        self._stack.shutdown()

    def _note(self, *what: object) -> None:
        self._notes.append(what)

    def _connect(self, peer: int) -> int:
        number, (address, names) = next(self._numbers), PEERS[peer]
        local = "::1" if ":" in address else "127.0.0.2"
        self._stack.open(number, Ends(secure=True, local=(local, 5061), remote=(address, 40000), names=names))
        self._open.add(number)
        return number

    def _receive(self, peer: int, data: bytes) -> None:
        try:
            message = parse_message(data)
        except MessageError as error:
            self._note("unreadable", error.reason)
        else:
            self._stack.receive(self._connections[peer], message)

    def _stream(self, data: bytes, size: int) -> None:
        """A connection of its own: what its bytes, read in pieces of this size, are."""
        framer = Framer(LIMITS)
        for at in range(0, len(data), size):
            for frame in framer.feed(data[at : at + size]):
                if isinstance(frame, Message):
                    values = (_value(frame, name) for name in VALUES)
                    self._note("frame", frame.lines, frame.body, frame.start_line, dict(frame.index), *values)
                else:
                    self._note("frame", repr(frame))

    def _forward(self, peer: int, branch: str, data: bytes) -> None:
        self._note("forwarded", self._stack.forward(branch, self._connections[peer], data, b""))

    def _close(self, peer: int) -> None:
        self._stack.close(self._connections[peer])
        self._connections[peer] = self._connect(peer)

    def _transaction(self, nth: int) -> int:
        return self._transactions[-1 - nth] if nth < len(self._transactions) else 0

    def _emit(self, event: Event) -> None:
        if isinstance(event, RequestReceived) and event.transaction:
            self._transactions.append(event.transaction)
        self._note(
            type(event).__name__, *(_plain(getattr(event, each.name)) for each in fields(event) if each.name != "time")
        )


def _value(message: Message, name: str) -> object:
    try:
        return getattr(message, name)
    except MessageError as error:
        return str(error)


def _plain(value: object) -> object:
    return value.to_bytes() if isinstance(value, Message) else value


def main() -> None:
    """Each conversation and its notes are pickled, with their length in four bytes in front."""
    logging.disable()
    player, stream = Player(), sys.stdout.buffer
    while size := sys.stdin.buffer.read(4):
        conversation = pickle.loads(sys.stdin.buffer.read(int.from_bytes(size, "big")))
        notes = pickle.dumps(player.play(conversation))
        stream.write(len(notes).to_bytes(4, "big") + notes)
        stream.flush()
    player.end()


if __name__ == "__main__":
    main()
