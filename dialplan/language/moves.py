"""An entry moved before or behind others, by priorities: the order of all others stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dialplan.model import Entry

from .fields import MAX_PRIORITY


class NoRoom(ValueError):
    """It cannot be moved there; the text says why, and what would help."""


def moved(entries: Sequence[Entry], entry: Entry, up: bool) -> list[tuple[Entry, Entry]]:
    """The entries whose priority changes, each with what it becomes. ``entries``: those of its kind, with itself.

    Of several with one priority it leaves the others, by one number. An entry alone changes numbers with the
    next ones: all of their priority are tried at the same time, and stay together. Raises NoRoom.
    """
    numbers = sorted({each.priority for each in entries})
    place = numbers.index(entry.priority)
    beyond = numbers[place - 1] if up and place else numbers[place + 1] if not up and place + 1 < len(numbers) else None
    if sum(each.priority == entry.priority for each in entries) > 1:
        number = entry.priority + (-1 if up else 1)
        if number == beyond or not 1 <= number <= MAX_PRIORITY:
            where = "before" if up else "behind"
            text = f'there is no number for "{entry.name}" {where} {entry.priority}: give the others another priority'
            raise NoRoom(text)
        return [(entry, replace(entry, priority=number))]
    if beyond is None:
        raise NoRoom(f'"{entry.name}" is the {"first" if up else "last"} already')
    others = [each for each in entries if each.priority == beyond]
    return [
        (entry, replace(entry, priority=beyond)),
        *((each, replace(each, priority=entry.priority)) for each in others),
    ]
