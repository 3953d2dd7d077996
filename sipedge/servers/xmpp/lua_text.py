"""Python values as Lua literals, for generated configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Value = bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]


def literal(value: Value) -> str:
    """A Lua expression; text is quoted so that nothing in it can end the quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, str):
        return '"' + "".join(map(_quoted, value)) + '"'
    if isinstance(value, Mapping):
        return "{ " + "".join(f"[{literal(key)}] = {literal(entry)}; " for key, entry in value.items()) + "}"
    return "{ " + "".join(f"{literal(entry)}; " for entry in value) + "}"


def assignments(options: Mapping[str, Value]) -> str:
    """One line ``name = value`` for each option."""
    return "".join(f"{name} = {literal(value)}\n" for name, value in options.items())


def _quoted(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return "".join(f"\\{byte:03d}" for byte in character.encode("utf-8", "surrogateescape"))
