"""Why a request was not done: a code with the meaning that it has in HTTP, one sentence, and mistakes in files."""

from __future__ import annotations

from collections.abc import Iterable

from dialplan.problem import Problem

BAD_REQUEST = 400
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
"""Another revision is in force than was expected, or there is nothing to confirm."""
PRECONDITION = 412
"""What was changed was made from another revision than is there now."""
UNPROCESSABLE = 422
"""The files have mistakes: ``problems``."""
TOO_MUCH = 429
"""Who asks has enough under way already."""
FAILED = 500
"""Something of the edge itself is broken; its log says more."""
UNAVAILABLE = 503
"""Something could not be opened, too many ask, or the edge is ending."""


class Refused(Exception):
    """Nothing was done."""

    def __init__(self, code: int, sentence: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.problems = code, sentence, tuple(problems)
