"""JSON schemas (as OpenAPI 3.1 takes them) of the types of our values."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

Schema = dict[str, Any]
_PLAIN: Mapping[object, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}


class Schemas:
    """Collects what is referred to."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {}
        self._kinds: dict[str, Any] = {}

    def of(self, kind: object) -> Schema:
        """Raises TypeError for a type that none of our values has."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if is_typeddict(kind):
            return self._named(kind)
        origin, args = get_origin(kind), get_args(kind)
        if origin is list:
            return {"type": "array", "items": self.of(args[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(args[1])}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(each) for each in args]}
        raise TypeError(f"no schema for {kind}")

    def _named(self, kind: Any) -> Schema:
        name = str(kind.__name__).removesuffix("Json")
        if self._kinds.setdefault(name, kind) is not kind:
            raise TypeError(f"two types are called {name}")
        if name not in self.named:
            schema = self.named[name] = {"type": "object"}
            hints = get_type_hints(kind)  # NotRequired is taken off
            schema |= {
                "description": " ".join((kind.__doc__ or name).split()),
                "properties": {key: self.of(value) for key, value in hints.items()},
                "required": [key for key in hints if key in kind.__required_keys__],
                "additionalProperties": False,
            }
        return {"$ref": f"#/components/schemas/{name}"}
