"""Look-arounds without backtracking: matching stays exact, and linear in the length of the alias.

RE2 has no look-around. There are two ways round that:

* A look-around whose place is fixed (everything before it, or everything after it, has one width: ``(?!alice).*``,
  ``.*(?<!net)``, ``\\d\\d(?!0).*``) is a condition of its own on a slice of the alias, and leaves the pattern.
* One at a moving place (``.*@(?!uc\\.local).*``) becomes a *mark*: before matching, a private character is put into
  the alias at every place where it holds, and the pattern asks for that character. The places are found by plain text
  search, so the body must be a choice of plain texts, with ``.*`` before or behind and ``^`` or ``$`` if need be.

Marks of one place are in the order of the pattern, and each is asked for at most once on the way through a place; a
repetition may therefore hold one look-around, and must consume something each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import or_

from dialplan.syntax import (
    ANYTHING,
    EMPTY,
    Alternation,
    Anchor,
    Group,
    Look,
    Node,
    PatternError,
    Repeat,
    Sequence,
    children,
    flattened,
    has_look,
    width,
    with_children,
)

from .folding import FIRST_MARK, LAST_MARK, Test
from .literals import finite

HINT = "there it takes plain texts, with .* around if need be: (?!uc\\.local$), (?!.*\\.local), (?<!net|org)"

MAX_WAYS = 64
"""Alternatives of a look-around, when they are more than plain texts."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A look-around at a fixed place: ``offset`` characters behind the start or, not ``from_start``, before the end."""

    body: Node
    ahead: bool
    negated: bool
    from_start: bool
    offset: int


@dataclass(frozen=True, slots=True)
class BoundCondition:
    """A condition with the test for its slice of the folded alias."""

    condition: Condition
    test: Test

    def holds(self, folded: str) -> bool:
        where = self.condition
        place = where.offset if where.from_start else len(folded) - where.offset
        if not 0 <= place <= len(folded):
            return False
        return self.test(folded[place:] if where.ahead else folded[:place]) != where.negated


def conditions_of(node: Node) -> tuple[Node, list[Condition]]:
    """(the pattern without its look-arounds at fixed places, these look-arounds).

    Raises PatternError when one of them holds a look-around, or an anchor without effect.
    """
    conditions: list[Condition] = []
    return _extract(node, 0, 0, conditions), conditions


def slice_pattern(condition: Condition) -> Node:
    """The pattern for the whole slice: ``body.*`` for the one behind the place, ``.*body`` for the one before it."""
    body = Group(condition.body)
    return Sequence((body, ANYTHING) if condition.ahead else (ANYTHING, body))


def _extract(node: Node, before: int | None, after: int | None, conditions: list[Condition]) -> Node:
    """Moves look-arounds from the tree to ``conditions``. ``before`` and ``after``: widths of all on that side."""
    if isinstance(node, Look):
        offset = after if before is None else before
        if offset is None:
            return node
        _check_body(node)
        conditions.append(Condition(node.body, node.ahead, node.negated, before is not None, offset))
        return EMPTY
    if isinstance(node, Group):
        return replace(node, body=_extract(node.body, before, after, conditions))
    if isinstance(node, Sequence):
        widths = [width(item) for item in node.items]
        return Sequence(
            tuple(
                _extract(item, _plus(before, widths[:number]), _plus(after, widths[number + 1 :]), conditions)
                for number, item in enumerate(node.items)
            ),
            node.at,
        )
    return node


def _plus(start: int | None, widths: Iterable[int | None]) -> int | None:
    total = start
    for number in widths:
        total = None if total is None or number is None else total + number
    return total


def _check_body(node: Look) -> None:
    if has_look(node.body):
        hint = "write (?:(?!a)|(?=ab)) for (?!a(?!b)), and (?=ab) for (?=a(?=b))"
        raise PatternError(node.at, "a look-around inside a look-around", hint)
    if _has_anchor(node.body, start=node.ahead):
        if node.ahead:
            raise PatternError(node.at, "^ in a look-ahead", "put the look-ahead where the pattern begins, without ^")
        raise PatternError(node.at, "$ in a look-behind", "put the look-behind where the pattern ends, without $")


def _has_anchor(node: Node, start: bool) -> bool:
    return (isinstance(node, Anchor) and node.start == start) or any(
        _has_anchor(child, start) for child in children(node)
    )


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a look-around holds. ``far``: ``.*`` is between the place and the texts; ``edge``: ``$``, or
    ``^``, is behind them."""

    texts: frozenset[str]
    far: bool
    edge: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A look-around at a moving place."""

    forms: tuple[Form, ...]
    ahead: bool
    negated: bool
    code_point: int

    def places(self, folded: str) -> bytearray:
        """One byte for each place from 0 to the length: 1 where the look-around holds."""
        places = bytearray(len(folded) + 1)
        for form in self.forms:
            found = self._found(form, folded)
            places = bytearray(map(or_, places, found)) if len(self.forms) > 1 else found
        return bytearray(places.translate(_INVERTED)) if self.negated else places

    def _found(self, form: Form, folded: str) -> bytearray:
        near = self._near(form, folded)
        if form.far and self.ahead and 1 in near:
            near[: near.rindex(1)] = b"\1" * near.rindex(1)
        elif form.far and 1 in near:
            first = near.index(1)
            near[first:] = b"\1" * (len(near) - first)
        return near

    def _near(self, form: Form, folded: str) -> bytearray:
        places = bytearray(len(folded) + 1)
        for text in form.texts:
            if form.edge:
                if folded.endswith(text) if self.ahead else folded.startswith(text):
                    places[len(folded) - len(text) if self.ahead else len(text)] = 1
                continue
            start = folded.find(text)
            while start >= 0:
                places[start if self.ahead else start + len(text)] = 1
                start = folded.find(text, start + 1)
        return places


_INVERTED = bytes([1, 0]) + bytes(range(2, 256))


def without_edge_anchors(node: Node) -> Node:
    """The tree without ``^`` where the pattern begins and ``$`` where it ends: they hold there anyway."""
    return _trimmed(_trimmed(node, True), False)


def _trimmed(node: Node, start: bool) -> Node:
    if isinstance(node, Anchor) and node.start == start:
        return EMPTY
    if isinstance(node, Group | Alternation):
        return with_children(node, lambda child: _trimmed(child, start))
    if isinstance(node, Sequence):
        items = list(node.items if start else reversed(node.items))
        for number, item in enumerate(items):
            items[number] = _trimmed(item, start)
            if width(item) != 0:
                break
        return Sequence(tuple(items if start else reversed(items)), node.at)
    return node


def marks_of(node: Node) -> dict[int, Mark]:
    """Offset in the pattern -> mark, for every look-around that is left.

    Raises PatternError when one cannot be tested by a mark.
    """
    looks = sorted(_looks(node), key=lambda look: look.at)
    if looks and _has_inner_anchor(node):
        hint = "write ^ and $ only where the pattern begins and ends"
        raise PatternError(looks[0].at, "^ or $ beside a look-around at a moving place", hint)
    if len(looks) > LAST_MARK - FIRST_MARK:
        raise PatternError(looks[-1].at, "too many look-arounds", f"{LAST_MARK - FIRST_MARK} at most")
    _check_repeats(node)
    return {look.at: _mark(look, FIRST_MARK + number) for number, look in enumerate(looks)}


def marked(folded: str, marks: Iterable[Mark]) -> str:
    """The alias with a mark at every place where its look-around holds, marks of one place in order."""
    layers = [(mark.places(folded), chr(mark.code_point)) for mark in marks]
    pieces: list[str] = []
    for place in range(len(folded) + 1):
        pieces += [character for places, character in layers if places[place]]
        pieces.append(folded[place : place + 1])
    return "".join(pieces)


def _looks(node: Node) -> list[Look]:
    if isinstance(node, Look):
        return [node]
    return [look for child in children(node) for look in _looks(child)]


def _has_inner_anchor(node: Node) -> bool:
    if isinstance(node, Look):
        return False
    return isinstance(node, Anchor) or any(map(_has_inner_anchor, children(node)))


def _check_repeats(node: Node) -> None:
    if isinstance(node, Repeat):
        looks = _looks(node)
        if len(looks) > 1 or (looks and _nullable(node.body)):
            raise PatternError(looks[0].at, "a repetition with look-arounds that may not move on", HINT)
    for child in children(node):
        _check_repeats(child)


def _nullable(node: Node) -> bool:
    if isinstance(node, Repeat):
        return node.minimum == 0 or _nullable(node.body)
    if isinstance(node, Alternation):
        return any(map(_nullable, node.branches))
    if isinstance(node, Sequence):
        return all(map(_nullable, node.items))
    return _nullable(node.body) if isinstance(node, Group) else width(node) == 0


def _mark(look: Look, code_point: int) -> Mark:
    _check_body(look)
    texts: dict[tuple[bool, bool], frozenset[str]] = {}
    for items in _written_out(look.body, look):
        form = _form(look, items)
        kind = (form.far, form.edge)
        texts[kind] = texts.get(kind, frozenset()) | form.texts
    forms = tuple(Form(each, *kind) for kind, each in sorted(texts.items()))
    return Mark(forms, look.ahead, look.negated, code_point)


def _written_out(node: Node, look: Look) -> list[list[Node]]:
    """The body without alternatives that are more than a choice of plain texts: one list of items for each."""
    ways: list[list[Node]] = [[]]
    for item in flattened(node):
        inner = item.body if isinstance(item, Group) else item
        if isinstance(inner, Alternation) and finite(inner) is None:
            choices = [way for branch in inner.branches for way in _written_out(branch, look)]
        else:
            choices = [[item]]
        ways = [[*way, *choice] for way in ways for choice in choices]
        if len(ways) > MAX_WAYS:
            raise PatternError(look.at, "too many alternatives in a look-around", f"{MAX_WAYS} at most")
    return ways


def _form(look: Look, items: list[Node]) -> Form:
    """Splits the items into ``.*``, plain texts, ``.*`` and the anchor at the far end."""
    if not look.ahead:
        items = items[::-1]
    edge = bool(items) and isinstance(items[-1], Anchor)
    items = items[:-1] if edge else items
    if items and items[-1] == ANYTHING:
        items, edge = items[:-1], False
    far = bool(items) and items[0] == ANYTHING
    rest = items[1:] if far else items
    texts = finite(Sequence(tuple(rest if look.ahead else reversed(rest))))
    if texts is None:
        raise PatternError(look.at, "a look-around that cannot be tested at a moving place", HINT)
    return Form(texts, far, edge)
