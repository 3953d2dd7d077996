"""The DNS questions that are out: numbered, so that each answer finds what it is for."""

from __future__ import annotations

from zones.dns import Question

from .commands import Command, Resolve


class Questions:
    """A question carries its *purpose*: the look-up, neighbor or traversal client that wants the answer."""

    def __init__(self) -> None:
        self._last = 0
        self._asked: dict[int, tuple[Question, object]] = {}

    def ask(self, question: Question, purpose: object, out: list[Command]) -> None:
        self._last += 1
        self._asked[self._last] = question, purpose
        out.append(Resolve(self._last, question.name, question.kind))

    def __len__(self) -> int:
        """How many wait for their answer."""
        return len(self._asked)

    def take(self, number: int) -> tuple[Question, object] | None:
        """A question and its purpose, once; None for what was never asked, or is answered already."""
        return self._asked.pop(number, None)
