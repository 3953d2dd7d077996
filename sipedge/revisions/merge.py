"""Changes of two people to the same text, line by line; pure."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher

Change = tuple[int, int, list[str]]
"""(first line, line behind the last, the lines instead) of the base."""


class Clash(ValueError):
    """Both changed the same lines; ``str()`` is one sentence."""


def merged_sets(base: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]) -> dict[str, str]:
    """Name -> text. Raises Clash. A file that one of the two has dropped is dropped where the other left it alone."""
    found = {}
    for name in dict.fromkeys([*theirs, *ours]):
        text = _merged_file(name, base.get(name), ours.get(name), theirs.get(name))
        if text is not None:
            found[name] = text
    return found


def _merged_file(name: str, base: str | None, ours: str | None, theirs: str | None) -> str | None:
    if ours == theirs or base == ours:
        return theirs
    if base == theirs:
        return ours
    if base is None or ours is None or theirs is None:
        raise Clash(f"{name} was changed here and added or dropped there")
    try:
        return merged(base, ours, theirs)
    except Clash as clash:
        raise Clash(f"{name}:{clash}") from None


def merged(base: str, ours: str, theirs: str) -> str:
    """Raises Clash where changes touch."""
    lines, made, at = base.splitlines(keepends=True), list[str](), 0
    for first, end, instead in _both(_changes(lines, ours), _changes(lines, theirs)):
        made += lines[at:first] + instead
        at = end
    return "".join(made + lines[at:])


def _both(ours: list[Change], theirs: list[Change]) -> list[Change]:
    """In order; the same change made twice counts once."""
    changes, last = list[Change](), -1
    for change in sorted([*ours, *(each for each in theirs if each not in ours)], key=lambda each: each[:2]):
        first, end, _ = change
        if first <= last:
            raise Clash(f"{first + 1}: both changed this line, or one beside it")
        changes.append(change)
        last = end
    return changes


def _changes(base: list[str], text: str) -> list[Change]:
    lines = text.splitlines(keepends=True)
    blocks = SequenceMatcher(None, base, lines, autojunk=False).get_opcodes()
    return [(first, end, lines[start:stop]) for kind, first, end, start, stop in blocks if kind != "equal"]
