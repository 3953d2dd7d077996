"""Settings in pieces that travel between processes, each small enough to be unpacked between two turns of a loop.

A compiled plan does not travel: RE2 cannot pack a pattern. Its entries do, and the tree of each regex, which is only
unpacked where the pattern has to be compiled. The places of fields stay behind: they are for messages about mistakes,
and what is packed has none.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from dialplan.model import Dialplan, Location, SearchRule, Transform, Variables
from dialplan.problem import Problem
from dialplan.search.search import CompiledPlan
from dialplan.syntax import Node
from sipedge.settings import Settings

from .reading.problems import ConfigError

PIECE = 25
"""Rules in a piece: unpacking one takes 0.3 ms."""
NO_PLACES: Mapping[str, Location] = {}


@dataclass(frozen=True, slots=True)
class _Head:
    """The first piece."""

    settings: Mapping[str, Any]
    """All fields but the plan."""
    variables: Variables
    transforms: tuple[Transform, ...]
    sources: Mapping[str, str]
    trees: Mapping[str, bytes]
    rules: int
    """Pieces of rules that follow."""


class _Trees(Mapping[str, Node]):
    """Text of a regex -> its tree, unpacked anew each time."""

    def __init__(self, packed: Mapping[str, bytes]) -> None:
        self._packed = packed

    def __getitem__(self, text: str) -> Node:
        tree: Node = pickle.loads(self._packed[text])
        return tree

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def packed(settings: Settings) -> bytes:
    plan = settings.plan.dialplan
    rules = [replace(rule, places=NO_PLACES) for rule in plan.rules]
    pieces = [rules[start : start + PIECE] for start in range(0, len(rules), PIECE)]
    head = _Head(
        {field.name: getattr(settings, field.name) for field in fields(settings) if field.name != "plan"},
        settings.plan.variables,
        tuple(replace(transform, places=NO_PLACES) for transform in plan.transforms),
        dict(plan.sources),
        {text: _dumped(tree) for text, tree in plan.syntax.items()},
        len(pieces),
    )
    return b"".join([_dumped(head), *map(_dumped, pieces)])


def refused(problems: tuple[Problem, ...]) -> bytes:
    """In place of settings: why there are none."""
    return _dumped(problems)


def unpacked(parcel: bytes, before: CompiledPlan) -> Generator[None, None, Settings]:
    """What ``packed`` or ``refused`` made, with a rest between small pieces of work. Raises ConfigError.

    ``before``: the plan in force; its patterns are used again.
    """
    stream = io.BytesIO(parcel)
    head: _Head | tuple[Problem, ...] = pickle.load(stream)
    if isinstance(head, tuple):
        raise ConfigError(head)
    yield
    rules: list[SearchRule] = []
    for _ in range(head.rules):
        rules += pickle.load(stream)
        yield
    whole = Dialplan(head.transforms, tuple(rules), head.sources, _Trees(head.trees))
    plan = yield from CompiledPlan.in_steps(whole, head.variables, before)
    return Settings(plan=plan, **head.settings)


def _dumped(value: object) -> bytes:
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
