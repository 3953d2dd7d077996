"""The edge asked by programs through the console: the requests of the control socket, one a call, with its lines as
the answer. Who reads needs less than who changes something, so there are two routes.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, world_of
from sipedge.control import requests
from sipedge.control.answers import write_done, write_item, write_refusal
from sipedge.control.refusal import BAD_REQUEST, FORBIDDEN, Refused

from .drafts import audit, look_again

LINES = "application/jsonl"
READING = requests.Status | requests.History | requests.Plan


async def ask(request: Request) -> Response:
    wanted = await _read(request)
    if not isinstance(wanted, READING):
        raise Refused(FORBIDDEN, "this changes something: send it to /api/do, with the token of an admin")
    return await _answered(request, wanted)


async def do(request: Request) -> Response:
    wanted = await _read(request)
    if not isinstance(wanted, READING):
        await audit(request, "edge told", requests.write_request(wanted).decode().strip())
    return await _answered(request, wanted)


async def _read(request: Request) -> requests.Request:
    """Raises Refused."""
    body = await request.body()
    if len(body) > requests.LONGEST:
        raise Refused(BAD_REQUEST, f"a request has {requests.LONGEST} bytes at most")
    wanted = requests.read_request(body)
    if isinstance(wanted, requests.History) and wanted.follow:
        raise Refused(BAD_REQUEST, "only the control socket itself goes on with further decisions")
    return wanted


async def _answered(request: Request, wanted: requests.Request) -> Response:
    """A refusal of the edge is its last line, as on the socket."""
    try:
        items, value = await world_of(request).link.ask(wanted)
    except Refused as error:
        return Response(write_refusal(error), media_type=LINES)
    if not isinstance(wanted, READING):
        await look_again(request)
    return Response(b"".join([*map(write_item, items), write_done(value)]), media_type=LINES)


PAGES = (
    Page("/api/ask", ask, Role.AUDITOR, methods=("POST",)),
    Page("/api/do", do, Role.ADMIN, methods=("POST",)),
)
