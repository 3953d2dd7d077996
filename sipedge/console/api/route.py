"""One route of the API: what it takes, who may, what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.json_answer import json_answer
from sipedge.console.frame.page import Page


@dataclass(frozen=True, slots=True)
class Route:
    path: str
    summary: str
    """One sentence."""
    call: Callable[[Request], Awaitable[object]]
    """Gives the value; raises Refused."""
    answers: object
    """The type of that value."""
    asks: tuple[tuple[str, str], ...] = ()
    """(name, what it is) of each value in the query."""
    sends: bool = False
    """POST: by GET nothing is asked that takes long or changes something."""
    takes: object = None
    """The type of the JSON in its body; None where it has none."""
    role: Role = Role.AUDITOR
    """The least that may."""

    @property
    def page(self) -> Page:
        async def endpoint(request: Request) -> Response:
            return json_answer(await self.call(request))

        return Page(self.path, endpoint, self.role, methods=(self.method.upper(),))

    @property
    def method(self) -> str:
        return "post" if self.sends else "get"
