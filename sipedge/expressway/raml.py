"""The values that a box's own description of its API allows: RAML 0.8 with JSON Schema 4, as ``/api/raml`` gives them.

A resource is a key that begins with ``/``; below it stand methods, below these bodies, each with a schema: JSON, or
the name of one in ``schemas``. Files that are included are not fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

Enumerations = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Path below the API's root, in small letters -> name of a field -> its values."""

MAX_SIZE = 4 * 1024 * 1024
"""Characters."""
MAX_DEPTH = 40
_METHODS = ("get", "post", "put", "patch")


class RamlError(ValueError):
    """A text that is no such description; ``str()`` is a sentence's end: "the description ..."."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it comes without types
    """Without aliases, which could make a small text endless; other files are not looked for."""

    def compose_node(self, parent: Any, index: int) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise RamlError("uses aliases")
        return super().compose_node(parent, index)


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def enumerations(text: str) -> Enumerations:
    """Raises RamlError."""
    if len(text) > MAX_SIZE:
        raise RamlError(f"has more than {MAX_SIZE} characters")
    if not text.lstrip("\ufeff").startswith("#%RAML 0.8"):
        raise RamlError('does not begin with "#%RAML 0.8"')
    try:
        root = yaml.load(text, _Loader)  # a subclass of SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise error if isinstance(error, RamlError) else RamlError(f"is no YAML: {_first_line(error)}") from None
    if not isinstance(root, dict):
        raise RamlError("holds no resources")
    schemas = _schemas(root.get("schemas"))
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for path, body in _bodies(root, "", 0):
        for name, values in _enums(schemas.get(body.strip(), body)):
            found.setdefault(path, {}).setdefault(name, values)
    return found


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["too deep"])[0][:200]


def _schemas(value: object) -> dict[str, str]:
    """RAML 0.8 has a list of maps; one map is taken, too."""
    maps = value if isinstance(value, list) else [value]
    return {str(name): text for each in maps if isinstance(each, dict) for name, text in each.items() if _is_text(text)}


def _bodies(node: Mapping[object, object], path: str, depth: int) -> Iterator[tuple[str, str]]:
    """(path, schema or its name) of each method's request, then of its responses."""
    for key, value in node.items():
        if not isinstance(value, dict) or depth > MAX_DEPTH:
            continue
        if str(key).startswith("/"):
            yield from _bodies(value, f"{path}{key}".casefold(), depth + 1)
        elif str(key).casefold() in _METHODS:
            yield from ((path.strip("/"), schema) for schema in _schemas_below(value, depth + 1))


def _schemas_below(node: Mapping[object, object], depth: int) -> Iterator[str]:
    for key, value in node.items():
        if key == "schema" and isinstance(value, str):
            yield value
        elif isinstance(value, dict) and depth <= MAX_DEPTH:
            yield from _schemas_below(value, depth + 1)


def _enums(schema: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        root = json.loads(schema)
    except (ValueError, RecursionError):
        return
    node = root.get("items", root) if isinstance(root, dict) else None
    properties = node.get("properties") if isinstance(node, dict) else None
    for name, field in properties.items() if isinstance(properties, dict) else ():
        values = _resolved(root, field).get("enum")
        if isinstance(values, list) and values and all(map(_is_text, values)):
            yield name, tuple(values)


def _resolved(root: Mapping[str, object], field: object) -> Mapping[str, object]:
    """The field itself, or what it refers to in ``definitions``."""
    reference = field.get("$ref") if isinstance(field, dict) else None
    definitions = root.get("definitions")
    if isinstance(reference, str) and isinstance(definitions, dict):
        field = definitions.get(reference.removeprefix("#/definitions/"))
    return field if isinstance(field, dict) else {}


def _is_text(value: object) -> bool:
    return isinstance(value, str)
