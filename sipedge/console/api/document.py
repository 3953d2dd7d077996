"""The OpenAPI document, made from the routes and the types of their values.

``python -m sipedge.console.api.document`` prints it for docs/openapi.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from sipedge.console.frame.identity import Role

from .changes import CHANGES
from .route import Route
from .routes import CONTROL, ROUTES
from .schema import Schemas
from .values import ErrorJson

_REFUSALS = {
    "400": "what would be right",
    "401": "no token",
    "403": "the role is not enough",
    "404": "not there",
    "422": "the files have mistakes",
    "429": "this account has too much under way",
    "500": "something cannot be read or kept",
    "503": "the edge does not answer, or it takes too long",
}
"""Of every route."""
_CHANGES = {"409": "something else is on trial, or nothing is different", "412": "another revision is there by now"}
"""Of those that change something, too."""


def document(routes: Iterable[Route] = (*ROUTES, *CHANGES)) -> dict[str, Any]:
    schemas = Schemas()
    error = {"application/json": {"schema": schemas.of(ErrorJson)}}
    refusals, more = (
        {code: {"description": why, "content": error} for code, why in each.items()} for each in (_REFUSALS, _CHANGES)
    )
    paths = {
        route.path: {route.method: _operation(route, schemas, refusals | (more if route.sends else {}))}
        for route in routes
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "sipedge console", "version": "1"},
        "security": [{"token": []}],
        "paths": {**paths, CONTROL: {"post": _control(refusals)}},
        "components": {
            "schemas": dict(sorted(schemas.named.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, schemas: Schemas, refusals: dict[str, Any]) -> dict[str, Any]:
    in_path = re.findall(r"\{(\w+)\}", route.path)
    asked = [_asked(name, what, "query") for name, what in route.asks] + [
        _asked(name, name, "path") for name in in_path
    ]
    content = {"application/json": {"schema": schemas.of(route.answers)}}
    answers = {"200": {"description": "done", "content": content}, **refusals}
    summary = f"{route.summary} Needs {route.role}." if route.role > Role.AUDITOR else route.summary
    operation = {"summary": summary, "parameters": asked, "responses": answers}
    if route.takes is not None:
        body = {"application/json": {"schema": schemas.of(route.takes)}}
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _asked(name: str, what: str, place: str) -> dict[str, Any]:
    kind = {"schema": {"type": "string"}, "required": place == "path"}
    return {"name": name, "in": place, "description": what, **kind}


def _control(refusals: dict[str, Any]) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    lines = {"application/x-ndjson": {"schema": {"type": "string"}}}
    return {
        "summary": "A request of the control socket and the lines of its answer (docs/control.md)",
        "requestBody": body,
        "responses": {"200": {"description": "items, then the end", "content": lines}, **refusals},
    }


if __name__ == "__main__":
    print(json.dumps(document(), indent=1))
