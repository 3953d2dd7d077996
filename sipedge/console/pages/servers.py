"""Other people's servers that the edge runs, where there are any."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, page
from sipedge.console.frame.world import World


async def servers(request: Request) -> Response:
    return page(request, "servers.html", "Servers")


def _some(world: World) -> bool:
    status = world.link.state.status
    return status is not None and bool(status["services"])


PAGES = (Page("/servers", servers, Role.AUDITOR, "Servers", wanted=_some),)
