"""Conversations with a whole edge: a few peers that say nearly the same again and again, answer it oddly, and go away.

Played with the short way and without it, an edge must say the same to each peer, note the same in its history and have
nothing left; but for names that it draws at random.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from time import time
from typing import Any, Protocol

from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan
from sipedge.decision.record_route import HOUR, TokenKey, ZonePair
from sipedge.proxy.events import RevocationChanged
from sipedge.rates import reading
from sipedge.settings import DnsSettings, Limits, Listener, Settings
from sipedge.sip.framing import Frame
from sipedge.sip.message import Message
from tools.bench.instructions import PLAN
from tools.memory_edge import EDGE, Far, MemoryEdge, run_edge
from zones.zone import AuthenticationPolicy, DefaultZone, FromDomain, NeighborZone, RatePolicy, Topology

from .mutations import mutated

CALLERS = ("192.0.2.10", "192.0.2.10", "198.51.100.20", "203.0.113.99")
"""Two of one peer, the callee's own side, and a stranger."""
CALLEES = CALLERS[2], "198.51.100.21"
URIS = ("sip:bob@outside.example",) * 4 + ("sip:al@inside.example", "sip:x@nowhere.example")
METHODS = ("MESSAGE",) * 5 + ("SERVICE", "SUBSCRIBE", "NOTIFY", "PUBLISH", "BENOTIFY", "INFO", "INVITE")
SENDERS = ("<sip:a@inside.example>;tag=1", '"A, B" <sip:a@inside.example>;tag=2', "<sip:c@outside.example>;tag=3")
EXTRA = (
    "Event: presence",
    "Event: dialog",
    "User-Agent: UCCAPI/16.0",
    "P-Asserted-Identity: <sip:a@inside.example>",
    "Remote-Party-ID: <sip:a@inside.example>",
    "Proxy-Require: ms-benotify",
    "Contact: <sip:a@192.0.2.10:5060;transport=tcp>",
    "Max-Breadth: 9",
    "Route: <sip:203.0.113.1;lr>",
    "Subject: a\r\n b",
)
NAMING = (
    "Contact: <sip:a@pbx.inside.local:5060;transport=tcp;gr=x>;+sip.instance=1",
    "Contact: <sip:a@pbx>",
    'm: "192.0.2.10" <sip:b@inside.local>, <tel:1>',
    "Server: pbx/1.2",
    "Content-Type: application/sdp",
    "Content-Type: text/plain",
    'Warning: 399 pbx.inside.local "x"',
    "X-Where: sip.inside.local",
    "X-Where: 192.0.2.10",
    "x-what: 1.2.3",
    "Event: dialog;call-id=x",
    "Referred-By: <sip:a@192.0.2.10>",
)
"""Lines that a hidden zone's border looks at."""
VIAS = ("",) * 50 + (";rport", ";received=192.0.2.77", ", SIP/2.0/TCP before.example;branch=z9hG4bKb")
BEFORE = ("",) * 6 + ("SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKx.0123456789abp", "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKy")
STATUSES = (200,) * 9 + (202, 100, 180, 302, 404, 408, 486, 503, 603)
PAUSES = (0.25, 0.75, 1.25, 3.5, 6.0)
ZONES = ("Inside", "Outside", "Default Zone")
SECRET = b"a secret for the fuzz"
DIALOG = "dialog"
"""Its Call-ID."""
LAST, LOOK = 35.0, 0.25
"""Seconds at the end, and between two looks at the timers. What is due at the same time comes in any order."""
WORDS = ("say",) * 20 + ("answer",) * 20 + ("wait", "wait", "leave", "hang up", "change")
MOST_STEPS = 60
NAMES = re.compile(rb"z9hG4bK(?:w\d)?[0-9a-f]+(?:x[0-9a-f]+)?(?=\.[0-9a-f]{12})|(?<=;tag=)(?:w\d)?[0-9a-f]{9,}")
"""What an edge draws at random: of branches what is in front of the loop hash, and its own tags."""

Step = tuple[Any, ...]


def settings(chance: Random, remembered: int) -> Settings:
    policy = chance.choice(tuple(AuthenticationPolicy))
    kind = chance.choice((FromDomain.ANY,) * 4 + (FromDomain.CERTIFICATE,))
    each = chance.choice((12, 2000, 2000))
    trust, poison = chance.random() < 0.5, chance.random() < 0.3
    rate = RatePolicy(chance.choice((0.0, 0.0, 3.0)), chance.choice((0.0, 2.0)), chance.choice((0.0, 1.0)))
    inside = NeighborZone(
        name="Inside",
        transport="TCP",
        peers=CALLERS[:1],
        monitor=False,
        authentication_policy=policy,
        rate=rate if chance.random() < 0.3 else RatePolicy(),
        from_domain=kind,
    )
    outside = NeighborZone(
        name="Outside",
        transport="TCP",
        peers=CALLEES[: chance.choice((1, 1, 2))],
        monitor=False,
        authentication_trust=trust,
        poison=poison,
    )
    inside, outside = (replace(zone, **_topology(chance)) for zone in (inside, outside))
    return Settings(
        system_name="edge.outside.example",
        domains=("outside.example",),
        zones=(inside, outside, DefaultZone(transport="TCP", from_domain=kind)),
        plan=CompiledPlan(parse_dialplan(PLAN, "fuzz.dialplan")),
        listeners=(Listener("sip", EDGE, 5060, transport="TCP"),),
        limits=replace(Limits(), busy_poll=0.0, remembered=remembered, transactions_per_connection=each),
        dns=DnsSettings(("127.0.0.1",)),
        secret=SECRET,
        route_age=7 * 86400.0,
    )


def _topology(chance: Random) -> dict[str, Any]:
    shown = chance.choice((Topology.OPEN, Topology.HIDDEN))
    longest = 60 if chance.random() < 0.05 else 0
    return {"topology": shown, "hide_call_id": chance.random() < 0.8, "longest_user_part": longest}


def steps(chance: Random, naming: Random) -> list[Step]:
    """What the peers do: words for ``Player``, and numbers that choose among what is there then.

    ``naming``: for lines of NAMING.
    """
    kinds = [_kind(chance) for _ in range(chance.randint(0, 3))]
    routes = _routes(chance) * (chance.random() < 0.4)
    kinds += [(METHODS[0], URIS[0], SENDERS[0], [], "", routes)] * (len(kinds) + 1)
    kinds = [(*kind[:3], [*kind[3], *_naming(naming)], *kind[4:]) for kind in kinds]
    answers = [_naming(naming), _naming(naming), []]
    return [_step(chance, kinds, lambda: naming.choice(answers)) for _ in range(chance.randint(4, MOST_STEPS))]


def _naming(chance: Random) -> list[str]:
    return chance.sample(NAMING, chance.choice((0, 1, 2))) if chance.random() < 0.5 else []


def _kind(chance: Random) -> tuple[Any, ...]:
    extra = [each for each in EXTRA if chance.random() < 0.06]
    method, sender = chance.choice(METHODS), chance.choice(SENDERS)
    return method, chance.choice(URIS), sender, extra, chance.choice(BEFORE), _routes(chance) * (chance.random() < 0.4)


def _routes(chance: Random) -> list[str]:
    """Of a dialog: what the edge has signed, for this dialog or another one, and who else is on the way."""
    here, there = chance.sample(ZONES, 2) if chance.random() < 0.2 else ZONES[:2]
    issued = int(time()) // HOUR - (chance.random() < 0.1) * 10_000
    pair = ZonePair(here, there, chance.random() < 0.5, issued=issued)
    token = TokenKey(SECRET, ZONES).mint(pair, DIALOG if chance.random() < 0.9 else "another", "1")
    own = f"<sip:{token}@{EDGE}:5060;transport=tcp;lr>"
    foreign = chance.choice(("", "", "<sip:192.0.2.88;lr>", "<sip:192.0.2.88>"))
    return chance.choice(([own], [own, own], [f"{own}, {own}"], [own, foreign], [f"{own},{foreign}"], [foreign, own]))


def _step(chance: Random, kinds: Sequence[tuple[Any, ...]], naming: Callable[[], list[str]]) -> Step:
    word, peer = chance.choice(WORDS), chance.choice((0,) * 9 + (1, 1, 2, 3))
    if word == "say":
        said = [_said(chance, chance.choice(kinds)) for _ in range(chance.choice((1, 1, 2, 5)))]
        if chance.random() < 0.1:  # of a request that is answered pjsip answers copies until its next poll
            return word, peer, [*said, *said], 0
        return word, peer, said, chance.choice((0, 0, 0, 40, 700))
    if word == "answer":
        how = [_answer(chance, naming()) for _ in range(chance.choice((1, 2, 4, 8)))]
        return word, chance.random() < 0.06, how
    return word, chance.choice(PAUSES) if word == "wait" else peer


def _said(chance: Random, kind: tuple[Any, ...]) -> bytes:
    method, uri, sender, extra, before, routes = kind
    number = chance.randrange(10**8)
    lines = [f"{method} {uri} SIP/2.0"]
    lines.append(f"Via: SIP/2.0/TCP {chance.choice(CALLERS[:2])}:5060;branch=z9hG4bKs{number}{chance.choice(VIAS)}")
    if before:
        lines.append(f"Via: {before}")
    if chance.random() < 0.95:
        lines.append(f"Max-Forwards: {chance.choice((70,) * 9 + (9, 1, 0, 256))}")
    lines += [f"Route: {route}" for route in routes if route]
    to, call = ("<sip:b@example.com>;tag=9", DIALOG) if routes else ("<sip:b@example.com>", f"c{number}")
    body = b"x" * chance.choice((0, 5, 300))
    lines += [f"From: {sender}", f"To: {to}", f"Call-ID: {call}", f"CSeq: {number} {method}", *extra]
    lines.append(f"Content-Length: {len(body)}")
    data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return mutated(chance, [data]) if chance.random() < 0.05 else data


def _answer(chance: Random, naming: list[str]) -> tuple[Any, ...]:
    """Which request, counted from the newest; status; lines more; whether it comes twice; what is broken in it."""
    extra = [each.encode() for each in EXTRA[3:7] if chance.random() < 0.05] + [each.encode() for each in naming]
    broken = chance.choice((b"Via:", b"CSeq: ", b"From:", b";branch=", b"OK")) if chance.random() < 0.06 else b""
    return chance.randrange(4), chance.choice(STATUSES), extra, chance.random() < 0.1, broken


class Party(Protocol):
    """A peer's end of a connection; see memory_edge.Far."""

    def write_in(self, data: bytes) -> None: ...
    def frames(self) -> list[Frame]: ...
    def is_closing(self) -> bool: ...
    def abort(self) -> None: ...


class Edge(Protocol):
    """What a player plays with."""

    def accept(self, address: str, port: int) -> Party: ...
    def called(self) -> Sequence[Party]:
        """Those that the edge has connected to."""

    def change(self) -> None:
        """Have all ways forgotten."""

    async def turn(self) -> None: ...
    def later(self, seconds: float) -> None:
        """The time from now on."""

    def left(self) -> list[object]:
        """What it has noted, and what is not over."""


class One:
    """An edge of one worker."""

    def __init__(self, edge: MemoryEdge) -> None:
        self._edge = edge
        self.accept, self.turn = edge.accept, edge.turn

    def called(self) -> Sequence[Far]:
        return self._edge.loop.called

    def change(self) -> None:
        self._edge.server.tell(RevocationChanged())

    def later(self, seconds: float) -> None:
        self._edge.loop.now += seconds

    def left(self) -> list[object]:
        server = self._edge.server
        parts = server.parts
        history = [_entry(entry.to_json()) for entry in server.recording.history]
        return [history, parts.proxy.requests_refused(), parts.proxy.is_quiet(), replace(parts.stack.counts(), pools=0)]


class Player:
    """An edge, its peers, and what they saw."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._peers = [edge.accept(address, 5060) for address in CALLERS]
        self._requests: list[tuple[Party, Message]] = []
        self.notes: list[object] = []
        self._do: dict[str, Callable[..., None]] = {
            "say": self._say,
            "answer": self._answer,
            "leave": self._leave,
            "hang up": lambda peer: self._far().abort(),
            "cross": self._cross,
            "change": lambda peer: self._edge.change(),
        }

    async def play(self, conversation: Sequence[Step]) -> None:
        for word, *arguments in (*conversation, ("wait", LAST)):
            if word == "wait":
                await self._wait(*arguments)
            else:
                self._do[word](*arguments)
                await self._edge.turn()
            self._look(word)
        self.notes += self._edge.left()

    def _look(self, word: str) -> None:
        """What each peer got, and what there is to answer now."""
        fars = [*self._peers, *self._edge.called()]
        for number, far in enumerate(fars):
            frames = far.frames()
            got = [frame for frame in frames if isinstance(frame, Message)]
            self._requests += [(far, message) for message in got if message.is_request]
            others = [repr(frame) for frame in frames if not isinstance(frame, Message)]
            texts = [NAMES.sub(b"*", message.to_bytes()) for message in got]
            self.notes.append((word, number, sorted(texts) if word == "wait" else texts, others))

    def _say(self, peer: int, said: Sequence[bytes], cut: int) -> None:
        far, data = self._peers[peer], b"".join(said)
        for piece in (data[:cut], data[cut:]):
            _write(far, piece)

    def _cross(self, *said: Any) -> None:
        """A callee goes away while a request is on its way there."""
        self._far().abort()
        self._say(*said)

    def _answer(self, elsewhere: bool, answers: Sequence[tuple[Any, ...]]) -> None:
        written: dict[Party, bytes] = {}
        for nth, status, extra, twice, broken in answers:
            if nth < len(self._requests):
                far, request = self._requests[-1 - nth]
                data = _answered(request, status, extra, broken)
                place = self._peers[2 + nth % 2] if elsewhere else far  # on the callee's own side, or a stranger's
                written[place] = written.get(place, b"") + data * (1 + twice)
        for far, data in written.items():
            _write(far, data)

    async def _wait(self, seconds: float) -> None:
        """In small steps, so that nothing is looked at too late."""
        for _ in range(round(seconds / LOOK)):
            self._edge.later(LOOK)
            await self._edge.turn()

    def _leave(self, peer: int) -> None:
        self._peers[peer].abort()
        self._peers[peer] = self._edge.accept(CALLERS[peer], 5060)

    def _far(self) -> Party:
        return self._edge.called()[-1] if self._edge.called() else self._peers[2]


def _write(far: Party, data: bytes) -> None:
    if data and not far.is_closing():
        far.write_in(data)


def _answered(request: Message, status: int, extra: Sequence[bytes], broken: bytes) -> bytes:
    copied = ("via", "record-route", "from", "to", "call-id", "cseq")
    lines = [request.lines[number] for name in copied for number in request.index.get(name, ())]
    data = b"\r\n".join([b"SIP/2.0 %d OK" % status, *lines, *extra, b"Content-Length: 2"]) + b"\r\n\r\nok"
    return data.replace(broken, b"", 1) if broken else data


def _entry(json: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in json.items() if key not in ("time", "ms")}


def play(seed: int, short: bool) -> list[object]:
    """What came of the conversation with this number, by the short way where there is one, or through the core only."""
    notes: list[object] = []

    async def scenario(edge: MemoryEdge) -> None:
        player = Player(One(edge))
        await player.play(steps(Random(seed), Random(seed + 1)))
        notes.extend(player.notes)

    slice, reading.SLICE = reading.SLICE, float("inf")  # else the sizes of reads depend on the clock
    try:
        run_edge(settings(Random(seed), 100 if short else 0), scenario)
    finally:
        reading.SLICE = slice
    return notes


def difference(seed: int) -> str:
    """'' or what the first difference is."""
    return difference_of(play(seed, True), play(seed, False))


def difference_of(one: Sequence[object], other: Sequence[object]) -> str:
    for number, (short, whole) in enumerate(zip(one, other, strict=True)):
        if short != whole:
            return f"note {number} is {short!r} by the short way, and {whole!r} through the core"
    return ""
