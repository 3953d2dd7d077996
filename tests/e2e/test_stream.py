"""What a stream does to messages: two in one segment, one in many, keep-alives in between, 60 KB and too much."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, header, request

pytestmark = pytest.mark.e2e

PORTS = {"TLS": 5061, "TCP": 5060}
LARGE = 60 * 1024
PING, PONG = b"\r\n\r\n", b"\r\n"
"""Keep-alive and its answer (RFC 5626 3.5.1, 4.4.1)."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Line:
    """An edge and the callee behind it, connected; callers connect with ``call``."""

    transport: str
    own: str
    edge: str
    callee: Stream
    certificates: tuple[Ca, Leaf] | tuple[()]

    def call(self) -> Stream:
        return connect(self.own, self.edge, PORTS[self.transport], *self.certificates)

    def message(self, body: bytes = b"hello") -> bytes:
        return request("MESSAGE", "sip:bob@far.example", self.own, next(_numbers), body, self.transport)

    def pass_on(self, *sent: bytes) -> None:
        """The callee gets these, in order and with these bodies, and answers each."""
        for message in sent:
            received = self.callee.read_message()
            assert header(received, "Call-ID") == header(message, "Call-ID")
            assert received.partition(b"\r\n\r\n")[2] == message.partition(b"\r\n\r\n")[2]
            self.callee.send(answer(received))


def answered(caller: Stream, *sent: bytes) -> None:
    """The caller gets a 200 for each of these, in whatever order."""
    waiting = {header(message, "Call-ID") for message in sent}
    while waiting:
        response = caller.read_message()
        assert response.startswith(b"SIP/2.0 200 "), response
        waiting.remove(header(response, "Call-ID"))


@pytest.fixture(scope="module", params=["TLS", "TCP"])
def line(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    transport: str = request.param
    folder = tmp_path_factory.mktemp("stream")
    own, edge, far = fresh_address(), fresh_address(), fresh_address()
    ca = make_ca(folder)
    zones = [neighbor("near", [own], transport), neighbor("far", [far], transport)]
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("stream", edge, transport), *zones)
    tls = transport == "TLS"
    with (
        Edge(folder / "edge", config, rule("out", r".*@far\.example", "far")),
        Callee(far, PORTS[transport], *((ca, issue(ca, ips=[far])) if tls else ())) as callee,
    ):
        waiting = Line(transport, own, edge, None, (ca, issue(ca, ips=[own])) if tls else ())  # type: ignore[arg-type]
        with waiting.call() as caller:
            first = waiting.message()
            caller.send(first)
            with callee.accept() as connection:
                ready = Line(transport, own, edge, connection, waiting.certificates)
                ready.pass_on(first)
                answered(caller, first)
                yield ready


@pytest.fixture
def caller(line: Line) -> Iterator[Stream]:
    with line.call() as caller:
        yield caller


def test_60_kilobytes_there_and_back(line: Line, caller: Stream) -> None:
    sent, back = line.message(random.Random(1).randbytes(LARGE)), random.Random(2).randbytes(LARGE)
    caller.send(sent)
    received = line.callee.read_message()
    assert received.endswith(sent.partition(b"\r\n\r\n")[2])
    line.callee.send(answer(received, body=back))
    assert caller.read_message().endswith(b"\r\n\r\n" + back)


def test_two_messages_in_one_segment(line: Line, caller: Stream) -> None:
    one, two = line.message(b"one"), line.message(b"two")
    caller.send(one + two)
    received = [line.callee.read_message(), line.callee.read_message()]
    line.callee.send(b"".join(map(answer, received)))
    answered(caller, one, two)


def test_one_message_byte_by_byte(line: Line, caller: Stream) -> None:
    message = line.message()
    caller.send(*(message[at : at + 1] for at in range(len(message))))
    line.pass_on(message)
    answered(caller, message)


def test_keep_alive_is_answered(line: Line, caller: Stream) -> None:
    caller.send(PING)
    assert caller.read_exactly(2) == PONG


def test_keep_alive_split_in_two(line: Line, caller: Stream) -> None:
    caller.send(PING[:2], PING[2:])
    assert caller.read_exactly(2) == PONG


def test_keep_alive_glued_between_messages(line: Line, caller: Stream) -> None:
    one, two = line.message(b"one"), line.message(b"two")
    caller.send(one + PING + two)
    assert caller.read_exactly(2) == PONG  # before the answers: nobody has sent one yet
    line.pass_on(one, two)
    answered(caller, one, two)


def test_many_messages_cut_anywhere(line: Line, caller: Stream) -> None:
    chance = random.Random(3)
    messages = [line.message(chance.randbytes(chance.randrange(3000))) for _ in range(40)]
    data = b"".join(message + b"\r\n" * chance.randrange(3) for message in messages)
    cuts = sorted(chance.sample(range(len(data)), 60))
    caller.send(*(data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)))
    line.pass_on(*messages)
    answered(caller, *messages)


def test_a_callee_that_reads_late_gets_everything(line: Line, caller: Stream) -> None:
    """More than kernel buffers hold is under way before the callee reads its first byte."""
    messages = [line.message(random.Random(n).randbytes(LARGE)) for n in range(60)]
    sender = threading.Thread(target=caller.send, args=messages)
    sender.start()
    sender.join(0.3)  # until done or stuck: both are fine
    line.pass_on(*messages)
    answered(caller, *messages)
    sender.join()


def test_half_a_message_delays_nobody_else(line: Line, caller: Stream) -> None:
    slow = line.message(b"slow")
    caller.send(slow[:100])
    with line.call() as other:
        quick = line.message(b"quick")
        other.send(quick)
        line.pass_on(quick)
        answered(other, quick)
    caller.send(slow[100:])
    line.pass_on(slow)
    answered(caller, slow)


def test_a_message_over_the_limit_gets_513_and_the_next_one_its_way(line: Line, caller: Stream) -> None:
    large, small = line.message(b"x" * 70_000), line.message(b"small")
    caller.send(large[:2000])  # its Content-Length says it all
    assert caller.read_message().startswith(b"SIP/2.0 513 ")
    caller.send(large[2000:] + small)
    line.pass_on(small)
    answered(caller, small)


@pytest.mark.parametrize("odd", [b"\n", b"\r"])
def test_a_lone_line_end_behind_a_body_costs_nothing(line: Line, caller: Stream, odd: bytes) -> None:
    one, two = line.message(b"one"), line.message(b"two")
    caller.send(one + odd + two)
    line.pass_on(one, two)
    answered(caller, one, two)


@pytest.mark.parametrize("odd", [b"\0", b" "])
def test_what_is_no_message_costs_those_before_it_no_answer(line: Line, caller: Stream, odd: bytes) -> None:
    """Nothing is read behind it, and the connection ends with the answer."""
    one, unread = line.message(b"one"), line.message(b"never read")
    caller.send(one + odd + unread)
    line.pass_on(one)
    answered(caller, one)
    assert caller.read_end() == b""
