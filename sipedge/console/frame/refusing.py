"""A no as an answer: a line for people, the JSON of the control socket's errors for programs."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from .json_answer import json_answer

API = "/api/"


def refused(request: Request, status: int, sentence: str, problems: Sequence[object] = ()) -> Response:
    if request.url.path.startswith(API):
        error = {"code": status, "sentence": sentence, "problems": [str(problem) for problem in problems]}
        return json_answer({"error": error}, status)
    return PlainTextResponse("\n".join([sentence, *map(str, problems), ""]), status)
