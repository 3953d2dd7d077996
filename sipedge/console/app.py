"""The application: every route is a ``Page`` behind the gate, and the background watches while it runs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from .api import changes as api_changes
from .api import routes as api
from .changes import accounts, backup, cases, files, forms, log_in, oidc, review, revisions, rules, shadow
from .frame.door import LIVE
from .frame.gate import gated, hosts_of
from .frame.identity import Identity, Role
from .frame.page import Page, identity_of, world_of
from .frame.world import World
from .numbers import know_short_numbers
from .pages import alarms, doctor, entry, history, locate, logs, overview, servers, zones

STATIC = Path(__file__).resolve().parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Files that are served: nothing else that lies in the folder is."""


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    path = STATIC / name
    if path.suffix not in KINDS or name not in os.listdir(STATIC):
        return _not_found(request)
    return FileResponse(path, media_type=KINDS[path.suffix], headers={"Cache-Control": "max-age=3600"})


async def _live(request: Request) -> Response:
    world, who = world_of(request), identity_of(request)

    async def still() -> bool:
        try:
            return isinstance(await world.door.who(request), Identity)
        except OSError:  # nobody can be looked up now; the next request tells him
            return True

    return world.live.answer(who.account, still)


PAGES: tuple[Page, ...] = (
    *overview.PAGES,
    *history.PAGES,
    *entry.PAGES,
    *locate.PAGES,
    *rules.PAGES,
    *files.PAGES,
    *cases.PAGES,
    *forms.PAGES,
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
    Page(LIVE, _live, Role.AUDITOR, lasting=True),
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

    know_short_numbers()
    routes = [Route(each.path, gated(each, hosts), methods=list(each.methods)) for each in pages]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _not_found, 405: _not_found})
    app.state.world = world
    app.state.examining = doctor.one_at_a_time()
    app.state.reviews = review.Reviews()
    app.state.reach = cases.Reach()
    app.state.menu = [each for each in pages if each.title]
    return app


def _not_found(request: Request, error: Exception | None = None) -> Response:
    return PlainTextResponse("there is no such page\n", 404)
