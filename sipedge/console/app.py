"""The application: every route is a ``Page`` behind the gate, and the background watches while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from .api import changes as api_changes
from .api import routes as api
from .changes import accounts, backup, cases, files, log_in, oidc, review, revisions, rules, shadow
from .frame.gate import gated, hosts_of
from .frame.identity import Role
from .frame.page import Page, world_of
from .frame.world import World
from .pages import alarms, doctor, entry, history, locate, logs, overview, servers, zones

STATIC = Path(__file__).resolve().parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Files that are served: nothing else that lies in the folder is."""


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    path = STATIC / name
    if path.suffix not in KINDS or not path.is_file() or path.parent != STATIC:
        raise HTTPException(404)
    return FileResponse(path, media_type=KINDS[path.suffix], headers={"Cache-Control": "max-age=3600"})


async def _live(request: Request) -> Response:
    return await world_of(request).live.answer(request)


PAGES: tuple[Page, ...] = (
    *overview.PAGES,
    *history.PAGES,
    *entry.PAGES,
    *locate.PAGES,
    *rules.PAGES,
    *files.PAGES,
    *cases.PAGES,
    *review.PAGES,
    *shadow.PAGES,
    *revisions.PAGES,
    *zones.PAGES,
    *doctor.PAGES,
    *servers.PAGES,
    *alarms.PAGES,
    *logs.PAGES,
    *backup.PAGES,
    *accounts.PAGES,
    *log_in.PAGES,
    *oidc.PAGES,
    *api.PAGES,
    *(route.page for route in api_changes.CHANGES),
    Page("/live", _live, Role.AUDITOR),
    Page("/static/{name}", _asset, None),
)
"""In the order of the menu."""


def application(world: World, pages: Sequence[Page] = PAGES) -> Starlette:
    """``world``: what all pages show; its tasks run as long as the application does."""
    settings = world.config.console
    hosts = hosts_of(settings.host, settings.names)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            for work in world.tasks():
                tasks.start_soon(work)
            yield
            tasks.cancel_scope.cancel()
        world.watch.close()

    routes = [Route(each.path, gated(each, hosts), methods=list(each.methods)) for each in pages]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _not_found, 405: _not_found})
    app.state.world = world
    app.state.examining = doctor.one_at_a_time()
    app.state.reviews = review.Reviews()
    app.state.reach = cases.Reach()
    app.state.menu = [each for each in pages if each.title]
    return app


def _not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("there is no such page\n", 404)
