"""Where a request would go, and one pattern tried: the questions of ``sipedge locate`` and ``check-pattern``."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from dialplan.model import Behavior, PatternType, Traffic, Variables
from dialplan.search.check_pattern import check_pattern
from dialplan.search.compiled_rule import ReplaceError
from dialplan.syntax import PatternError
from sipedge.console.frame.identity import Role
from sipedge.console.frame.page import Page, page, sight_of, world_of
from sipedge.console.frame.world import World
from sipedge.console.shown.given import Given
from sipedge.queries.query import DescribedRequest, NotSearched, QueryError, query_of, traffic_of, zone_named
from sipedge.queries.trees.explained import Branch, places_of, tree_of
from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_message
from sipedge.sip.values import MessageError
from zones.zone import DEFAULT_ZONE

LONGEST = 65536
"""Characters of a message."""
METHODS = ("INVITE", "MESSAGE", "SUBSCRIBE", "NOTIFY", "BENOTIFY", "PUBLISH", "OPTIONS", "SERVICE")


async def locate(request: Request) -> Response:
    world = world_of(request)
    given = Given(request.query_params)
    if request.method == "POST":
        given = Given({name: value for name, value in (await request.form()).items() if isinstance(value, str)})
    settings, problems = await settings_there(world)
    tree, said = None, ""
    if settings is not None and (given["alias"] or given["message"]):
        sight_of(request).check_alias(given["alias"])
        try:
            tree = located(given, settings)
        except QueryError as error:
            said = str(error)
    return page(
        request,
        "locate.html",
        "Locate",
        given=given,
        tree=tree,
        said=said,
        problems=problems,
        methods=METHODS,
        zones=[zone.name for zone in settings.zones] if settings else [],
        default=DEFAULT_ZONE,
        traffics=[each.value for each in Traffic],
    )


async def pattern(request: Request) -> Response:
    world, given = world_of(request), Given(request.query_params)
    settings, problems = await settings_there(world)
    variables = settings.plan.variables if settings else Variables()
    alias, said = None, ""
    if given["pattern"]:
        try:
            alias = _tried(given, variables)
        except (PatternError, ReplaceError, ValueError) as error:
            said = str(error)
    return page(
        request,
        "pattern.html",
        "One pattern",
        given=given,
        alias=alias,
        said=said,
        problems=problems,
        kinds=[each.value for each in PatternType],
        behaviors=[each.value for each in Behavior],
    )


async def settings_there(world: World) -> tuple[Settings | None, list[str]]:
    """What is in force: the files' settings with the plan of the edge, where those differ."""
    settings, problems = await world.watch.disk.settings()
    status = world.link.state.status
    if settings is not None and status is not None and status["revision"] != settings.revision:
        plan = await world.watch.plans.of(status["revision"])
        settings = replace(settings, plan=plan) if plan is not None else settings
    return settings, problems


def located(given: Given, settings: Settings) -> Branch:
    """Raises QueryError."""
    text, traffic = given["message"], given["traffic"]
    described = DescribedRequest(
        source=zone_named(given["from"] or DEFAULT_ZONE, settings),
        alias=given["alias"].strip(),
        message=_message(text) if text.strip() else None,
        traffic=traffic_of(traffic) if traffic else None,
        method=given["method"] or "INVITE",
        event=given["event"] or "presence",
        authenticated=bool(given["authenticated"]),
    )
    try:
        query, evidence = query_of(described, settings)
    except NotSearched as answer:
        raise QueryError(str(answer)) from None
    return tree_of(settings.plan.search(query), evidence, places_of(settings))


def _message(text: str) -> Message:
    """Pasted: its line ends are whatever the browser makes of them. Raises QueryError."""
    head, _, body = text[:LONGEST].replace("\r\n", "\n").lstrip().partition("\n\n")
    data = "\r\n".join([*head.split("\n"), "", ""]) + body
    try:
        message = parse_message(data.encode("utf-8", "replace"))
    except MessageError as error:
        raise QueryError(f"this is not a SIP message: {error}") from None
    if not message.is_request:
        raise QueryError("this is a response; only requests are searched")
    return message


def _tried(given: Given, variables: Variables) -> str | None:
    """The alias that goes on; None without a match. Raises PatternError, ReplaceError, ValueError."""
    kind = PatternType(given["kind"] or PatternType.PREFIX.value)
    behavior = Behavior(given["behavior"] or Behavior.LEAVE.value)
    alias, text = given["alias"], given["replace"]
    return check_pattern(kind, given["pattern"], alias, behavior, text, variables)["alias"]


PAGES = (
    Page("/locate", locate, Role.AUDITOR, "Locate", methods=("GET", "POST")),
    Page("/pattern", pattern, Role.AUDITOR),
)
