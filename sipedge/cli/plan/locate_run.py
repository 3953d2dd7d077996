"""A request as the command line describes it, searched, with the explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from dialplan.language.reasons import reasons
from dialplan.search.search import Explanation
from sipedge.cli.explain import print_explanation
from sipedge.cli.plans import load_settings
from sipedge.cli.printing import print_json
from sipedge.printable import escaped
from sipedge.queries.faces import Face, faces
from sipedge.queries.query import (
    DescribedRequest,
    NotSearched,
    QueryError,
    query_of,
    read_request,
    traffic_of,
    zone_named,
)
from sipedge.queries.trees.explained import places_of
from sipedge.queries.ways import web, xmpp
from sipedge.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """None: not given."""

    config: str
    alias: str | None
    source: str | None
    """Name of the zone the request comes from."""
    traffic: str | None
    method: str | None
    event: str
    authenticated: bool
    file: str | None
    """With a whole request in it."""
    names: tuple[str, ...]
    """In its sender's certificate; (): not said."""
    xmpp: str | None
    """A partner's domain: then nothing else is asked."""
    web: str | None
    """A URL: likewise."""
    as_json: bool
    why: bool


def run(options: Options) -> int:
    """The exit status: 0 where a rule matches, 1 where none does or the rules are not asked."""
    if options.source is None and options.xmpp is None and options.web is None:
        raise click.UsageError("Missing option '--from'.")
    settings = load_settings(options.config)
    if options.xmpp is not None:
        return _xmpp(options, settings, options.xmpp)
    if options.web is not None:
        return _web(options, settings, options.web)
    try:
        described = _described(options, settings)
        query, evidence = query_of(described, settings)
    except NotSearched as answer:
        if options.as_json:
            print_json(answer.to_json())
        else:
            click.echo(str(answer))
        return 1
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    explanation = settings.plan.search(query)
    targets = (target.zone for tier in explanation.tiers for target in tier.targets)
    seen = faces(query.source, targets, described.message, settings)
    if options.as_json:
        print_json(_to_json(explanation, options.why, seen))
    else:
        print_explanation(explanation, "--traffic" if options.traffic else evidence, places_of(settings))
        for face in seen:
            _print_face(face, settings.system_name)
    return 0 if explanation.tiers else 1


def _xmpp(options: Options, settings: Settings, domain: str) -> int:
    _stands_alone(options, "--xmpp DOMAIN")
    if settings.xmpp is None:
        raise click.UsageError(f'"{options.config}" has no [xmpp]')
    way = xmpp.way_of(settings.xmpp, domain)
    if options.as_json:
        print_json(way.to_json())
        return 0 if way.allowed else 1
    click.echo(f"{way.domain} is {'allowed' if way.allowed else 'not federated'}: {way.rule}")
    for target in way.targets:
        click.echo(f"  to {target}")
    if way.certificate:
        click.echo(f"  if {way.certificate}")
    return 0 if way.allowed else 1


def _web(options: Options, settings: Settings, url: str) -> int:
    _stands_alone(options, "--web URL")
    if settings.web is None:
        raise click.UsageError(f'"{options.config}" has no [web]')
    try:
        way = web.way_of(settings, settings.web, url)
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    if options.as_json:
        print_json(way.to_json())
        return 0 if way.passed else 1
    click.echo(escaped(way.rule + (f", at {way.listener}" if way.listener else "")))
    lines = [*(f"to {target}" for target in way.targets), *way.checks, *([way.answer] if way.answer else [])]
    for line in lines:
        click.echo(escaped(f"  {line}"))
    if way.meeting_server:
        click.echo("  to be entered on the Meeting Server")
    for line in way.meeting_server:
        click.echo(escaped(f"    {line}"))
    return 0 if way.passed else 1


def _stands_alone(options: Options, option: str) -> None:
    others = (options.alias, options.source, options.file, options.xmpp if options.web is not None else None)
    if any(other is not None for other in others):
        raise click.UsageError(f"{option} stands alone: without ALIAS, --from and --message")


def _print_face(face: Face, edge: str) -> None:
    """Both faces of a request: what came, and below each line what peers of the target see in its place."""
    click.echo(escaped(f'what "{face.zone}" sees is {edge}: {face.hidden} is hidden'))
    for received, sent in face.lines:
        if received:
            click.echo(escaped(f"  - {received}"))
        if sent:
            click.echo(escaped(f"  + {sent}"))


def _to_json(explanation: Explanation, why: bool, seen: list[Face]) -> dict[str, Any]:
    members = explanation.to_json()
    if seen:
        members = {**members, "faces": [face.to_json() for face in seen]}
    return {**members, "trace": [reason.to_json() for reason in reasons(explanation)]} if why else members


def _described(options: Options, settings: Settings) -> DescribedRequest:
    """Raises QueryError."""
    if options.names and not options.file:
        raise QueryError("--certificate says who has sent a message: give it with --message FILE")
    message = read_request(options.file) if options.file else None
    if options.alias is None and message is None:
        raise QueryError("an ALIAS is missing (or --message FILE, which gives it)")
    return DescribedRequest(
        alias=options.alias or "",
        source=zone_named(options.source or "", settings),
        traffic=None if options.traffic is None else traffic_of(options.traffic),
        method=options.method or "INVITE",
        event=options.event,
        authenticated=options.authenticated,
        message=message,
        names=options.names or None,
    )
