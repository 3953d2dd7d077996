"""All calls that the edge keeps: found by the edge's own tag, bounded, each with at most one deadline."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Protocol

from sipedge.sip.message import Message

from .dialog import Dialog, Leg, Way
from .identifiers import Identity
from .sessions import next_due

SPARE = 1000
"""Deadlines that were moved since, before they are swept out."""


class Others(Protocol):
    """The other workers of the edge, each of which has calls of its own."""

    def holds(self, tag: str, here: bool) -> None:
        """This worker has the leg with this tag, or has it no more."""

    def calls(self) -> int:
        """How many all of them have."""


class Nobody:
    """An edge of one worker."""

    def holds(self, tag: str, here: bool) -> None: ...

    def calls(self) -> int:
        return 0


NOBODY = Nobody()


class Dialogs:
    """The tags are random, so that each names one leg (RFC 3261 19.3)."""

    def __init__(self, others: Others = NOBODY) -> None:
        self.others = others
        self._legs: dict[str, tuple[Dialog, bool]] = {}
        """The edge's own tag -> the call, and whether it is the caller's leg."""
        self._deadlines: list[tuple[float, int, Dialog]] = []
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._legs) // 2

    def __iter__(self) -> Iterator[Dialog]:
        return (dialog for dialog, is_near in list(self._legs.values()) if is_near)

    def add(self, dialog: Dialog) -> None:
        self._put(dialog.near.tag, dialog, True)
        self._put(dialog.far.tag, dialog, False)

    def add_far(self, dialog: Dialog) -> None:
        """A call whose caller is in another one as yet."""
        self._put(dialog.far.tag, dialog, False)

    def _put(self, tag: str, dialog: Dialog, is_near: bool) -> None:
        if tag not in self._legs:
            self.others.holds(tag, True)
        self._legs[tag] = dialog, is_near

    def remove(self, dialog: Dialog) -> None:
        """Nothing happens when it is not there. A leg that is another call's by now stays."""
        for tag in (dialog.near.tag, dialog.far.tag):
            if tag in self._legs and self._legs[tag][0] is dialog:
                del self._legs[tag]
                self.others.holds(tag, False)
        dialog.deadline = 0.0

    def way(self, message: Message, side: str) -> Way | None:
        """From which leg to which one a request within a dialog goes; None: it belongs to no call, or not to its side.

        ``side``: of the zone that it comes from.
        """
        found = self._legs.get(message.to_tag or "")
        if found is None:
            return None
        dialog, is_near = found
        source = dialog.near if is_near else dialog.leg_of(message.from_tag or "")
        if source is None or (source.call_id, source.remote_tag) != (message.call_id, message.from_tag):
            return None
        if source.side != side:
            return None
        if message.method == "PRACK":
            return dialog.way_of_prack(source, message.first("rack") or "")
        return Way(dialog, source, dialog.far if is_near else dialog.near)

    def given_up(self, tag: str, busy: Collection[Dialog]) -> Dialog | None:
        """Let go of the call that one of the edge's own tags is of. ``busy``: those with a request under way."""
        dialog, _ = self._legs.get(tag, (None, False))
        if dialog is None or not dialog.is_free or dialog in busy:
            return None
        self.remove(dialog)
        return dialog

    def by_contact(self, tag: str, side: str) -> Leg | None:
        """The leg behind the one whose Contact a peer of that side writes to."""
        dialog, is_near = self._legs.get(tag, (None, False))
        if dialog is None:
            return None
        here, there = (dialog.near, dialog.far) if is_near else (dialog.far, dialog.near)
        return there if here.side == side and there.target else None

    def renamed(self, identity: Identity, side: str) -> Identity | None:
        """See ``identifiers.Renamed``. ``side``: of who wrote it."""
        found = self.named(identity, side)
        if found is None:
            return None
        _, here, there = found
        new = {here.tag: there.remote_tag, here.remote_tag: there.tag}
        return there.call_id, new[identity[1]], new[identity[2]]

    def named(self, identity: Identity, side: str) -> tuple[Dialog, Leg, Leg] | None:
        """The call that a party of that side names, its own leg and the other one."""
        call_id, *tags = identity
        for tag in tags:
            dialog, is_near = self._legs.get(tag, (None, False))
            if dialog is not None:
                here, there = (dialog.near, dialog.far) if is_near else (dialog.far, dialog.near)
                is_right = (here.side, here.call_id) == (side, call_id) and {here.tag, here.remote_tag} == set(tags)
                return (dialog, here, there) if is_right else None
        return None

    def schedule(self, dialog: Dialog) -> None:
        """Note anew when something is due."""
        is_there = any(self._legs.get(leg.tag, (None,))[0] is dialog for leg in (dialog.near, dialog.far))
        when = next_due(dialog) if is_there else 0.0
        if when == dialog.deadline:
            return
        dialog.deadline = when
        if len(self._deadlines) > 4 * len(self) + SPARE:
            self._deadlines = [entry for entry in self._deadlines if entry[0] == entry[2].deadline]
            heapify(self._deadlines)
        if when:
            heappush(self._deadlines, (when, next(self._numbers), dialog))

    def next_deadline(self) -> float | None:
        queue = self._deadlines
        while queue and queue[0][0] != queue[0][2].deadline:
            heappop(queue)
        return queue[0][0] if queue else None

    def due(self, now: float) -> Dialog | None:
        """One call whose deadline has passed; it has none then, until it is scheduled again."""
        when = self.next_deadline()
        if when is None or when > now:
            return None
        dialog = heappop(self._deadlines)[2]
        dialog.deadline = 0.0
        return dialog
