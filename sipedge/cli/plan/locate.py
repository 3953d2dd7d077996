"""``sipedge locate``: where would this go, and why?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from sipedge.cli.configuration import CONFIG, load

if TYPE_CHECKING:
    from dialplan.search.search import Explanation
    from sipedge.queries.query import DescribedRequest
    from sipedge.settings import Settings


@click.command()
@CONFIG
@click.argument("alias", required=False)
@click.option("--from", "source", required=True, metavar="ZONE", help="The zone the request comes from.")
@click.option("--traffic", metavar="TYPE", help="standard, microsoft-av, microsoft-share or microsoft-imp.")
@click.option("--method", metavar="METHOD", help="Gives the traffic type when --traffic does not.")
@click.option("--event", default="presence", show_default=True, help="Event of a SUBSCRIBE, NOTIFY or PUBLISH.")
@click.option("--authenticated", is_flag=True, help="The request is authenticated.")
@click.option("--message", "file", type=click.Path(dir_okay=False), help="A request: gives alias and traffic type.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--why", is_flag=True, help="With --json: add to each rule of the trace the reason, and where it is written."
)
def command(
    config: str,
    alias: str | None,
    source: str,
    traffic: str | None,
    method: str | None,
    event: str,
    authenticated: bool,
    file: str | None,
    as_json: bool,
    why: bool,
) -> None:
    """Say where a request for ALIAS would go, by the function that the edge itself uses; nothing is sent.

    ALIAS is user@domain as the rules see it, or a whole URI (sip:user@domain;transport=tls), which loses its scheme,
    port and parameters as a Request-URI does. With --message it is found in the message.
    """
    from sipedge.queries.query import QueryError, query_of

    settings = load(config)
    try:
        asked = _asked(settings, alias, source, traffic, method, event, authenticated, file)
        query, evidence = query_of(asked, settings)
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    explanation = settings.plan.search(query)
    if as_json:
        click.echo(json.dumps(_json(explanation, why)))
        return
    from sipedge.cli.explain import places_of, print_explanation

    print_explanation(explanation, "--traffic" if traffic else evidence, places_of(settings))


def _json(explanation: Explanation, why: bool) -> dict[str, Any]:
    from dialplan.language.reasons import reasons

    found = explanation.to_json()
    return {**found, "trace": [reason.to_json() for reason in reasons(explanation)]} if why else found


def _asked(
    settings: Settings,
    alias: str | None,
    source: str,
    traffic: str | None,
    method: str | None,
    event: str,
    authenticated: bool,
    file: str | None,
) -> DescribedRequest:
    """What the command line says. Raises QueryError when that makes no request."""
    from sipedge.queries.query import DescribedRequest, QueryError, check_source, read_request, traffic_of

    check_source(source, settings)
    message = read_request(file) if file else None
    if alias is None and message is None:
        raise QueryError("an ALIAS is missing (or --message FILE, which gives it)")
    return DescribedRequest(
        alias=alias or "",
        source=source,
        traffic=None if traffic is None else traffic_of(traffic),
        method=method or "INVITE",
        event=event,
        authenticated=authenticated,
        message=message,
    )
