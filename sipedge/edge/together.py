"""The edge as several workers: what they tell one another, and what each makes of it (bus/words.py)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Sequence

from sipedge.bus import words
from sipedge.bus.bus import Bus
from sipedge.bus.directory import Directory
from sipedge.bus.tally import Tally
from sipedge.network.connections import Connections
from sipedge.network.record import Among
from sipedge.pjsip.stack import Stack
from sipedge.proxy.commands import CallGiven
from sipedge.proxy.events import (
    CallMoved,
    CallWanted,
    ConnectionClosed,
    ConnectionFailed,
    Event,
    HopJudged,
    PeerElsewhere,
    TargetSeen,
)
from sipedge.proxy.incoming import Peer
from sipedge.proxy.looked_after.seen import UpkeepSeen
from sipedge.proxy.proxy import Proxy
from sipedge.sip.message import Message, parse_message
from zones.zone import Hop

from .lists import Lists
from .others.calls import CallsOfAll
from .others.colleagues import FIRST, Colleagues
from .others.elsewhere import MOST, Elsewhere, numbers_of, worker_of_via
from .others.held import Held
from .sending import Sending
from .short_way import ShortWay
from .turns import Turns

PUBLISH = 0.05
"""Seconds between two looks whether the others have to know more of them."""
COUNT = 0.5
"""Seconds after which the others know at the latest that this one has fewer transactions open."""
LOOK = 0.2
"""Seconds between two looks whether connections that are to be closed are still in use here."""
UNTIL_BACK = 20.0
"""Seconds that requests of a call wait for the next worker in the seat of the one that had it."""
UNTIL_MOVED = 2.0
"""Seconds that a request waits for a call of another worker that it names, too."""
GONE = "the worker that had it is gone"

logger = logging.getLogger("sipedge")


class Together:
    """One worker among others: the bus's listener. Belongs to the event loop."""

    def __init__(
        self,
        bus: Bus,
        directory: Directory,
        calls: CallsOfAll,
        stack: Stack,
        connections: Connections,
        turns: Turns,
        elsewhere: Elsewhere,
    ) -> None:
        self.calls = calls
        self._bus, self._directory = bus, directory
        self._stays = False
        """Whether a request that is shown to pjsip is this worker's, whatever it names."""
        self._short: ShortWay
        stack.is_elsewhere = self._takes_request
        self._stack, self._connections, self._turns, self._elsewhere = stack, connections, turns, elsewhere
        self._sending: Sending
        self._proxy: Proxy
        self._lists: Lists
        self._received: Callable[[int, Message], None]
        self._loop = asyncio.get_running_loop()
        self._published: tuple[int, ...] = ()
        self._users: dict[int, dict[int, words.Held]] = {}
        """Connection of this worker -> others that have used it, and what they have open on it, for all that is known:
        until one says otherwise, it waits for an answer to what it has sent, and the peer to what it was given."""
        self._waiting = Held(self._stay)
        self._watched: dict[int, words.Held] = {}
        """Connections of others that are to be closed, and what was said last of each."""
        self._quiet: set[int] = set()
        self._handlers = self._make_handlers()

    def _make_handlers(self) -> dict[type, Callable[..., None]]:
        """Each is called with the worker and what that said."""
        return {
            words.Sent: self._sent,
            words.Came: self._came,
            words.Passed: self._passed,
            words.TakenBack: self._taken_back,
            PeerElsewhere: self._peer_elsewhere,
            ConnectionClosed: self._closed,
            ConnectionFailed: self._failed,
            words.Unusable: self._unusable,
            words.Held: self._held,
            words.Wanted: self._wanted,
            words.Shut: self._shut,
            HopJudged: self._event,
            UpkeepSeen: self._event,
            TargetSeen: self._event,
            CallWanted: self._event,
            CallMoved: self._call_moved,
            words.Belongs: self.calls.belongs,
            words.Offence: self._offence,
            words.ListsFound: lambda worker, word: self._lists.heard(word),
            words.Quiet: self._is_quiet,
        }

    def begin(
        self,
        proxy: Proxy,
        sending: Sending,
        short: ShortWay,
        lists: Lists,
        received: Callable[[int, Message], None],
    ) -> None:
        """The others may be listened to. ``received`` takes responses that others give to this worker."""
        self._proxy, self._sending, self._short, self._received = proxy, sending, short, received
        self._lists, lists.tell = lists, self._bus.tell_all
        self._bus.listener = self
        if self._bus.worker == FIRST:
            self._loop.call_later(PUBLISH, self._publish)
        self._count()

    def publish(self) -> None:
        """Tell the others what is new of neighbours and traversal zones, where this worker looks after them."""
        changes = self._proxy.upkeep.changes if self._bus.worker == FIRST else self._published
        if changes != self._published:
            self._published = changes
            self._bus.tell_all(self._proxy.upkeep.seen())

    def takes_response(self, connection: int, message: Message) -> bool:
        """Give a response to the worker that sent its request; False: it is this one's."""
        vias = message.index.get("via") if message.status else None
        worker = worker_of_via(message.lines[vias[0]]) if vias else None
        if worker is None or not self._give(worker, connection, message):
            return False
        self._short.note(message)
        return True

    def _takes_request(self, connection: int, name: bytes, message: Message) -> bool:
        """See Stack.is_elsewhere. What another worker has given stays here, but for a call that it lacks."""
        if self._stays:
            return False
        named, own = self.calls.named(message), self._bus.worker
        if not self._elsewhere.is_mine(connection):
            return self._lacks(named, connection, message)
        of_call = named[0][1] if named else own
        worker = self._directory.owner(name, self._loop.time(), of_call)
        if worker == own:
            return self._lacks(named, connection, message)
        if not self._give(worker, connection, message):  # the next one in its seat will have the call
            return worker == of_call and self._waiting.put(worker, UNTIL_BACK, connection, message)
        self._users.setdefault(connection, {})[worker] = words.Held(connection, used=True, owed=True)
        return True

    def _give(self, worker: int, connection: int, message: Message) -> bool:
        return worker != self._bus.worker and self._bus.tell(worker, words.Came(connection, message.head, message.body))

    def _lacks(self, named: Sequence[tuple[str, int]], connection: int, message: Message) -> bool:
        """Whether a request of this worker names a call of another one beside its own, and waits for it here."""
        tag, worker = next((each for each in named if each[1] != self._bus.worker), ("", self._bus.worker))
        if not tag:
            return False
        if not self._bus.tell(worker, CallWanted(tag, self._bus.worker)):
            return self._waiting.put(worker, UNTIL_BACK, connection, message)
        return self._waiting.put(tag, UNTIL_MOVED, connection, message)

    def _stay(self, connection: int, message: Message) -> None:
        """A request that has waited is this worker's now."""
        self._stays = True
        try:
            self._show(connection, message)
        finally:
            self._stays = False

    def _show(self, connection: int, message: Message) -> None:
        """To pjsip, once more: it has been shown to others when it came."""
        if self._connections.is_open(connection) or self._elsewhere.use(connection, self._stack):
            self._stack.receive(connection, message)

    def give(self, command: CallGiven) -> None:
        """A call of this worker to the one that has asked for it."""
        self._bus.tell(command.asker, CallMoved(command.tag, command.dialog))

    def announce(self, connection: int) -> None:
        """Tell the others of a connection of this worker, or that its peer belongs elsewhere now."""
        peer = self._proxy.peer(connection)
        if peer is not None:
            for word in self._said_of(peer):
                self._bus.tell_all(word)

    def connect_failed(self, event: ConnectionFailed) -> None:
        self._bus.tell_all(event)

    def unusable(self, connection: int) -> None:
        """A connection of this worker serves no hop any more."""
        self._bus.tell_all(words.Unusable(connection))

    def gone(self, event: ConnectionClosed) -> None:
        """A connection of this worker is closed."""
        self._users.pop(event.connection, None)
        self._bus.tell_all(event)

    def is_used(self, connection: int) -> bool:
        """Whether an answer is awaited on a connection of this worker, by the peer or by another worker."""
        return any(held.used for held in self._users.get(connection, {}).values())

    def is_owed(self, connection: int) -> bool:
        """Whether the peer of a connection waits for an answer of another worker."""
        return any(held.owed for held in self._users.get(connection, {}).values())

    def offence(self, address: str, reason: str) -> None:
        self._bus.tell_all(words.Offence(address, reason))

    def judged(self, hop: Hop, why: str) -> None:
        self._bus.tell(FIRST, HopJudged(hop, why))

    def subscribed(self, zone: str, source: Hashable, number: int) -> None:
        self._bus.tell_all(TargetSeen(zone, source, number))

    def quiet(self) -> bool:
        """This worker is at its end and waits for nothing; whether the others are, too."""
        if self._bus.worker not in self._quiet:
            self._quiet.add(self._bus.worker)
            self._bus.tell_all(words.Quiet())
        return self._quiet.issuperset(self._bus.others)

    def joined(self, worker: int) -> None:
        """See bus.Listener."""
        for peer in self._proxy.peers():
            if not peer.elsewhere:
                for word in self._said_of(peer):
                    self._bus.tell(worker, word)
        for word in self.calls.joined(worker):
            self._bus.tell(worker, word)
        if self._bus.worker == FIRST:
            self._bus.tell(worker, self._proxy.upkeep.seen())
        self._bus.tell(worker, self._lists.found())
        for connection, message in self._waiting.take(worker):
            self._show(connection, message)

    def left(self, worker: int) -> None:
        """See bus.Listener."""
        for users in self._users.values():
            users.pop(worker, None)
        for connection in self._elsewhere.connections_of(worker):
            self._closed(worker, ConnectionClosed(connection, GONE))
        for hop in [hop for hop, owner in self._elsewhere.wanted.items() if owner == worker]:
            del self._elsewhere.wanted[hop]
            self._sending.connect(hop)
        self._turns.work()

    def taken(self, worker: int, said: Sequence[words.Word]) -> None:
        """See bus.Listener."""
        for word in said:
            try:
                self._handlers[type(word)](worker, word)
            except Exception:
                logger.exception("worker %d said %r", worker, word)
        self._turns.work()

    def _said_of(self, peer: Peer) -> list[words.Word]:
        opened = peer.opened
        said: list[words.Word] = [PeerElsewhere(opened, peer.zone, peer.speaks_in, peer.barred, peer.since)]
        if opened.hop is not None and self._connections.find(opened.hop) != peer.connection:
            said.append(words.Unusable(peer.connection))
        return said

    def _count(self) -> None:
        self._stack.tell_open()
        self._loop.call_later(COUNT, self._count)

    def _publish(self) -> None:
        self.publish()
        self._loop.call_later(PUBLISH, self._publish)

    def _event(self, worker: int, word: HopJudged | UpkeepSeen | TargetSeen) -> None:
        self._handle(word)

    def _handle(self, event: Event) -> None:
        """At once: whether a message that follows counts may depend on it."""
        self._turns.put(event)
        self._turns.work()

    def _sent(self, worker: int, word: words.Sent) -> None:
        unknown = words.Held(word.connection, used=True, owed=False)
        self._users.setdefault(word.connection, {}).setdefault(worker, unknown)
        if not self._connections.send(word.connection, *word.messages):
            self._users.pop(word.connection, None)
            for data in word.messages:
                self._bus.tell(worker, words.TakenBack(word.connection, data, "the connection is closed"))

    def _came(self, worker: int, word: words.Came) -> None:
        if self._elsewhere.use(word.connection, self._stack):
            message = Message(word.head, word.body)
            # A request was shown where it came; a response is shown here, behind its request.
            (self._received if message.status else self._stack.receive)(word.connection, message)

    def _call_moved(self, worker: int, word: CallMoved) -> None:
        self._handle(word)
        for connection, message in self._waiting.take(word.tag):
            self._stay(connection, message)

    def _passed(self, worker: int, word: words.Passed) -> None:
        if self._elsewhere.use(word.connection, self._stack):
            for data in self._short.heard(word.connection, word.messages):
                self._received(word.connection, parse_message(data))

    def _taken_back(self, worker: int, word: words.TakenBack) -> None:
        self._short.adopt_on(word.connection)
        self._sending.take_back(word.connection, word.reason, word.data)

    def _peer_elsewhere(self, worker: int, word: PeerElsewhere) -> None:
        is_new = self._elsewhere.opened(word.opened)
        self._handle(word)
        if is_new and word.opened.hop is not None:
            self._sending.opened(word.opened.hop, word.opened)

    def _closed(self, worker: int, word: ConnectionClosed) -> None:
        self._watched.pop(word.connection, None)
        self._short.closed(word.connection)
        self._handle(word)
        self._elsewhere.closed(word.connection, self._stack)

    def _failed(self, worker: int, word: ConnectionFailed) -> None:
        if word.hop is not None and self._elsewhere.wanted.get(word.hop) == worker:
            del self._elsewhere.wanted[word.hop]
            self._sending.failed(word.hop, word.reason)

    def _unusable(self, worker: int, word: words.Unusable) -> None:
        self._elsewhere.unusable(word.connection)
        if self._elsewhere.is_open(word.connection):
            if not self._watched:
                self._loop.call_later(LOOK, self._look)
            self._watched[word.connection] = self._say_held(word.connection, None)

    def _look(self) -> None:
        self._watched = {connection: self._say_held(connection, said) for connection, said in self._watched.items()}
        if self._watched:
            self._loop.call_later(LOOK, self._look)

    def _say_held(self, connection: int, said: words.Held | None) -> words.Held:
        held = words.Held(connection, self._stack.is_used(connection), self._stack.is_owed(connection))
        if held != said:
            self._bus.tell(connection % MOST, held)
        return held

    def _held(self, worker: int, word: words.Held) -> None:
        if self._connections.is_open(word.connection):
            self._users.setdefault(word.connection, {})[worker] = word

    def _wanted(self, worker: int, word: words.Wanted) -> None:
        if self._connections.find(word.hop) is None:
            self._sending.connect_here(word.hop)

    def _shut(self, worker: int, word: words.Shut) -> None:
        self._connections.close(word.connection, word.reason)

    def _offence(self, worker: int, word: words.Offence) -> None:
        self._connections.offends(word.address, word.reason)

    def _is_quiet(self, worker: int, word: words.Quiet) -> None:
        self._quiet.add(worker)


def together_of(
    colleagues: Colleagues,
    workers: int,
    stack: Stack,
    connections: Connections,
    turns: Turns,
    elsewhere: Elsewhere,
) -> Together:
    """``workers``: how many there are."""
    bus = colleagues.bus
    calls = CallsOfAll(bus, Tally(colleagues.legs, bus.worker), workers)
    stack.share(Tally(colleagues.servers, bus.worker), Tally(colleagues.clients, bus.worker))
    return Together(bus, colleagues.directory, calls, stack, connections, turns, elsewhere)


def among_of(colleagues: Colleagues, together: Callable[[], Together | None]) -> Among:
    """What connections have to know of the others. ``together``: None as long as there are no connections."""

    def tell(what: Callable[..., None], *about: object) -> None:
        if (listener := together()) is not None:
            what(listener, *about)

    return Among(
        numbers_of(colleagues.bus.worker, colleagues.start),
        lambda connection: tell(Together.unusable, connection),
        colleagues.gone,
        lambda address, reason: tell(Together.offence, address, reason),
        Tally(colleagues.opened, colleagues.bus.worker).whole,
    )
