"""How the edge is, on one page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, page


async def overview(request: Request) -> Response:
    return page(request, "overview.html", "Overview")


PAGES = (Page("/", overview, Role.AUDITOR, "Overview"),)
