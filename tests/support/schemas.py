"""A value compared with a JSON schema as our OpenAPI document has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}


def misfits(value: Any, schema: dict[str, Any], named: dict[str, Any], place: str = "") -> Iterator[str]:
    """Each place where the value is not as the schema says."""
    if "$ref" in schema:
        schema = named[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        if all(list(misfits(value, each, named)) for each in schema["anyOf"]):
            yield f"{place}: {value!r} is none of the kinds"
        return
    kind = schema.get("type")
    if kind and not isinstance(value, TYPES[kind]):
        yield f"{place}: {value!r} is no {kind}"
    elif kind == "array":
        for number, each in enumerate(value):
            yield from misfits(each, schema["items"], named, f"{place}/{number}")
    elif kind == "object":
        yield from _members(value, schema, named, place)


def _members(value: dict[str, Any], schema: dict[str, Any], named: dict[str, Any], place: str) -> Iterator[str]:
    known, more = schema.get("properties", {}), schema.get("additionalProperties", {})
    yield from (f"{place}: {name} is missing" for name in schema.get("required", []) if name not in value)
    for name, each in value.items():
        if name in known or isinstance(more, dict):
            yield from misfits(each, known.get(name, more), named, f"{place}/{name}")
        else:
            yield f"{place}: {name} is not described"
