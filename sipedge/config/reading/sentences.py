"""Pydantic's findings as sentences for an admin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dialplan.problem import listing

from .problems import did_you_mean

_TYPES = {
    "string_type": ("text", "write it in quotes"),
    "int_type": ("a whole number", "write it without quotes and without a decimal point"),
    "float_type": ("a number", "write it without quotes"),
    "bool_type": ("true or false", "write true or false without quotes"),
    "date_type": ("a date", "write it without quotes: 2030-01-31"),
    "tuple_type": ("an array", 'write it in brackets: ["one", "two"]'),
    "list_type": ("an array of tables", "write each one under a [[header]] of its own"),
    "model_type": ("a table", 'write it under a [header] or in braces: { key = "value" }'),
    "model_attributes_type": ("a table", 'write it under a [header] or in braces: { key = "value" }'),
}

_BOUNDS = {
    "greater_than": ("larger than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("smaller than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def sentence_of(error: Any, table: str, known: Iterable[str]) -> tuple[str, str]:
    """(sentence, hint) for one of ``ValidationError.errors()``; ``known`` are the keys that the table has."""
    kind = error["type"]
    key = next((str(part) for part in reversed(error["loc"]) if isinstance(part, str)), table)
    if kind in _TYPES:
        what, hint = _TYPES[kind]
        return f'"{key}" must be {what}', hint
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f'"{key}" must be {words} {_number(error["ctx"][bound])}, not {error["input"]}', ""
    if kind == "extra_forbidden":
        return f'{table} has no key "{key}"', did_you_mean(key, known)
    if kind == "missing":
        return f'{table} lacks "{key}"', f"add a line {key} = ..."
    return _SPECIAL[kind](key, error)


def _number(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _words(expected: str) -> list[str]:
    """The words of pydantic's ``'a', 'b' or 'c'``."""
    return expected.split("'")[1::2]


def _not_a_word(key: str, error: Any) -> tuple[str, str]:
    value = error["input"]
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    known = [f'"{word}"' for word in _words(error["ctx"]["expected"])]
    return f'{shown} is not a value of "{key}"', f"write {listing(known)}"


def _too_long(key: str, error: Any) -> tuple[str, str]:
    return f'"{key}" has {len(error["input"])} characters; at most {error["ctx"]["max_length"]} are possible', ""


def _empty(key: str, error: Any) -> tuple[str, str]:
    return f'"{key}" must not be empty', ""


def _too_many(key: str, error: Any) -> tuple[str, str]:
    return f'"{key}" has too many entries; at most {error["ctx"]["max_length"]} are possible', ""


def _own(key: str, error: Any) -> tuple[str, str]:
    return error["ctx"]["sentence"], error["ctx"]["hint"]


def _not_finite(key: str, error: Any) -> tuple[str, str]:
    return f'"{key}" must be a finite number', ""


_SPECIAL: dict[str, Callable[[str, Any], tuple[str, str]]] = {
    "enum": _not_a_word,
    "literal_error": _not_a_word,
    "string_too_long": _too_long,
    "string_too_short": _empty,
    "too_short": _empty,
    "too_long": _too_many,
    "finite_number": _not_finite,
    "sentence": _own,
}
