"""The short way: requests whose way is remembered go from the bytes of a read to the bytes of a write in C.

What is here joins that part (remembered/native) to the edge. It is told the ways, and gives what has to be sent and
recorded. Whatever is unusual afterwards is the core's: the request is *adopted*, so that the core has it as if it had
sent it on itself. docs/architecture.md says what never goes this way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter, time

from sipedge.native import library
from sipedge.network.connections import Connections
from sipedge.pjsip.reception import Malformed
from sipedge.pjsip.stack import Stack
from sipedge.proxy.commands import Remember
from sipedge.proxy.events import Adopted, ConnectionOpened, ForwardFailed, RequestReceived
from sipedge.proxy.forwarder import BRANCH_COOKIE
from sipedge.proxy.forwarding import IDENTITY_HEADERS
from sipedge.proxy.locating import preferred
from sipedge.proxy.proxy import Proxy
from sipedge.remembered.native import ways
from sipedge.remembered.native.ways import Outputs, Records, Ways
from sipedge.remembered.record import HEAD, TIME
from sipedge.remembered.way import Shape, Way, names_of, request_shape, response_shape
from sipedge.settings import Limits, Settings
from sipedge.sip.message import MAX_SHARED_LINES, Message, parse_message
from zones.neighbor import NeighborPeers
from zones.zone import Hop

from .others.elsewhere import Elsewhere
from .turns import Turns

SWEEP = 0.5
"""Seconds between two looks at who still waits for an answer: who did at the look before is the core's then. It sends a
100 after 3.5 s, and pjsip's timers, which begin then, run so much longer at most."""
ANY, FOREVER = -1, float("inf")
"""Every connection, every time."""


class _Taker:
    """``ShortWay.take`` for one connection; a partial of a method takes 200 bytes more."""

    __slots__ = ("_way", "_native", "_connection", "_place")

    def __init__(self, way: ShortWay, native: Ways, connection: int, place: int) -> None:
        self._way, self._native, self._connection, self._place = way, native, connection, place

    def __call__(self, buffer: bytearray, start: int, searched: int, end: int) -> int:
        return self._way.take(self._native, self._connection, self._place, buffer, start, searched, end)


class ShortWay:
    """Belongs to the event loop."""

    def __init__(
        self,
        stack: Stack,
        connections: Connections,
        proxy: Proxy,
        turns: Turns,
        elsewhere: Elsewhere,
        unique: str,
        receive: Callable[[int, Message], None],
        take_back: Callable[[int, str, bytes], None],
        record: Callable[[int, Records, Records, list[bytes]], None],
        stay_awake: Callable[[], None],
    ) -> None:
        """``unique``: token for its branches. ``receive``: a message that has to take the other way. ``take_back``: a
        connection, why it is gone, and a message that could not be written. ``record``: what a connection has brought:
        requests that have begun, that have their answer, methods of copies. ``stay_awake``: more may come at once.
        Without parts in C it does nothing.
        """
        self._native = _load() if stack.sequences else None
        self._loop = asyncio.get_running_loop()
        self._stack, self._connections, self._proxy, self._memory = stack, connections, proxy, proxy.memory
        self._front = f"{BRANCH_COOKIE}{unique}x".encode()
        """Of all its branches: no other token has this letter in its place."""
        self._receive, self._turns, self._take_back, self._record, self._stay_awake = (
            receive,
            turns,
            take_back,
            record,
            stay_awake,
        )
        self._elsewhere = elsewhere
        self._places: dict[int, int] = {}
        """Connection -> where C has it; of another worker's, those that were used."""
        self._opened: dict[int, ConnectionOpened] = {}
        self._seats: dict[tuple[str, tuple[str, ...]], int] = {}
        self._targets: set[int] = set()
        """Where ways lead."""
        self._state = (0, 0, 0)
        """Of what ways depend on, when they were shown."""
        self._looked = 0.0
        self._is_open = False
        """Whether anything may go this way."""
        self._most = 0
        """Ways."""
        self._timer: asyncio.TimerHandle | None = None
        stack.reclaim = self._reclaim

    def configure(self, settings: Settings) -> None:
        """Begin anew; the core has all that waited, and all that comes until ``watch``."""
        if self._native is None:
            return
        self.adopt_all()
        self._secret = settings.secret[:32]
        self._most = settings.limits.remembered
        self.watch(True)
        self._begin(self._native, settings.limits)
        for event in self._opened.values():
            self._open(self._native, event)
        if self._timer is None:
            self._sweep()

    def watch(self, is_watched: bool) -> None:
        """``is_watched``: whether somebody wants to see each message; then all go through the core."""
        self._is_open = self._memory.shows_ways = self._native is not None and self._most > 0 and not is_watched

    def _begin(self, native: Ways, limits: Limits) -> None:
        sizes = limits.header_section, limits.headers, limits.header_line, limits.message
        directory = self._elsewhere.directory
        native.share(*((directory.memory, directory.worker) if directory else (None, 0)))
        native.begin(self._stack.sequences, self._front, self._where, limits.remembered, *sizes)
        self._places.clear()
        self._forget(native)

    def opened(self, event: ConnectionOpened) -> None:
        if self._native is not None:
            self._opened[event.connection] = event
            self._open(self._native, event)

    def _open(self, native: Ways, event: ConnectionOpened) -> None:
        connection = event.connection
        place = native.open(self._stack.source(connection), connection, event)
        self._places[connection] = place
        self._connections.shorten(connection, _Taker(self, native, connection, place))

    def closed(self, connection: int) -> None:
        """The core has what still waits on it."""
        place = self._places.pop(connection, None)
        if place is not None and self._native is not None:
            self._adopt_before(place, FOREVER)
            if place in self._targets:
                self._forget(self._native)
            self._native.close(place)
            self._opened.pop(connection, None)

    def _forget(self, native: Ways) -> None:
        """All ways. When a peer has failed, the core has what waits, too: an answer to that says that it is well."""
        before, self._state = self._state, self._of_now()
        if before[-1] != self._state[-1]:
            self._adopt_before(ANY, FOREVER)
        native.forget()
        self._seats.clear()
        self._targets.clear()

    def _of_now(self) -> tuple[int, int, int]:
        changed = self._connections.hops_lost + self._elsewhere.changed
        return self._memory.generation, changed, self._proxy.upkeep.failures

    def _find(self, hop: Hop) -> int:
        """The connection that serves a hop; 0: none does."""
        return self._connections.find(hop) or self._elsewhere.find(hop) or 0

    def _place_elsewhere(self, native: Ways, connection: int) -> int | None:
        """Where C has a connection of another worker; None: it is closed, or this one's."""
        place = self._places.get(connection)
        if place is None and self._elsewhere.use(connection, self._stack):
            event = self._elsewhere.event(connection)
            place = self._places[connection] = native.open(self._stack.source(connection), connection, event)
        return place

    def remember(self, command: Remember) -> None:
        """Have requests go this way. Nothing happens where C would not take them."""
        if self._native is None or command.connection not in self._opened:
            return
        way, message, place = command.way, Message(command.head), self._places.get(command.connection)
        target = self._place_elsewhere(self._native, self._find(way.hop))
        if place is None or target is None or not self._has_shape(self._native, message, request_shape(message.index)):
            return
        if self._state != self._of_now():
            self._forget(self._native)
        source = way.verdict.source.name
        self._native.seat(place, self._seats.setdefault((source, way.names), len(self._seats) + 1))
        removed, key = bytes(way.removed), source.encode() + b"\0"
        edits = way.via, way.request_uri, removed, way.hop_count, way.poison, way.until, way.asks or way.uri is not None
        self._targets.add(target)
        self._native.learn(place, command.head, target, *edits, self._secret, key, way, (way.hop,), way.gate)

    def _has_shape(self, native: Ways, message: Message, shape: Shape | None) -> bool:
        """Have C know messages with these names; whether it does."""
        if shape is None or len(message.lines) > MAX_SHARED_LINES:
            return False
        try:
            parsed = self._stack.shown(message)
        except Malformed:
            return False
        border = (False, 0, b"", b"", 0)
        if (usual := shape.usual) is not None:
            lines = bytes(usual.dropped), bytes(usual.searched)
            border = True, usual.content_type, *lines, usual.contacts
        native.shape(
            names_of(message.index),
            shape.is_response,
            bytes(parsed),
            bytes(shape.vias),
            bytes(shape.read),
            bytes(shape.hashed),
            shape.sender,
            shape.to,
            shape.call_id,
            shape.cseq,
            shape.content_length,
            shape.max_forwards,
            border,
        )
        return True

    def take(
        self, native: Ways, connection: int, place: int, buffer: bytearray, start: int, searched: int, end: int
    ) -> int:
        """See framing.Take."""
        if not self._is_open:
            return start
        if self._state != self._of_now():
            self._forget(native)
        room = self._stack.room(connection)
        times = time(), perf_counter(), self._loop.time()
        taken = native.take(place, buffer, start, searched, end, room, *times)
        if taken is None:
            return start
        start, outputs, begun, ended, copies, passed = taken
        self._send(connection, outputs)
        if copies:
            self._stack.flush()  # pjsip may have answered some of them
        self._memory.asked += len(begun)
        self._memory.hits += len(begun)
        self._memory.short += len(begun)
        self._record(connection, begun, ended, copies)
        if connection in self._opened:
            self._connections.sound(connection)
        for worker, messages in passed or ():
            self._pass_on(worker, connection, messages)
        self._stay_awake()
        return start

    def _where(self, connection: int, way: Way) -> tuple[int, tuple[Hop, ...]] | None:
        """Asked from inside of ``take``: the place to go to, and the hops to be tried; None: to the core."""
        now, peers = self._loop.time(), self._proxy.upkeep.zone(way.hop.zone)
        hops: tuple[Hop, ...] = (way.hop,)
        if way.uri is not None and isinstance(peers, NeighborPeers):
            hops = preferred(peers.peek(now), way.uri)
        place = self._places.get(self._find(hops[0])) if hops else None
        if place is None or (way.asks and not self._proxy.may_pass(connection, way, now)):
            return None
        if way.uri is not None and isinstance(peers, NeighborPeers):
            peers.hops(now)
        return place, hops

    def _send(self, connection: int, outputs: Outputs) -> None:
        for target, messages, requests, responses in outputs:
            if requests:
                self._stack.count_short(connection, target, requests)
            if responses:
                self._stack.count_short(target, connection, -responses)
            if not self._connections.send(target, *messages) and not self._elsewhere.send(target, *messages):
                self._return(target, messages)

    def _pass_on(self, worker: int, connection: int, messages: Sequence[bytes]) -> None:
        if not self._elsewhere.pass_on(worker, connection, messages):
            for data in messages:
                self._receive(connection, parse_message(data))

    def heard(self, connection: int, messages: Sequence[bytes]) -> Sequence[bytes]:
        """Responses that another worker has passed on; those of them that the core has to take."""
        place = None if self._native is None else self._place_elsewhere(self._native, connection)
        if self._native is None or place is None:
            return messages
        data = bytearray().join(messages)
        taken, rest = self.take(self._native, connection, place, data, 0, 0, len(data)), 0
        while taken > 0:
            taken -= len(messages[rest])
            rest += 1
        return messages[rest:]

    def note(self, response: Message) -> None:
        """Another worker has been given a response: the next one like it may be passed on unread."""
        if self._native is not None and self._is_open:
            self._has_shape(self._native, response, response_shape(response.index, IDENTITY_HEADERS))

    def _return(self, target: int, messages: list[bytes]) -> None:
        """A connection is gone that nobody has heard of yet."""
        self.adopt_on(target)
        for message in messages:
            self._take_back(target, "the connection is closed", message)
        self._loop.call_soon(self._turns.work)

    def _sweep(self) -> None:
        """The core has all that waited at the last look."""
        before, self._looked = self._looked, self._loop.time()
        if self._adopt_before(ANY, before):
            self._turns.work()
        self._timer = self._loop.call_later(SWEEP, self._sweep)

    def end(self) -> None:
        """From now on all goes through the core."""
        self._is_open = False
        if self._timer is not None:
            self._timer.cancel()
        self.adopt_all()

    def adopt_all(self) -> None:
        if self._adopt_before(ANY, FOREVER):
            self._turns.work()

    def adopt_on(self, connection: int) -> None:
        """All that came or went on a connection."""
        place = self._places.get(connection)
        if place is not None:
            self._adopt_before(place, FOREVER)

    def _adopt_before(self, place: int, clock: float) -> bool:
        native = self._native
        numbers = [] if native is None else native.waiting(place, clock)
        for number in numbers:
            self._adopt(number)
        return bool(numbers)

    def _reclaim(self, branch: str, response: Message) -> bool:
        """See Stack.reclaim: the response has to go through the core; the next one like it may not have to."""
        number = 0 if self._native is None else self._native.find(branch.encode("latin-1"))
        if number and self._native is not None:
            self._has_shape(self._native, response, response_shape(response.index, IDENTITY_HEADERS))
            self._adopt(number)
        return number > 0

    def _adopt(self, number: int) -> None:
        given = None if self._native is None else self._native.give_up(number)
        if given is None:
            return
        source, target, record, sent, named, begun = given
        end, branch = sent.index(b"\r\n\r\n") + 4, named.decode("ascii")
        head, message = sent[:end], Message(record[HEAD], sent[end:])
        self._stack.count_short(source, target, -1)
        transaction, is_sent = self._stack.adopt(source, message, branch, target, head)
        request = RequestReceived(transaction, source, message, record[TIME])
        # At once: an answer may have come on another connection, and the core is asked whether it may be given there.
        self._proxy.handle(Adopted(request, branch, head, begun, record), self._loop.time())
        if not is_sent:
            self._turns.put(ForwardFailed(branch, 503, "too many transactions are open"))


def _load() -> Ways | None:
    try:
        return ways.load()
    except library.Unusable:
        return None
