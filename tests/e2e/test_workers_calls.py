"""Calls of a b2bua zone at an edge of several workers: whatever connection a request comes on, it finds its call."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from support import running_edge
from support.stream import Callee, Stream, answer, connect, header, request
from support.tcp_edge import PORT, RULE
from support.two_workers import Pair

pytestmark = pytest.mark.e2e


class Edge(Pair):
    """The same with a b2bua zone and a journal."""

    def config(self, *more: str, keys: str = "") -> str:
        whole = (
            super()
            .config(*(more or ("[limits]\ndrain = 0.2\n",)), keys=keys)
            .replace("[edge]\n", '[edge]\njournal = "journal"\n', 1)
        )
        return whole.replace('name = "near"\n', 'name = "near"\ntopology = "b2bua"\n')

    def refers_here(self) -> None:
        table = '[zone.b2bua]\nrefer = "here"\n'
        near, far = self.config().split('[[zone]]\nname = "far"')
        self.edge.write(config=f'{near}{table}[[zone]]\nname = "far"{far}')


@dataclass
class Call:
    """What the caller knows of its dialog with the edge."""

    pair: Pair
    number: int
    callee: str = "bob"
    uri: str = ""
    to_tag: str = ""
    invite: bytes = b""
    """As the callee got it."""
    cseq: int = field(default=0)

    @property
    def call_id(self) -> str:
        return f"call-{self.number}@{self.pair.own}"

    def request(self, method: str, *lines: str) -> bytes:
        self.cseq += method != "ACK"
        own, tag = self.pair.own, f";tag={self.to_tag}" if self.to_tag else ""
        more = "".join(f"{line}\r\n" for line in lines)
        branch = f"z9hG4bK{self.number}x{self.cseq}{method}"
        return (
            f"{method} {self.uri or f'sip:{self.callee}@far.example'} SIP/2.0\r\n"
            f"Via: SIP/2.0/TCP {own}:5060;branch={branch}\r\nFrom: <sip:alice@near.example>;tag=alice{self.number}\r\n"
            f"To: <sip:{self.callee}@far.example>{tag}\r\nCall-ID: {self.call_id}\r\nCSeq: {self.cseq} {method}\r\n"
            f"Max-Forwards: 70\r\nContact: <sip:alice@{own}:5060>\r\n{more}"
            "Content-Length: 0\r\n\r\n"
        ).encode()

    def begin(self, caller: Stream, far: Stream) -> None:
        """INVITE, 200, ACK."""
        caller.send(self.request("INVITE"))
        self.invite = far.read_message()
        far.send(taken(self.invite, self.pair.far))
        told = final(caller)
        self.to_tag = header(told, "To").partition("tag=")[2]
        self.uri = header(told, "Contact")[1:].partition(">")[0]

    def acknowledge(self, caller: Stream, far: Stream) -> None:
        caller.send(self.request("ACK"))
        assert self.same(far.read_message(), "ACK")

    def hang_up(self, caller: Stream, far: Stream) -> None:
        caller.send(self.request("BYE"))
        bye = far.read_message()
        assert self.same(bye, "BYE")
        far.send(answer(bye))
        assert final(caller).startswith(b"SIP/2.0 200 ")

    def same(self, message: bytes, method: str) -> bool:
        """Whether the callee got a request of the dialog that its INVITE began."""
        assert header(message, "Call-ID") == header(self.invite, "Call-ID"), message
        return message.startswith(method.encode() + b" ")


def taken(invite: bytes, own: str) -> bytes:
    contact = f"Contact: <sip:bob@{own}:5060>\r\nContent-Length".encode()
    return answer(invite).replace(b"Content-Length", contact, 1)


def final(stream: Stream) -> bytes:
    while (message := stream.read_message()).startswith(b"SIP/2.0 1"):
        pass
    return message


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    made = Edge(tmp_path)
    with made.edge:
        yield made


def test_every_request_of_a_call_may_come_on_any_connection(edge: Edge) -> None:
    with Callee(edge.far, PORT) as callee:
        one, two = edge.callers()
        with one, two:
            first, second = Call(edge, 1), Call(edge, 2)
            one.send(first.request("OPTIONS"))
            with callee.accept() as far:
                far.send(answer(far.read_message()))
                final(one)
                first.begin(one, far)
                second.begin(two, far)
                assert (first.to_tag[:2], second.to_tag[:2]) == ("w0", "w1")
                for call, caller in ((first, two), (second, one)):
                    call.acknowledge(caller, far)
                    call.hang_up(caller, far)
                two.send(first.request("BYE"))
                assert final(two).startswith(b"SIP/2.0 481 ")


@pytest.mark.parametrize("here", [False, True])
def test_a_transfer_into_a_call_of_the_other_worker_finds_it(tmp_path: Path, here: bool) -> None:
    made = Edge(tmp_path)
    if here:
        made.refers_here()
    with made.edge, Callee(made.far, PORT) as callee:
        one, two = made.callers()
        with one, two:
            bob, carol = Call(made, 1), Call(made, 2, "carol")
            one.send(bob.request("OPTIONS"))
            with callee.accept() as far:
                far.send(answer(far.read_message()))
                final(one)
                bob.begin(one, far)
                bob.acknowledge(one, far)
                carol.begin(two, far)
                carol.acknowledge(two, far)
                replaces = quote(f"{carol.call_id};to-tag={carol.to_tag};from-tag=alice2")
                one.send(bob.request("REFER", f"Refer-To: <sip:carol@far.example?Replaces={replaces}>"))
                got = far.read_message()
                if here:
                    assert carol.same(got, "INVITE")
                else:
                    assert bob.same(got, "REFER")
                    assert quote(header(carol.invite, "Call-ID"), safe="@.") in header(got, "Refer-To")
                    far.send(answer(got))
                    final(one)
                    for caller in (one, two):  # it is the first worker's from now on
                        caller.send(carol.request("INFO"))
                        info = far.read_message()
                        assert carol.same(info, "INFO")
                        far.send(answer(info))
                        final(caller)
                    carol.hang_up(two, far)


@pytest.mark.parametrize("seat", [0, 1])
def test_a_call_of_a_killed_worker_goes_on_and_ends_well(edge: Edge, seat: int) -> None:
    with Callee(edge.far, PORT) as callee:
        callers = edge.callers()
        with callers[0], callers[1]:
            call = Call(edge, 1)
            callers[seat].send(call.request("OPTIONS"))
            far = callee.accept()
            far.send(answer(far.read_message()))
            final(callers[seat])
            call.begin(callers[seat], far)
            call.acknowledge(callers[seat], far)
            (owner,) = edge.workers_of("far")
            settled(edge.folder / ("journal.1" if seat else "journal"))
            os.kill(edge.edge.workers()[seat], signal.SIGKILL)
            assert callers[seat].read_end() == b""
            edge.edge.wait_for("is started again")
            survivor = callers[1 - seat]
            survivor.send(edge.message(1, domain="nowhere.example"))
            final(survivor)  # it knows by now: what it had given to the other one is lost
            survivor.send(call.request("BYE"))  # while nobody has its seat
            if owner == seat:
                far.close()
                far = callee.accept()
            bye = far.read_message()
            assert call.same(bye, "BYE")
            far.send(answer(bye))
            assert final(survivor).startswith(b"SIP/2.0 200 ")
            far.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_calls_outlive_another_number_of_workers(tmp_path: Path, workers: int) -> None:
    made = Edge(tmp_path)
    first, second = Call(made, 1), Call(made, 2)
    with Callee(made.far, PORT) as callee:
        with made.edge:
            one, two = made.callers()
            with one, two:
                one.send(first.request("OPTIONS"))
                with callee.accept() as far:
                    far.send(answer(far.read_message()))
                    final(one)
                    for call, caller in ((first, one), (second, two)):
                        call.begin(caller, far)
                        call.acknowledge(caller, far)
        config = made.config().replace("workers = 2", f"workers = {workers}")
        with running_edge.Edge(made.folder, config, RULE):
            one, two = made.callers()
            with one, two:
                one.send(first.request("BYE"))
                with callee.accept() as far:
                    for call, caller in ((first, one), (second, two)):
                        if call is second:
                            caller.send(call.request("BYE"))
                        bye = far.read_message()
                        assert call.same(bye, "BYE")
                        far.send(answer(bye))
                        assert final(caller).startswith(b"SIP/2.0 200 ")
    assert (tmp_path / "edge" / "journal.1").exists() is (workers == 3)


def test_a_handle_leads_back_whichever_worker_made_it(tmp_path: Path) -> None:
    made = Pair(tmp_path)
    config = made.config().replace('name = "near"\n', 'name = "near"\ntopology = "hidden"\n')
    made.edge.write(config=config.replace('name = "far"\n', 'name = "far"\nlongest_user_part = 100\n'))
    with made.edge, Callee(made.far, PORT) as callee, Callee(made.own, PORT) as home:
        one, two = made.callers()
        with one, two:
            user = "alice-" + "x" * 80
            subscribe = Call(made, 1).request("SUBSCRIBE")
            one.send(subscribe.replace(f"alice@{made.own}".encode(), f"{user}@{made.own}".encode()))
            with callee.accept() as far:
                got = far.read_message()
                far.send(answer(got))
                final(one)
            contact = header(got, "Contact")[1:].partition(">")[0]
            assert contact.startswith("sip:c-.")
            with connect(made.far, made.address, PORT) as third, connect(made.far, made.address, PORT) as fourth:
                assert made.workers_of("far") == [0, 1]
                for number, sender in ((1, third), (2, fourth)):
                    sender.send(request("MESSAGE", contact, made.far, number, transport="TCP"))
                with home.accept() as inner:
                    for _ in range(2):
                        message = inner.read_message()
                        assert message.startswith(f"MESSAGE sip:{user}@{made.own}:5060 ".encode())
                        inner.send(answer(message))
                    for sender in (third, fourth):
                        assert final(sender).startswith(b"SIP/2.0 200 ")


def test_no_more_calls_than_the_limit_whichever_worker_has_them(tmp_path: Path) -> None:
    made = Edge(tmp_path, "[limits]\ndrain = 0.2\ndialogs = 2\n")
    with made.edge, Callee(made.far, PORT) as callee:
        one, two = made.callers()
        with one, two:
            one.send(Call(made, 9).request("OPTIONS"))
            with callee.accept() as far:
                far.send(answer(far.read_message()))
                final(one)
                Call(made, 1).begin(one, far)
                Call(made, 2).begin(one, far)
                two.send(Call(made, 3).request("INVITE"))
                assert final(two).startswith(b"SIP/2.0 503 ")


def settled(journal: Path) -> None:
    """The file tells nobody when the thread has nothing more to write."""
    end, size = time.monotonic() + 10, -1
    while size != (size := journal.stat().st_size) or size < 100:
        assert time.monotonic() < end
        time.sleep(0.02)
