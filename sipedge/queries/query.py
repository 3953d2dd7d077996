"""A request as a person describes it (an alias or a whole message, a zone, a method) -> the query the edge would make.

Alias and traffic type come from the functions that the edge itself uses.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.language.fields import TRAFFIC_WORDS, traffic_named
from dialplan.model import Query, Traffic
from sipedge.decision.classification import classify, classify_method
from sipedge.decision.routing import alias_of, alias_of_uri
from sipedge.settings import Settings
from sipedge.sip.message import Message, MessageError, parse_message
from sipedge.sip.uri import UriError, parse_uri
from zones.zone import LOCAL_ZONE

LARGEST_MESSAGE = 16 * 1024 * 1024


class QueryError(ValueError):
    """A description that makes no request; ``str()`` is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedRequest:
    """A request as a person describes it."""

    source: str
    """Name of the source zone."""
    alias: str = ""
    """As the rules see it, or a whole URI; '' takes the message's."""
    message: Message | None = None
    traffic: Traffic | None = None
    """None: what the message, else the method, says."""
    method: str = "INVITE"
    event: str = "presence"
    authenticated: bool = False


def query_of(request: DescribedRequest, settings: Settings) -> tuple[Query, str]:
    """(query, what decided the traffic type). Raises QueryError when the alias cannot be read."""
    traffic, evidence = _traffic(request)
    alias = _alias(request, settings)
    return Query(alias, request.source, traffic, authenticated=request.authenticated), evidence


def check_source(source: str, settings: Settings) -> None:
    """Raises QueryError when no such zone is configured."""
    known = [*(zone.name for zone in settings.zones), LOCAL_ZONE]
    if source not in known:
        raise QueryError(f'there is no zone "{source}"; known: {", ".join(known)}')


def traffic_of(word: str) -> Traffic:
    """Raises QueryError when the word is no traffic type."""
    traffic = traffic_named(word)
    if traffic is None:
        known = ", ".join(word.replace(" ", "-") for word in TRAFFIC_WORDS)
        raise QueryError(f'"{word}" is not a traffic type; known: {known}')
    return traffic


def read_request(file: str) -> Message:
    """Raises QueryError when the file cannot be read or holds no SIP request."""
    try:
        with open(file, "rb") as stream:
            message = parse_message(stream.read(LARGEST_MESSAGE))
    except OSError as error:
        raise QueryError(f'"{file}" cannot be read: {error.strerror}') from None
    except MessageError as error:
        raise QueryError(f'"{file}" is not a SIP message: {error}') from None
    if not message.is_request:
        raise QueryError(f'"{file}" is a response; only requests are searched')
    return message


def _traffic(request: DescribedRequest) -> tuple[Traffic, str]:
    if request.traffic is not None:
        return request.traffic, "as said"
    if request.message is not None:
        classified = classify(request.message)
    else:
        classified = classify_method(request.method, request.event)
    return classified.traffic, classified.evidence


def _alias(request: DescribedRequest, settings: Settings) -> str:
    try:
        if not request.alias and request.message is not None:
            return alias_of(request.message, settings)
        if request.alias.lower().startswith(("sip:", "sips:")):
            return alias_of_uri(parse_uri(request.alias), settings.keep_uri_parameters)
    except UriError as error:
        raise QueryError(str(error)) from None
    return request.alias
