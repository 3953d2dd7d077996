"""A request as the command line describes it, searched, with the explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from dialplan.language.reasons import reasons
from dialplan.search.search import Explanation
from sipedge.cli.explain import places_of, print_explanation
from sipedge.cli.plans import load_settings
from sipedge.cli.printing import print_json
from sipedge.queries.query import (
    DescribedRequest,
    NotSearched,
    QueryError,
    query_of,
    read_request,
    traffic_of,
    zone_named,
)
from sipedge.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """None: not given."""

    config: str
    alias: str | None
    source: str
    """Name of the zone the request comes from."""
    traffic: str | None
    method: str | None
    event: str
    authenticated: bool
    file: str | None
    """With a whole request in it."""
    names: tuple[str, ...]
    """In its sender's certificate; (): not said."""
    as_json: bool
    why: bool


def run(options: Options) -> int:
    """The exit status: 0 where a rule matches, 1 where none does or the rules are not asked."""
    settings = load_settings(options.config)
    try:
        query, evidence = query_of(_described(options, settings), settings)
    except NotSearched as answer:
        if options.as_json:
            print_json(answer.to_json())
        else:
            click.echo(str(answer))
        return 1
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    explanation = settings.plan.search(query)
    if options.as_json:
        print_json(_to_json(explanation, options.why))
    else:
        print_explanation(explanation, "--traffic" if options.traffic else evidence, places_of(settings))
    return 0 if explanation.tiers else 1


def _to_json(explanation: Explanation, why: bool) -> dict[str, Any]:
    members = explanation.to_json()
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
        source=zone_named(options.source, settings),
        traffic=None if options.traffic is None else traffic_of(options.traffic),
        method=options.method or "INVITE",
        event=options.event,
        authenticated=options.authenticated,
        message=message,
        names=options.names or None,
    )
