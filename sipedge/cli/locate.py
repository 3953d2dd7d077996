"""``sipedge locate``: where would this go, and why?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .configuration import CONFIG, load

if TYPE_CHECKING:
    from dialplan.model import Traffic
    from sipedge.message import Message
    from sipedge.settings import Settings

TRAFFIC_WORDS = {
    "standard": "standard",
    "microsoft-sip": "microsoft av",
    "microsoft-av": "microsoft av",
    "microsoft-share": "microsoft share",
    "microsoft-imp": "microsoft imp",
    "microsoft-im-and-presence": "microsoft imp",
}
"""What --traffic takes (blanks and underscores count as hyphens) -> dialplan.model.Traffic."""

LARGEST_MESSAGE = 16 * 1024 * 1024


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
) -> None:
    """Say where a request for ALIAS would go, by the function that the edge itself uses; nothing is sent.

    ALIAS is user@domain as the rules see it, or a whole URI (sip:user@domain;transport=tls), which loses its scheme,
    port and parameters as a Request-URI does. With --message it is found in the message.
    """
    from dialplan.model import Query

    settings = load(config)
    _check_source(settings, source)
    message = _read_message(file) if file else None
    kind, evidence = _traffic(message, traffic, method, event)
    query = Query(_alias(settings, alias, message), source, kind, authenticated=authenticated)
    explanation = settings.plan.search(query)
    if as_json:
        click.echo(json.dumps(explanation.to_json()))
        return
    from .explain import print_explanation

    print_explanation(settings, query, evidence, explanation.to_json())


def _check_source(settings: Settings, source: str) -> None:
    from zones.zone import LOCAL_ZONE

    known = [*(zone.name for zone in settings.zones), LOCAL_ZONE]
    if source not in known:
        raise click.UsageError(f'there is no zone "{source}" for --from; known: {", ".join(known)}')


def _read_message(file: str) -> Message:
    from sipedge.message import MessageError, parse_message

    try:
        with open(file, "rb") as stream:
            message = parse_message(stream.read(LARGEST_MESSAGE))
    except OSError as error:
        raise click.UsageError(f'"{file}" cannot be read: {error.strerror}') from None
    except MessageError as error:
        raise click.UsageError(f'"{file}" is not a SIP message: {error}') from None
    if not message.is_request:
        raise click.UsageError(f'"{file}" is a response; only requests are searched')
    return message


def _traffic(message: Message | None, traffic: str | None, method: str | None, event: str) -> tuple[Traffic, str]:
    """(traffic, evidence): what is said outright, else by the message, else by the method, else standard."""
    from dialplan.model import Traffic
    from sipedge.classification import classify, classify_method

    if traffic is not None:
        word = TRAFFIC_WORDS.get(traffic.strip().lower().replace(" ", "-").replace("_", "-"))
        if word is None:
            raise click.UsageError(f'"{traffic}" is not a traffic type; known: {", ".join(TRAFFIC_WORDS)}')
        return Traffic(word), "--traffic"
    if message is not None:
        found = classify(message)
    else:
        found = classify_method(method or "INVITE", event)
    return found.traffic, found.evidence


def _alias(settings: Settings, alias: str | None, message: Message | None) -> str:
    from sipedge.routing import alias_of, alias_of_uri
    from sipedge.uri import UriError, parse_uri

    try:
        if alias is None and message is not None:
            return alias_of(message, settings)
        if alias is None:
            raise click.UsageError("an ALIAS is missing (or --message FILE, which gives it)")
        if alias.lower().startswith(("sip:", "sips:")):
            return alias_of_uri(parse_uri(alias), settings.keep_uri_parameters)
    except UriError as error:
        raise click.UsageError(str(error)) from None
    return alias
