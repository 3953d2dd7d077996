"""The lines of an answer: any number of items, then one end.

An item is ``{"item": ...}``. The end is ``{"ok": ...}`` or an error:
``{"error": {"code": 409, "sentence": "...", "problems": []}}``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from dialplan.model import Location
from dialplan.problem import Problem

from .refusal import Refused


@dataclass(frozen=True, slots=True)
class Item:
    value: Any


@dataclass(frozen=True, slots=True)
class Done:
    value: Any


def write_item(value: object) -> bytes:
    return _line({"item": value})


def write_done(value: object) -> bytes:
    return _line({"ok": value})


def write_refusal(refused: Refused) -> bytes:
    problems = [_problem_json(problem) for problem in refused.problems]
    return _line({"error": {"code": refused.code, "sentence": refused.sentence, "problems": problems}})


def read_line(line: bytes) -> Item | Done | Refused:
    """Raises ValueError for what no edge writes."""
    given = json.loads(line)
    if not isinstance(given, dict) or len(given) != 1:
        raise ValueError("not the line of an answer")
    ((kind, value),) = given.items()
    if kind == "error":
        return Refused(value["code"], value["sentence"], [_problem(each) for each in value["problems"]])
    if kind not in ("item", "ok"):
        raise ValueError(f"an answer has no {kind!r}")
    return Item(value) if kind == "item" else Done(value)


def _problem_json(problem: Problem) -> dict[str, Any]:
    place = problem.location
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": problem.message,
        "hint": problem.hint,
        "source_line": problem.source_line,
    }


def _problem(given: dict[str, Any]) -> Problem:
    place = Location(given["file"], given["line"], given["column"])
    return Problem(place, given["message"], given["hint"], given["source_line"])


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"
