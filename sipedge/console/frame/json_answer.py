"""JSON as an answer. A peer may write half a character, which no UTF-8 holds: all that is not ASCII is escaped."""

from __future__ import annotations

import json

from starlette.responses import Response


def json_answer(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value, separators=(",", ":")), status, media_type="application/json")
