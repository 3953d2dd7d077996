"""Every message and decision passes here: metrics count them, outputs write them.

The server has a tap only where something is to be written or counted. Without a tap, a message costs one comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from time import time

from sipedge.proxy.history import Entry, entry_of
from sipedge.proxy.incoming import Peer
from sipedge.remembered.native.ways import Records
from sipedge.remembered.record import HEAD, OPENED, STATUS, WAY
from sipedge.settings import Settings, where
from sipedge.sip.message import Message

from .collector import Collector
from .expressway import ExpresswayFile
from .items import Decided, Item, ItemKind, Passed
from .json_lines import DecisionsFile, MessagesFile
from .metrics import Metrics
from .rotating_file import RotatingFile
from .shared import Shared
from .worker import Output, Worker
from .writing import Writing


class Tap:
    """Belongs to the event loop. Only ``join`` waits."""

    def __init__(self, peer_of: Callable[[int], Peer | None], shared: Shared | None = None) -> None:
        """``peer_of``: what is known of an open connection. ``shared``: with the other workers, if there are any."""
        self._peer_of, self._shared = peer_of, shared
        self._workers: dict[str, Worker] = {}
        self._ended: list[Worker] = []
        self._metrics: Metrics | None = None
        self._sequence = shared.concluded if shared is not None else 0
        """Of the last decision; of several workers each counts its own."""
        self._writing = Writing()
        self._use({}, {})

    @property
    def sequence(self) -> int:
        """Of the last decision that was shown; 0: of none."""
        return self._sequence

    def use(self, outputs: Mapping[str, Output], metrics: Metrics | None) -> None:
        """Use these outputs from now on, which ``open_outputs`` gave."""
        self._metrics = metrics
        self._writing.forget()
        decisions = outputs.get("decisions")
        if isinstance(decisions, DecisionsFile) and self._shared is None:
            # Numbers go on where an edge before this one, or a queue, ended.
            self._sequence = max(self._sequence, decisions.last)
        workers: dict[str, Worker] = {}
        for name, output in outputs.items():
            worker = self._workers.pop(name, None)
            if worker is None:
                worker = Worker(output)
            else:
                worker.replace(output)
            workers[name] = worker
        self._end_all()
        self._use(workers, outputs)

    def end(self) -> None:
        """Write what is queued and end; ``join`` waits for it."""
        self._end_all()
        self._use({}, {})

    def join(self) -> None:
        """Blocks for at most END_LIMIT seconds for each output."""
        for worker in self._ended:
            worker.join()

    def dropped(self) -> dict[str, int]:
        """Output -> records that it has lost since it began."""
        return {name: worker.dropped for name, worker in self._workers.items()}

    def received(self, connection: int, message: Message) -> None:
        if self._metrics is None and not self._messages:
            return
        peer = self._peer_of(connection)
        if peer is None:
            return
        if self._metrics is not None:
            self._metrics.received(peer.zone, message)
        if self._messages:
            self._pass(peer, False, message.head, message.body)

    def unreadable(self, connection: int, head: bytes) -> None:
        """``head``: the header section of bytes that are no message."""
        peer = self._peer_of(connection)
        if peer is not None and self._messages:
            self._pass(peer, False, head, b"")

    def sent(self, connection: int, data: bytes) -> None:
        if self._metrics is None and not self._messages:
            return
        peer = self._peer_of(connection)
        if peer is None:
            return
        if self._metrics is not None:
            self._metrics.sent(peer.zone, data)
        if self._messages:
            self._pass(peer, True, data, b"")

    @property
    def sees_messages(self) -> bool:
        """Whether anything is to be written of messages, decisions aside."""
        return bool(self._messages)

    def went_short(self, connection: int, begun: Records, ended: Records, copies: Iterable[bytes]) -> None:
        """What a connection has brought that the core has not seen: requests, answers, methods of copies."""
        if self._metrics is not None:
            self._count_short(self._metrics, connection, begun, ended, copies)
        if self._searched:
            for record in begun:
                self.searched(entry_of(record))
        if not ended:
            return
        first = self._counted(len(ended))
        if self._lines is not None:
            self._writing.put_all(self._lines, ended, first)
        for sequence, record in enumerate(ended if self._concluded else (), first):
            entry = entry_of(record)
            self._put(self._concluded, Decided(entry.size, entry, sequence))

    def _count_short(
        self, metrics: Metrics, connection: int, begun: Records, ended: Records, copies: Iterable[bytes]
    ) -> None:
        peer = self._peer_of(connection)
        if peer is None:
            return
        metrics.copied(peer.zone, copies)
        for record in begun:
            metrics.forwarded(peer.zone, record[WAY].hop.zone, record[HEAD])
        for record in ended:
            caller = self._peer_of(record[OPENED].connection)
            metrics.returned(record[WAY].hop.zone, caller.zone if caller else None, record[STATUS])
            metrics.decided(entry_of(record))

    def searched(self, entry: Entry) -> None:
        """A decision was made, nothing was sent yet."""
        if self._searched:
            self._put(self._searched, Decided(entry.size, entry))

    def concluded(self, entry: Entry) -> None:
        if self._metrics is not None:
            self._metrics.decided(entry)
        first = self._counted(1)
        if self._lines is not None:
            self._writing.put(self._lines, entry, first)
        if self._concluded:
            self._put(self._concluded, Decided(entry.size, entry, first))

    def _counted(self, decisions: int) -> int:
        """The number of the first one of so many that are concluded, where anybody is told of them."""
        first = self._sequence + 1
        if self._lines is not None or self._concluded:
            self._sequence += decisions
            if self._shared is not None:
                self._shared.concluded = self._sequence
        return first

    def dns_failed(self, error: str) -> None:
        if self._metrics is not None:
            self._metrics.dns_failed(error)

    def _pass(self, peer: Peer, sent: bool, head: bytes, body: bytes) -> None:
        item = Passed(len(head) + len(body), time(), sent, peer.zone, peer.opened, head, body)
        self._put(self._messages, item)

    def _put(self, workers: Iterable[Worker], item: Item) -> None:
        for worker in workers:
            worker.put(item)

    def _use(self, workers: dict[str, Worker], outputs: Mapping[str, Output]) -> None:
        def takers(kind: ItemKind) -> list[Worker]:
            return [worker for name, worker in workers.items() if kind in outputs[name].takes]

        self._workers = workers
        self._messages, self._searched, self._concluded, lines = map(takers, ItemKind)
        self._lines = lines[0] if lines else None  # what takes them adds to what it was given before: there is one

    def _end_all(self) -> None:
        for worker in self._workers.values():
            worker.end()
        self._ended = [worker for worker in self._ended if worker.alive] + list(self._workers.values())


def wanted(settings: Settings) -> bool:
    """Whether the configuration asks for metrics or for an output."""
    return bool(settings.metrics.listen or _outputs(settings))


def open_outputs(settings: Settings, *, collector: bool, shared: Shared | None = None) -> dict[str, Output]:
    """By their names in ``[log]``, with their files open; files that stay are opened anew, as logrotate may have moved
    them. It may wait for seconds. Raises OSError, which names the output; then none is open.

    ``collector``: whether to connect to the collector, too. Else its thread does, again and again: a collector that is
    not there must not keep the edge from starting. ``shared``: see Tap.
    """
    outputs = _outputs(settings, shared)
    try:
        for name in (name for name in outputs if name != "hep" or collector):
            outputs[name].open()
    except OSError as error:
        close_outputs(outputs)
        named = f"[log] {name}{where(settings.places, f'log.{name}')}"
        raise OSError(f"{named}: {outputs[name].name}: {error.strerror or error}") from None
    return outputs


def close_outputs(outputs: Mapping[str, Output]) -> None:
    for output in outputs.values():
        output.close()


def _outputs(settings: Settings, shared: Shared | None = None) -> dict[str, Output]:
    """By their names in ``[log]``; none of them is open."""
    log = settings.log

    def file(name: str) -> RotatingFile:
        turns = shared.turns(name) if shared is not None else None
        return RotatingFile(getattr(log, name), log.rotate_size, log.rotate_count, turns)

    outputs: dict[str, Output] = {}
    if log.decisions:
        outputs["decisions"] = DecisionsFile(file("decisions"), shared)
    if log.messages:
        outputs["messages"] = MessagesFile(file("messages"), log.mask_credentials)
    if log.expressway:
        outputs["expressway"] = ExpresswayFile(file("expressway"), settings.system_name, log.mask_credentials)
    if log.hep is not None:
        outputs["hep"] = Collector(log.hep, log.mask_credentials)
    return outputs
