"""A request as a person describes it (an alias or a whole message, a zone, a method) -> the query the edge would make.

Alias and traffic type come from the functions that the edge itself uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import time

from dialplan.language.fields import traffic_named
from dialplan.model import Query, Traffic
from sipedge.decision.classification import classify, classify_method
from sipedge.decision.deciding import (
    CANCELS,
    EDGE,
    REFUSED,
    SIGNED_ROUTE,
    Cancellation,
    Decided,
    OwnOptions,
    decide,
)
from sipedge.decision.installation import Installation
from sipedge.decision.routing import alias_of_uri
from sipedge.decision.validation import Refusal
from sipedge.settings import Settings
from sipedge.sip.message import Message, parse_message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError
from zones.names import PeerNames
from zones.zone import DEFAULT_ZONE, LOCAL_ZONE, FromDomain

from .faces import stands_for

NO_CERTIFICATE = "From is not compared with a certificate, because none is given"
ASKS_DNS = "the DNS would be asked whether the certificate vouches for From"
LARGEST_MESSAGE = 16 * 1024 * 1024


class QueryError(ValueError):
    """A description that makes no request; ``str()`` is one sentence."""


class NotSearched(QueryError):
    """A request that the edge does not search for: it refuses it, answers it, or follows a signed Route.

    ``decided_by``: one of decision.deciding's words; ``refused``: status and reason where that is REFUSED.
    """

    def __init__(self, sentence: str, decided_by: str, refused: str = "") -> None:
        super().__init__(sentence)
        self.decided_by, self.refused = decided_by, refused

    def to_json(self) -> dict[str, str]:
        """The keys that a verdict of ``sipedge replay`` has for it."""
        return {"decided_by": self.decided_by, "refused": self.refused}


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
    names: tuple[str, ...] | None = None
    """In the certificate of the message's sender; None: not said, and From is not compared with them."""


def query_of(request: DescribedRequest, settings: Settings) -> tuple[Query, str]:
    """(query, what decided the traffic type, and what else is to be known of the decision).

    Raises QueryError, NotSearched for a message that no rule is asked for.

    A message is decided as the running edge decides it; what else was said takes the place of what the message says.
    """
    traffic, evidence = _traffic(request)
    alias = request.alias
    if not alias and request.message is not None:
        decided, remarks = _searched(request.message, request, settings)
        alias, evidence = decided.alias, "; ".join((evidence, *remarks))
    elif alias.lower().startswith(("sip:", "sips:")):
        sealed = stands_for(alias, request.source, settings)
        if sealed:
            raise NotSearched(f"{sealed}; no rule is asked", SIGNED_ROUTE)
        alias = _alias_of(alias, settings)
    return Query(alias, request.source, traffic, authenticated=request.authenticated), evidence


def known_zones(settings: Settings) -> list[str]:
    """Those that a question may name: of the configuration, or without one those that the rules name."""
    if settings.zones:
        return [*(zone.name for zone in settings.zones), LOCAL_ZONE]
    rules = settings.plan.dialplan.rules
    return sorted(
        {DEFAULT_ZONE, LOCAL_ZONE, *(zone for rule in rules for zone in (rule.source_name, rule.target) if zone)}
    )


def zone_named(name: str, settings: Settings) -> str:
    """The zone as it is written in the configuration; case does not count. Raises QueryError where there is none."""
    known = known_zones(settings)
    for zone in known:
        if zone.casefold() == name.casefold():
            return zone
    what = "there is no zone" if settings.zones else "no rule names a zone"
    raise QueryError(f'{what} "{name}"; known: {", ".join(known)}')


def traffic_of(word: str) -> Traffic:
    """Raises QueryError."""
    traffic = traffic_named(word)
    if traffic is None:
        raise QueryError(f'"{word}" is not a traffic type; known: {", ".join(each.value for each in Traffic)}')
    return traffic


def read_request(file: str) -> Message:
    """Raises QueryError for a file that cannot be read or holds no SIP request."""
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


def _alias_of(uri: str, settings: Settings) -> str:
    try:
        return alias_of_uri(parse_uri(uri), settings.keep_uri_parameters, settings.undo_escapes)
    except UriError as error:
        raise QueryError(str(error)) from None


def _searched(message: Message, request: DescribedRequest, settings: Settings) -> tuple[Decided, list[str]]:
    """The decision, and remarks. Raises NotSearched."""
    installation = Installation(settings, {})
    names = None if request.names is None else PeerNames(request.names)
    decision = decide(message, installation.source(request.source), installation, names, time=time())
    if isinstance(decision, Refusal):
        refused = f"{decision.status} {decision.reason}"
        raise NotSearched(f"the edge refuses this request: {refused}", REFUSED, refused)
    if isinstance(decision, Cancellation):
        raise NotSearched("a CANCEL goes where its INVITE went: nothing is searched", CANCELS)
    if isinstance(decision, OwnOptions):
        raise NotSearched("the edge answers this OPTIONS itself: nothing is searched", EDGE)
    if decision.routes.pair is not None:
        zone = decision.routes.pair.there
        sealed = stands_for(message.uri, request.source, settings)
        if sealed:
            raise NotSearched(f"{sealed}; no rule is asked", SIGNED_ROUTE)
        raise NotSearched(f'a signed Route leads to zone "{zone}": nothing is searched', SIGNED_ROUTE)
    policy = installation.from_policies.get(request.source)
    unnamed = names is None and policy is not None and policy.kind is FromDomain.CERTIFICATE
    remarks = (decision.reason, NO_CERTIFICATE if unnamed else "", ASKS_DNS if decision.asks else "")
    return decision, [remark for remark in remarks if remark]
