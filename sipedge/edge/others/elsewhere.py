"""Connections that other workers of the edge have, and how this one uses them.

The number of a connection names the worker that has it, and so does the branch of a request that the edge sends. An
edge of one worker has one too: nothing is elsewhere then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from sipedge.bus.shelf import SharedShelf
from sipedge.bus.words import Passed, Sent, Shut, TakenBack, Wanted
from sipedge.pjsip.stack import Stack
from sipedge.pjsip.transport import Ends
from sipedge.proxy.events import ConnectionOpened
from zones.addresses import source_of
from zones.zone import Hop

from .colleagues import Colleagues
from .crossing import Crossing
from .waiting_of_all import WaitingOfAll

MOST = 8
"""Workers: the number of a connection, divided by this, leaves that of its worker."""
LIFE = 10**9
"""Connections of one process, before those of the next in the same seat begin."""
_BRANCH = re.compile(r"z9hG4bKw(\d)")
_BRANCH_OF_VIA = re.compile(rb"branch=z9hG4bKw(\d)")


def numbers_of(worker: int, start: int) -> Iterator[int]:
    """Numbers for the connections of one of several workers; ``start``: how many processes had its seat before."""
    return count(MOST * (1 + start * LIFE) + worker, MOST)


def name_of(worker: int) -> str:
    """What the ids and tags of one of several workers begin with."""
    return f"w{worker}"


def boot_of(worker: int, boot: str) -> str:
    """What the ids of one of several workers begin with."""
    return f"{name_of(worker)}{boot}"


def worker_of_branch(branch: str) -> int | None:
    """The worker that sent a request; None: whoever asks."""
    match = _BRANCH.match(branch)
    return int(match[1]) if match else None


def worker_of_via(line: bytes) -> int | None:
    """As ``worker_of_branch``, of the topmost Via line of a response."""
    match = _BRANCH_OF_VIA.search(line)
    return int(match[1]) if match else None


def ends_of(event: ConnectionOpened) -> Ends:
    return Ends(
        event.transport == "TLS",
        local=(event.local_address, event.local_port),
        remote=(event.peer_address, event.peer_port),
        names=event.names,
        share=source_of(event.peer_address),
    )


class Elsewhere:
    """Belongs to the event loop."""

    def __init__(self, colleagues: Colleagues | None) -> None:
        self._bus = colleagues.bus if colleagues else None
        self.directory = colleagues.directory if colleagues else None
        """Of the transactions that all have."""
        shelf = SharedShelf(colleagues.rates, colleagues.bus.worker) if colleagues else None
        self.waiting = WaitingOfAll(shelf) if shelf else None
        """Requests for which a connection is being opened; None: there is one worker."""
        self.changed = 0
        """How often a hop has got another connection, or none."""
        self.crossing = Crossing()
        self.crossed: Callable[[Hop, int], None] = lambda hop, messages: None
        """Told how many messages go to a hop over a connection of another worker."""
        self._opened: dict[int, ConnectionOpened] = {}
        self._by_hop: dict[Hop, list[int]] = {}
        """Several workers may have one; the first is used."""
        self._in_stack: set[int] = set()
        """Connections that pjsip knows here: those that were used."""
        self.wanted: dict[Hop, int] = {}
        """Hop -> the worker that was asked to open a connection."""

    def is_mine(self, connection: int) -> bool:
        return self._bus is None or connection % MOST == self._bus.worker

    def is_open(self, connection: int) -> bool:
        return connection in self._opened

    def event(self, connection: int) -> ConnectionOpened:
        """Of a connection that is open."""
        return self._opened[connection]

    def find(self, hop: Hop) -> int | None:
        """The connection of another worker that this hop may use."""
        if hop.connection:
            return hop.connection if hop.connection in self._opened else None
        return next(iter(self._by_hop.get(hop, ())), None)

    def superseded(self, hop: Hop) -> None:
        """This worker has a connection of its own for it."""
        self.changed += hop in self._by_hop

    def send(self, connection: int, *messages: bytes) -> bool:
        """False: the connection is gone."""
        event = self._opened.get(connection)
        if self._bus is None or event is None:
            return False
        if event.hop is not None:
            self.crossed(event.hop, len(messages))
        return self._bus.tell(connection % MOST, Sent(connection, messages))

    def pass_on(self, worker: int, connection: int, messages: Sequence[bytes]) -> bool:
        """Give responses to the worker that sent their requests; False: it is not there."""
        return self._bus is not None and self._bus.tell(worker, Passed(connection, messages))

    def want(self, hop: Hop) -> bool:
        """Have the worker open a connection whose turn it is with this hop; False: it is this one's."""
        owner = self._owner(hop)
        if self._bus is None or owner == self._bus.worker:
            return False
        self.wanted[hop] = owner
        return self._bus.tell(owner, Wanted(hop))

    def take_back(self, worker: int | None, connection: int, reason: str, data: bytes) -> bool:
        """Give a request back to the worker that sent it; False: it is this one's."""
        if self._bus is None or worker is None or worker == self._bus.worker:
            return False
        return self._bus.tell(worker, TakenBack(connection, data, reason))

    def shut(self, connection: int, reason: str) -> bool:
        """Have a connection closed; False: it is this worker's."""
        return (
            self._bus is not None
            and not self.is_mine(connection)
            and self._bus.tell(connection % MOST, Shut(connection, reason))
        )

    def use(self, connection: int, stack: Stack) -> bool:
        """Have pjsip know a connection of another worker; False: it is closed."""
        event = self._opened.get(connection)
        if event is None:
            return False
        if connection not in self._in_stack:
            self._in_stack.add(connection)
            stack.open(connection, ends_of(event))
        return True

    def opened(self, event: ConnectionOpened) -> bool:
        """Another worker has it; False: that was known."""
        is_new = event.connection not in self._opened
        self._opened[event.connection] = event
        if is_new and event.hop is not None:
            self._by_hop.setdefault(event.hop, []).append(event.connection)
            self.wanted.pop(event.hop, None)
        return is_new

    def unusable(self, connection: int) -> None:
        """Nothing new is to be opened on it."""
        event = self._opened.get(connection)
        serving = self._by_hop.get(event.hop, []) if event is not None and event.hop is not None else []
        if connection not in serving:
            return
        self.changed += serving[0] == connection
        serving.remove(connection)
        if not serving and event is not None and event.hop is not None:
            del self._by_hop[event.hop]
            self.crossing.forget(event.hop)

    def closed(self, connection: int, stack: Stack) -> None:
        self.unusable(connection)
        self._opened.pop(connection, None)
        if connection in self._in_stack:
            self._in_stack.remove(connection)
            stack.close(connection)

    def connections_of(self, worker: int) -> list[int]:
        return [connection for connection in self._opened if connection % MOST == worker]

    def _owner(self, hop: Hop) -> int:
        """The same for all workers that know of the same workers."""
        if self._bus is None:
            return 0
        living = sorted([self._bus.worker, *self._bus.others])
        return living[hash(hop) % len(living)]  # forked from one parent: the same in all of them
