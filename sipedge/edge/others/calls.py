"""Which worker has which call of a b2bua zone.

The edge's own tags in a call begin with the number of the worker that made them. A call may be another one's, though:
it was moved there, or it is older than this number of workers. Who has such a call tells all others its tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.bus.bus import Bus
from sipedge.bus.tally import Tally
from sipedge.bus.words import Belongs
from sipedge.dialogs.crossing import PREFIX
from sipedge.dialogs.identifiers import tags_in
from sipedge.sip.message import Message

_TAG = re.compile(r"w(\d)[0-9a-f]{8}")
_CONTACT = re.compile(rf"sips?:{PREFIX}([^@;?]+)@")


class CallsOfAll:
    """One worker's view: ``dialogs.table.Others`` for its core. Belongs to the event loop."""

    def __init__(self, bus: Bus, legs: Tally, workers: int) -> None:
        """``legs``: two a call. ``workers``: how many there are."""
        self._bus, self._tally, self._workers = bus, legs, workers
        self._legs = 0
        self._told: set[str] = set()
        """Tags of calls of this worker that name another one."""
        self._elsewhere: dict[str, int] = {}
        """The same of the others."""

    def holds(self, tag: str, here: bool) -> None:
        """See Others."""
        self._legs += 1 if here else -1
        self._tally.put(self._legs)
        if self._made_by(tag) != self._bus.worker:
            (self._told.add if here else self._told.discard)(tag)
            self._bus.tell_all(Belongs(tag, here))

    def calls(self) -> int:
        """See Others."""
        return self._tally.others() // 2

    def worker_of(self, tag: str) -> int | None:
        """None: it is no tag of the edge."""
        if tag in self._told:
            return self._bus.worker
        return self._elsewhere.get(tag, self._made_by(tag))

    def named(self, message: Message) -> list[tuple[str, int]]:
        """The calls that a request names, each by a tag, and who has them: that of its own dialog first."""
        workers = ((tag, self.worker_of(tag)) for tag in self._tags(message))
        return [(tag, worker) for tag, worker in workers if worker is not None]

    def joined(self, worker: int) -> list[Belongs]:
        """What a worker has to be told that is new; what the one before in its seat had is its own to tell."""
        self._elsewhere = {tag: other for tag, other in self._elsewhere.items() if other != worker}
        return [Belongs(tag, True) for tag in self._told]

    def belongs(self, worker: int, word: Belongs) -> None:
        if word.here:
            self._elsewhere[word.tag] = worker
        elif self._elsewhere.get(word.tag) == worker:
            del self._elsewhere[word.tag]

    def _tags(self, message: Message) -> Iterator[str]:
        """Of its own dialog first, then of others."""
        if message.to_tag:
            yield message.to_tag
        if match := _CONTACT.match(message.uri):
            yield match[1]
        yield from tags_in(message)

    def _made_by(self, tag: str) -> int | None:
        match = _TAG.match(tag)
        worker = int(match[1]) if match else self._workers
        return worker if worker < self._workers else None
