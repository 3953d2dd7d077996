"""What a page is, and how it becomes an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from .identity import Identity, Role
from .refusing import API, refused
from .rendering import rendered
from .sight import Sight
from .world import World

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One route. Every route of the console is one, so that a table can say who may what."""

    path: str
    endpoint: Endpoint
    role: Role | None
    """The least that may ask; None: whoever does, before he has logged in."""
    title: str = ""
    """In the menu; '' where it is not there."""
    methods: tuple[str, ...] = ("GET",)
    lasting: bool = False
    """Whether an answer has no end, so that it takes no turn of its account's."""
    wanted: Callable[[World], bool] = lambda world: True
    """Whether the menu shows it."""


def world_of(request: Request) -> World:
    world = request.app.state.world
    assert isinstance(world, World)
    return world


def identity_of(request: Request) -> Identity:
    """Of whom the gate let in."""
    identity = request.state.identity
    assert isinstance(identity, Identity)
    return identity


def sight_of(request: Request) -> Sight:
    """What whom the gate let in sees of people."""
    return world_of(request).sight(identity_of(request).role)


def page(request: Request, template: str, title: str, status: int = 200, **values: object) -> Response:
    """A whole page. Text in ``values`` is shown as text, whatever is in it; markup of ours is ``Markup``."""
    identity, world = request.state.identity, world_of(request)
    menu = [each for each in request.app.state.menu if _offered(each, identity, world)]
    frame = {
        "title": title,
        "menu": menu,
        "here": request.url.path,
        "identity": identity,
        "notice": world.door.notice,
        "edge": world.link.state,
        "raised": len(world.watch.worries),
        "nonce": request.state.nonce,
    }
    return HTMLResponse(rendered(template, **frame, **values), status)


def _offered(page: Page, identity: Identity | None, world: World) -> bool:
    return identity is not None and identity.role >= (page.role or 0) and page.wanted(world)


def no_page(request: Request, status: int, sentence: str, problems: Sequence[object] = ()) -> Response:
    """Why something cannot be done, in the frame of the other pages; JSON for a program."""
    if request.url.path.startswith(API):
        return refused(request, status, sentence, problems)
    said = [str(problem) for problem in problems]
    return page(request, "no.html", "Not done", status, sentence=sentence, problems=said)
