"""An edge that dies between any two messages of a call with 100rel, or of a fork that two take, and starts again.

A hidden zone keeps nothing of a dialog, so that only responses are lost whose request the edge had sent on before. A
call of a b2bua zone that nobody has answered yet is lost with its INVITE; an answered one is in the journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import sleep
from typing import NamedTuple

import pytest
from support.certificates import issue, make_ca
from support.messages import SDP_IM
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import LIMIT, Callee, Stream, answer, connect, header, values

pytestmark = pytest.mark.e2e

PASSES, LOST, UNKNOWN, ENDED, UNSENT = ".x4b-"
"""It arrives; it is dropped; the edge says 481; the edge acknowledges it and sends BYE; nobody sends it."""


class Step(NamedTuple):
    sender: str
    what: str
    """A method, or a status and the method that it answers."""
    to: str


def steps(*lines: str) -> tuple[Step, ...]:
    return tuple(Step(*(word.replace("_", " ") for word in line.split())) for line in lines)


RELIABLE = steps(
    "caller INVITE one",
    "one 183_INVITE caller",
    "caller PRACK one",
    "one 200_PRACK caller",
    "one 200_INVITE caller",
    "caller ACK one",
    "one BYE caller",
    "caller 200_BYE one",
)
OFFERED = steps(
    "caller INVITE three",
    "three 183_INVITE caller",
    "caller PRACK three",
    "three 200_PRACK caller",
    "caller UPDATE three",
    "three 200_UPDATE caller",
    "three 200_INVITE caller",
    "caller ACK three",
    "three BYE caller",
    "caller 200_BYE three",
)
"""Each with an offer or an answer, through an edge that numbers what the caller acknowledges (``prack = "here"``)."""
FORKED = steps(
    "caller INVITE one+two",
    "one 200_INVITE caller",
    "two 200_INVITE caller",
    "caller ACK one",
    "caller ACK two",
    "two BYE caller",
    "caller 200_BYE two",
    "one BYE caller",
    "caller 200_BYE one",
)
TABLE = {
    ("hidden", RELIABLE): (
        ".x--x-..",
        "....x-..",
        "...xx-..",
        "....x-..",
        "........",
        "........",
        ".......x",
    ),
    ("b2bua", RELIABLE): (
        ".x--x-4-",
        "..4-x-4-",
        "...xx-4-",
        "....x-4-",
        "........",
        "........",
    ),
    ("here", OFFERED): (
        ".x----x-4-",
        "..4-4-x-4-",
        "...x4-x-4-",
        "....4-x-4-",
        ".....xx-4-",
        "......x-4-",
        "..........",
        "..........",
    ),
    ("hidden", FORKED): (
        ".xx--....",
        "..x.-....",
        ".........",
        ".........",
        ".........",
        "......x..",
        ".........",
    ),
    ("b2bua", FORKED): (
        ".xx--4-4-",
        "..x.-4-..",
        "..b.---..",
        "..b.---..",
    ),
}
"""Topology of the caller's zone and messages -> what becomes of them where the edge dies behind the first, second..."""


BOTH = "sip:both@far.example"


class Dialog(NamedTuple):
    """What a party knows of one."""

    target: str
    routes: tuple[str, ...]
    call_id: str
    own: str
    other: str


@dataclass
class Party:
    name: str
    address: str
    edge: str
    listens: Callee
    offers: bool = False
    """Whether an INVITE, PRACK or UPDATE has an offer here, and its response an answer."""
    _out: Stream | None = None
    _arrives: Stream | None = None

    def __post_init__(self) -> None:
        self.dialogs: dict[str, Dialog] = {}
        """With whom -> as this party knows it."""
        self.requests: dict[str, tuple[bytes, Stream]] = {}
        """Method -> the last one that came, and where."""
        self.number, self.rseq = 0, ""

    @property
    def out(self) -> Stream:
        """Its own connection to the edge."""
        if self._out is None:
            self._out = connect(self.address, self.edge, 5060)
        return self._out

    @property
    def arrives(self) -> Stream:
        """The edge's connection to it."""
        if self._arrives is None:
            self._arrives = self.listens.accept()
        return self._arrives

    def close(self) -> None:
        for stream in (self._out, self._arrives):
            if stream is not None:
                stream.close()
        self._out = self._arrives = None

    def begins(self, call_id: str, uri: str) -> None:
        self.number = 1
        dialog = Dialog(uri, (), call_id, "<sip:alice@near.example>;tag=a", f"<{uri}>")
        self._sends(dialog, "INVITE", 1, "Supported: 100rel")

    def sends(self, method: str, to: str) -> None:
        """A request within a dialog."""
        self.number += method != "ACK"
        number = 1 if method == "ACK" else self.number
        self._sends(self.dialogs[to], method, number, *((f"RAck: {self.rseq} 1 INVITE",) if method == "PRACK" else ()))

    def _sends(self, dialog: Dialog, method: str, number: int, *extra: str) -> None:
        target, routes, call_id, own, other = dialog
        body = self.description(method)
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/TCP {self.address}:5060;branch=z9hG4bK{call_id[0]}{self.name}{number}{method}",
            *(f"Route: {route}" for route in routes),
            f"From: {own}",
            f"To: {other}",
            f"Call-ID: {call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:{self.name}@{self.address}:5060;transport=tcp>",
            "Max-Forwards: 70",
            *extra,
            *(("Content-Type: application/sdp",) if body else ()),
            f"Content-Length: {len(body)}",
        ]
        self.out.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def description(self, method: str) -> bytes:
        return SDP_IM if self.offers and method in ("INVITE", "PRACK", "UPDATE") else b""

    def is_described(self, message: bytes, method: str) -> bool:
        return message.endswith(SDP_IM.partition(b"t=")[2]) == bool(self.description(method))

    def gets(self, method: str, of: str) -> None:
        """A request of another party."""
        message = self.arrives.read_message()
        assert message.startswith(method.encode() + b" ") and self.is_described(message, method), message
        self.requests[method] = message, self.arrives
        if method == "INVITE":
            own, other = f"{header(message, 'To')};tag={self.name}", header(message, "From")
            self._learns(of, message, own, other, values(message, "Record-Route"))

    def answers(self, what: str) -> None:
        status, method = what.split()
        request, stream = self.requests[method]
        reason = {"183": "183 Session Progress", "200": "200 OK"}[status]
        body = self.description(method)
        data = answer(request, reason, body).replace(b";tag=callee", f";tag={self.name}".encode())
        extra = "Require: 100rel\r\nRSeq: 1\r\n" if status == "183" else ""
        extra += "Content-Type: application/sdp\r\n" if body else ""
        contact = f"{extra}Contact: <sip:{self.name}@{self.address}:5060;transport=tcp>\r\nContent-Length"
        (stream if stream is self._arrives else self.out).send(data.replace(b"Content-Length", contact.encode(), 1))

    def hears(self, what: str, of: str = "") -> None:
        """A response; 100 is passed over."""
        message = self.out.read_message()
        while message.startswith(b"SIP/2.0 100"):
            message = self.out.read_message()
        status, method = what.split()
        assert (message[8:11].decode(), header(message, "CSeq").split()[1]) == (status, method), message
        assert status == "481" or self.is_described(message, method), message
        if status == "183":
            self.rseq = header(message, "RSeq")
        if method == "INVITE":
            self._learns(
                of, message, header(message, "From"), header(message, "To"), values(message, "Record-Route")[::-1]
            )

    def _learns(self, of: str, message: bytes, own: str, other: str, routes: list[str]) -> None:
        target = header(message, "Contact").partition("<")[2].partition(">")[0]
        self.dialogs[of] = Dialog(target, tuple(routes), header(message, "Call-ID"), own, other)

    def has_heard_all(self) -> None:
        """Nothing else has come to it, on whichever connection."""
        options = Dialog(f"sip:{self.edge}", (), f"o@{self.address}", f"<sip:{self.name}@x.example>;tag=o", "<sip:e>")
        self._sends(options, "OPTIONS", 1)
        assert header(self.out.read_message(), "CSeq") == "1 OPTIONS"


@dataclass
class World:
    edge: Edge
    parties: dict[str, Party]

    def restart(self, call_id: str) -> None:
        """``call_id``: of a call that is in the journal; '' for none."""
        journal, waited = self.edge.folder / "journal", 0.0
        while call_id and call_id not in journal.read_text():
            sleep(0.01)  # the file tells nobody when the thread has written it
            waited += 0.01
            assert waited < LIMIT
        self.edge.start_again()
        for party in self.parties.values():
            party.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, names = tmp_path_factory.mktemp("between"), ("hidden", "b2bua", "here", "one", "two", "three")
    edge, *addresses = (fresh_address() for _ in range(7))
    ca = make_ca(folder)
    here = 'topology = "b2bua"\n[zone.b2bua]\nprack = "here"'
    topologies = ('topology = "hidden"', 'topology = "b2bua"', here, "", "", here)
    zones = [neighbor(name, [own], "TCP", lines) for name, own, lines in zip(names, addresses, topologies, strict=True)]
    config = edge_toml(ca, issue(ca, ips=[edge]), listener("tcp", edge, "TCP"), *zones)
    config = config.replace("[edge]\n", '[edge]\njournal = "journal"\n', 1)
    rules = rule("one", r".*@far\.example", "one").replace("match stop", "match continue")
    rules += rule("two", r"both@far\.example", "two") + rule("three", r".*@third\.example", "three")
    with Edge(folder / "edge", config, rules) as running:
        parties = {
            name: Party(name, own, edge, Callee(own, 5060), offers=name in ("here", "three"))
            for name, own in zip(names, addresses, strict=True)
        }
        yield World(running, parties)
        for party in parties.values():
            party.close()
            party.listens.__exit__(None, None, None)


def play(step: Step, fate: str, parties: dict[str, Party], call_id: str) -> None:
    sender, receivers = parties[step.sender], [parties[name] for name in step.to.split("+")]
    if step.what == "INVITE":
        sender.begins(call_id, {"one": "sip:bob@far.example", "three": "sip:carol@third.example"}.get(step.to, BOTH))
    elif step.what[0].isdigit():
        sender.answers(step.what)
    else:
        sender.sends(step.what, step.to)
    if fate == UNKNOWN:
        sender.hears(f"481 {step.what}")
    elif fate == ENDED:
        sender.gets("ACK", "")
        sender.gets("BYE", "")
        sender.answers("200 BYE")
    elif fate == PASSES:
        for receiver in receivers:
            take = receiver.hears if step.what[0].isdigit() else receiver.gets
            take(step.what, step.sender)


CASES = [
    pytest.param(topology, messages, behind, fates, id=f"{topology} {len(messages)} messages, behind {behind}")
    for (topology, messages), lines in TABLE.items()
    for behind, fates in enumerate(lines, 1)
]


@pytest.mark.parametrize(("topology", "messages", "behind", "fates"), CASES)
def test_what_becomes_of_messages_behind_a_restart(
    world: World, topology: str, messages: tuple[Step, ...], behind: int, fates: str
) -> None:
    parties = {**world.parties, "caller": world.parties[topology]}
    call_id = f"{topology}{len(messages)}{behind}@{parties['caller'].address}"
    for number, (step, fate) in enumerate(zip(messages, fates, strict=True)):
        if number == behind:
            is_kept = topology != "hidden" and "200 INVITE" in [before.what for before in messages[:behind]]
            world.restart(call_id if is_kept else "")
        if fate != UNSENT:
            play(step, fate, parties, call_id)
    for party in world.parties.values():
        party.has_heard_all()
