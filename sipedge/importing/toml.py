"""TOML as an admin would write it: tables under headers, one key to a line, comments where they help."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

Value = str | int | float | bool | list[str] | list[int]


@dataclass(slots=True)
class Table:
    """``header``: with its brackets; '' keys at the top. ``comments`` stand above it."""

    header: str
    keys: dict[str, Value] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    """Key -> comment behind its value."""


def write_toml(head: Iterable[str], tables: Iterable[Table]) -> str:
    blocks = ["\n".join(_comment(line) for line in head)]
    for table in tables:
        lines = [*map(_comment, table.comments), table.header]
        for key, value in table.keys.items():
            note = table.notes.get(key)
            lines.append(f"{key} = {_value(value)}" + (f"  {_comment(note)}" if note else ""))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _comment(text: str) -> str:
    return "# " + "".join(char if char.isprintable() else "?" for char in text) if text else "#"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _string(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
