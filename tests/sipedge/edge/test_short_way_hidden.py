"""Requests that cross the border of a hidden zone without the core: the others see what they always saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.messages import request
from support.native import require_native
from support.settings import INSIDE_PEER, OUTSIDE_PEER, ZONES, make_settings

from sipedge.proxy.events import ConfigChanged
from sipedge.rates import reading
from sipedge.settings import DnsSettings, Limits, Listener, Settings
from sipedge.sip.message import Message
from tools.fuzz.edges import NAMES as DRAWN
from tools.memory_edge import Far, MemoryEdge, run_edge
from zones.zone import Topology, Zone

IN, OUT = "canary-in", "canary-out"
HIDDEN = [("Inside",), ("Outside",), ("Inside", "Outside")]
LINES = (
    "Contact: <sip:%(user)s@phone.%(canary)s.local:5071;transport=tcp;gr=urn:x>;isfocus",
    'm: "%(canary)s.local" <sip:%(user)s@%(address)s>',
    "Contact: <sip:%(user)s@%(canary)s>",
    "User-Agent: %(canary)s/1",
    "Server: %(canary)s/1.2",
    "X-Trace: from %(canary)s.local, via phone.%(canary)s.local",
    "X-Where: %(address)s",
    "X-Version: 1.2.3",
    "X-Behind: 10.9.9.9, 10.9.9.8, canary.x",
    "X-Behind: 10.9.9.7",
    "X-Behind: 10.9.9.6, [2001:db8::1]",
    "P-Charging-Vector: icid-value=%(canary)s",
    'Warning: 399 p1.%(canary)s.local "text %(canary)s"',
    "Content-Type: text/plain",
    "c: Application/SDP; x=y",
    "Subject: nothing to see",
    "Event: presence",
    'o: dialog;call-id="x@%(canary)s"',
    "Reply-To: <sip:%(user)s@phone.%(canary)s.local>",
    "Contact: <sip:%(user)s.x@[2001:db8::7]:5071;transport=tcp>",
    "X-Where: [2001:db8::7]",
    "X-One: 10.9.9.8",
    "X-Two: canary.x",
    "X-Three: 10.9.9.9",
    "Content-Type: application/sdp",
    "X-Four: 10.9.9.6",
    "Content-Type: application/pidf+xml",
)
BEHIND = (
    "phone.canary-in.local:5060",
    "10.9.9.9:50231;received=10.9.9.8;rport=50231",
    "10.9.9.9;Received=10.9.9.7;x",
    "10.9.9.9;received=CANARY.x",
    "10.9.9.9;received",
    "10.9.9.9;received=10.9.9.8;received=10.9.9.7",
    '10.9.9.9;receivedx=1;y="received=1"',
    "[2001:db8::1]:5060",
    "10.9.9.9, SIP/2.0/TCP 10.9.9.6",
    "10.9.9.9;received=",
    "10.9.9.9;x;rport;received=10.9.9.8",
    "10.9.9.9;x=canary.x;RECEIVED=10.9.9.8;y",
    "10.9.9.9 ;received=10.9.9.8",
    "10.9.9.9;received=10.9.9.8;x=1, SIP/2.0/TCP 10.9.9.6",
    '10.9.9.9;received="10.9.9.8"',
    "10.9.9.9;{branch};received=10.9.9.8",
    "10.9.9.9;{branch};rport;received=10.9.9.7",
    "10.9.9.9;receivedx10.9.9.7",
    "10.9.9.9;received-10.9.9.7;received=10.9.9.8",
    '10.9.9.9;x=";received=10.9.9.7;"',
    "10.9.9.9;received=g0.9.9.7",
    "10.9.9.9{none}",
    "canary.x{none}",
)
"""Sent-by and parameters of Via values behind the first one; their branch comes last where no place is named for it."""
TOP = f"{INSIDE_PEER}:5060"
BODY = b"o=- 1 1 IN IP4 192.0.2.10\r\n"


@pytest.fixture(autouse=True)
def native(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    require_native()
    monkeypatch.setattr(reading, "SLICE", float("inf"))  # else the sizes of reads depend on the machine
    yield


def settings(hidden: Sequence[str], remembered: int = 100, **changed: object) -> Settings:
    return make_settings(
        zones=tuple(replace(_shown(zone, hidden), transport="TCP", **changed) for zone in ZONES),  # type: ignore[arg-type]
        listeners=(Listener("sip", "203.0.113.1", 5060, transport="TCP"),),
        dns=DnsSettings(("127.0.0.1",)),
        limits=replace(Limits(), remembered=remembered),
    )


def _shown(zone: Zone, hidden: Sequence[str]) -> Zone:
    return replace(zone, topology=Topology.HIDDEN) if zone.name in hidden else zone


def lines(names: Sequence[int], user: str, canary: str, address: str) -> tuple[str, ...]:
    return tuple(LINES[number] % {"user": user, "canary": canary, "address": address} for number in names)


def _via(text: str, branch: str) -> str:
    return f"SIP/2.0/TCP {(text if '{' in text else text + ';{branch}').format(branch=branch, none='')}"


def said(number: int, names: Sequence[int], behind: Sequence[str] = BEHIND[:1], top: str = TOP) -> Message:
    return request(
        via=tuple(_via(text, f"branch=z9hG4bK{number}{at}") for at, text in enumerate((top, *behind))),
        call_id=f"{number}@{IN}.local",
        cseq=f"{number} MESSAGE",
        extra=lines(names, f"user{number % 3}", IN, INSIDE_PEER),
        body=BODY,
    )


def answer(sent: Message, names: Sequence[int], status: int) -> Message:
    """As the callee's side writes it."""
    copied = ("via", "from", "to", "call-id", "cseq")
    head = [b"SIP/2.0 %d OK" % status, *(sent.lines[number] for name in copied for number in sent.index[name])]
    head += [line.encode() for line in lines(names, "bob", OUT, OUTSIDE_PEER)]
    return Message(b"\r\n".join([*head, b"Content-Length: %d" % len(BODY)]) + b"\r\n\r\n", BODY)


class Talk:
    """A caller and a callee; all that each of them got, and how many requests went without the core."""

    def __init__(self, edge: MemoryEdge) -> None:
        self.edge, self.caller = edge, edge.accept(INSIDE_PEER)
        self.seen: list[tuple[str, bytes]] = []
        self.short = 0

    async def transaction(
        self,
        number: int,
        asked: Sequence[int],
        answered: Sequence[int],
        status: int = 200,
        pause: float = 0.0,
        behind: Sequence[str] = BEHIND[:1],
        top: str = TOP,
    ) -> None:
        self.caller.send(said(number, asked, behind, top))
        await self.edge.turn()
        self.short += self.edge.server._stack._clients.short
        callee: Far = self.edge.loop.called[0]
        sent = callee.received()
        for _ in range(round(pause / 0.5)):
            self.edge.loop.now += 0.5
            await self.edge.turn()
        callee.send(*(answer(each, answered, status) for each in sent))
        await self.edge.turn()
        got = self.caller.received()
        self.seen += [("callee", DRAWN.sub(b"*", each.to_bytes())) for each in sent]
        self.seen += [("caller", DRAWN.sub(b"*", each.to_bytes())) for each in got]


def talked(settings: Settings, *transactions: tuple[Any, ...]) -> Talk:
    """Each of them four times; see Talk.transaction."""
    talks: list[Talk] = []

    async def scenario(edge: MemoryEdge) -> None:
        talks.append(talk := Talk(edge))
        for number, transaction in enumerate([each for each in transactions for _ in range(4)]):
            await talk.transaction(number, *transaction)

    run_edge(settings, scenario)
    return talks[0]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_nothing_of_a_hidden_side_is_seen_on_the_other_one(hidden: tuple[str, ...]) -> None:
    shown = [0, 3, 4, 5, 6, 7, 11, 13, 15, 16]
    talk = talked(settings(hidden), (shown, shown, 200, 0.0, BEHIND[:2]))
    assert talk.short == 2 and len(talk.seen) == 8
    canaries = {"callee": (IN, INSIDE_PEER, "Inside"), "caller": (OUT, OUTSIDE_PEER, "Outside")}
    for who, data in talk.seen:
        canary, address, zone = canaries[who]
        assert (canary.encode() in data.replace(b"o=- 1 1 IN IP4 192.0.2.10", b"")) == (zone not in hidden)
        assert (address.encode() in data.replace(BODY, b"")) == (zone not in hidden)
    last = Message(talk.seen[-1][1].partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    assert last.call_id == f"3@{IN}.local" and len(last.items("via")) == 3
    assert talk.seen == talked(settings(hidden, 0), (shown, shown, 200, 0.0, BEHIND[:2])).seen


def alike(hidden: Sequence[str], asked: Sequence[str], answered: Sequence[str], *vias: str, top: str = TOP) -> int:
    """Each side gets the same with and without the short way; how many requests took that."""
    came = [LINES.index(line) for line in asked], [LINES.index(line) for line in answered], 200, 0.0, vias, top
    one, other = (talked(settings(hidden, remembered), came) for remembered in (100, 0))
    assert one.seen == other.seen
    return one.short


PHONE, SIXTH = LINES[0], "Contact: <sip:%(user)s.x@[2001:db8::7]:5071;transport=tcp>"


@pytest.mark.parametrize("via", BEHIND)
def test_a_host_of_a_via_is_hidden_wherever_another_line_names_it(via: str) -> None:
    for line in ("X-One: 10.9.9.8", "X-Two: canary.x", "X-Three: 10.9.9.9", "X-Behind: 10.9.9.7", "X-Four: 10.9.9.6"):
        alike(("Inside",), [PHONE, line], [], via)
    alike(("Inside",), [PHONE, "X-Three: 10.9.9.9"], [], "10.9.9.5", via)


@pytest.mark.parametrize("top", ["10.9.9.9:5060", "10.9.9.9;received=10.9.9.8", "canary.x:5060", "CANARY.X"])
def test_the_address_that_a_request_came_from_is_hidden_and_so_is_the_host_of_its_via(top: str) -> None:
    for line in ("X-Where: %(address)s", "X-Two: canary.x", "X-Three: 10.9.9.9", "X-One: 10.9.9.8"):
        alike(("Inside",), [PHONE, line], [], top=top)
        alike(("Inside",), [PHONE, line], [], "10.9.9.5;{branch};received=10.9.9.4", top=top)
    assert alike(("Inside",), [PHONE, "X-Where: %(address)s"], [], top="canary.x") == 2


def test_received_is_read_wherever_it_stands_among_the_parameters() -> None:
    for via in (
        "10.9.9.9;received=10.9.9.8",
        "10.9.9.9;{branch};received=10.9.9.8",
        "10.9.9.9;rport;received=10.9.9.8",
    ):
        assert alike(("Inside",), [PHONE, "X-One: 10.9.9.8"], [], via) == 2


@pytest.mark.parametrize("side", ["Inside", "Outside"])
@pytest.mark.parametrize(
    ("lines", "is_short"),
    [
        ([PHONE], True),
        ([SIXTH, "X-Where: [2001:db8::7]"], True),
        ([PHONE, "User-Agent: %(canary)s/1", "Server: %(canary)s/1.2"], True),
        ([PHONE, "X-Where: %(address)s"], True),
        (["X-Version: 1.2.3"], True),
        ([], True),
        (["Contact: <sip:%(user)s@%(canary)s>", "X-Version: 1.2.3"], False),
        ([PHONE, "Content-Type: application/sdp"], False),
        ([PHONE, "c: Application/SDP; x=y"], False),
        ([PHONE, "Content-Type: text/plain"], True),
        ([PHONE, "Content-Type: application/pidf+xml"], True),
    ],
)
def test_lines_of_a_hidden_side_are_shown_as_ever(side: str, lines: list[str], is_short: bool) -> None:
    """A request with a session description, or with a Contact without a dot, is the core's."""
    asked, answered = (lines, []) if side == "Inside" else ([], lines)
    assert alike((side,), asked, answered, BEHIND[0]) == (2 if is_short or side == "Outside" else 0)
    alike(("Inside", "Outside"), asked, answered)


@examples(60)
@given(
    st.sampled_from(HIDDEN),
    st.lists(
        st.tuples(
            st.lists(st.integers(0, len(LINES) - 1), max_size=4, unique=True),
            st.lists(st.integers(0, len(LINES) - 1), max_size=4, unique=True),
            st.sampled_from((200, 200, 202, 404)),
            st.sampled_from((0.0, 0.0, 1.5)),
            st.lists(st.sampled_from(BEHIND), max_size=2),
        ),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
    st.sampled_from((0, 0, 60)),
)
def test_each_side_gets_the_same_with_and_without_the_short_way(
    hidden: tuple[str, ...],
    came: list[tuple[list[int], list[int], int, float, list[str]]],
    call_ids: bool,
    longest: int,
) -> None:
    changed = {"hide_call_id": call_ids, "longest_user_part": longest}
    one, other = (talked(settings(hidden, remembered, **changed), *came).seen for remembered in (100, 0))
    assert one == other


def test_an_answer_after_a_change_of_configuration_comes_home_as_ever() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        talk = Talk(edge)
        for number in range(3):
            await talk.transaction(number, [0], [0])
        talk.caller.send(said(9, [0]))
        await edge.turn()
        assert edge.server._stack._clients.short == 1
        changed = settings(())  # nothing is hidden any more
        edge.server._short.configure(changed)
        edge.server.tell(ConfigChanged(changed))
        await edge.turn()
        edge.loop.called[0].send(*(answer(each, [0, 5], 200) for each in edge.loop.called[0].received()))
        await edge.turn()
        (got,) = talk.caller.received()
        assert (got.call_id, len(got.items("via"))) == (f"9@{IN}.local", 2)
        assert OUT not in got.head.decode()

    run_edge(settings(("Inside", "Outside")), scenario)


def test_a_party_that_cannot_be_read_is_left_to_the_core() -> None:
    async def scenario(edge: MemoryEdge) -> None:
        talk = Talk(edge)
        for number in range(3):
            await talk.transaction(number, [0], [0])
        talk.caller.send(said(9, [0], ("[2001:db8::1]:5060",)))
        await edge.turn()
        assert edge.server._stack._clients.short == 0
        assert len(edge.loop.called[0].received()) == 1

    run_edge(settings(("Inside",)), scenario)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(
    ("lines", "is_short"),
    [
        ([], True),
        (["Subject: nothing to see"], True),
        ([PHONE], True),
        ([PHONE, "X-Where: %(address)s", "Server: %(canary)s/1.2"], True),
        (["Contact: <sip:%(user)s@%(canary)s>"], False),
        ([PHONE, "Content-Type: application/sdp"], False),
        (["Reply-To: <sip:%(user)s@phone.%(canary)s.local>"], None),
        (['Warning: 399 p1.%(canary)s.local "text %(canary)s"'], None),
    ],
)
def test_an_answer_crosses_the_border_without_the_core(
    hidden: tuple[str, ...], lines: list[str], is_short: bool
) -> None:
    """Where its side is hidden, one with a session description or a Contact without a dot is the core's.

    None: so is each with a header that is rewritten as a whole (topology/usual.py), whichever side is hidden.
    """
    names = [LINES.index(line) for line in lines]
    got: list[list[bytes]] = []

    async def scenario(edge: MemoryEdge) -> None:
        talk = Talk(edge)
        for number in range(3):
            await talk.transaction(number, [], names, behind=BEHIND[:2])
        talk.caller.send(said(9, [], BEHIND[:2], top="pbx.canary-in.local"))
        await edge.turn()
        handled: list[object] = []
        handle = edge.server._proxy.handle
        edge.server._proxy.handle = lambda event, now: handled.append(event) or handle(event, now)  # type: ignore[func-returns-value,method-assign]
        callee = edge.loop.called[0]
        callee.send(*(answer(each, names, 200) for each in callee.received()))
        await edge.turn()
        got.append([DRAWN.sub(b"*", each.to_bytes()) for each in talk.caller.received()])
        short.append(not handled)

    short: list[bool] = []
    for remembered in (100, 0):
        run_edge(settings(hidden, remembered), scenario)
    assert got[0] == got[1] and len(got[0]) == 1
    assert got[0][0].count(b"\r\nVia: ") == 3 and b";received=192.0.2.10" in got[0][0]
    assert short == [is_short is not None and (is_short or "Outside" not in hidden), False]
