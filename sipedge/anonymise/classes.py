"""Pseudonyms that leave every alias in its routing class: the same transform and the same rules match before and after.

Matching rules show which words rules name (a domain, a prefix, a service number); nobody looks for them in patterns.
A word is given another pseudonym, or is left as it is in part or whole, until the class of each alias is what it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from dialplan.model import DEFAULT_ZONE, Dialplan, OnMatch, Protocol, Query, SourceMode, TrafficType
from dialplan.search.search import CompiledPlan
from sipedge.decision.installation import Installation
from sipedge.decision.routing import alias_of_uri
from sipedge.sip.uri import Uri, UriError, parse_uri

from .text import Text

_WORD = re.compile(r"[^\W_]+")
_DRAWS = 8
_LONGEST_PREFIX = 12
ROUNDS = 20
"""A word that is kept for one alias may change the class of another; what is left near the end is kept whole."""

Class = tuple[object, ...]


class RoutingClasses:
    """Of one configuration."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._plan = _without_conditions(installation.settings.plan)

    def of(self, text: str) -> Class | None:
        """The class of a URI, as rules and edge see it; None for text that is no URI."""
        try:
            uri = parse_uri(text)
        except UriError:
            return None
        if not uri.is_sip:
            return None
        return (
            self._installation.edge.is_own(uri),
            uri.host in self._installation.domains,
            self._matches(alias_of_uri(uri, keep_parameters=False)),
            self._matches(alias_of_uri(uri, keep_parameters=True)),
        )

    def _matches(self, alias: str) -> Class:
        search = self._plan.search(Query(alias, DEFAULT_ZONE))
        return search.transform, frozenset(target.rule for tier in search.tiers for target in tier.targets)


def _without_conditions(plan: CompiledPlan) -> CompiledPlan:
    """Rules that only their patterns hold back, each with a target of its own: a search finds all that match."""
    rules = tuple(
        replace(
            rule,
            source=SourceMode.ANY,
            traffic_type=TrafficType.ANY,
            protocol=Protocol.ANY,
            authenticated=False,
            on_match=OnMatch.CONTINUE,
            target=rule.name,
        )
        for rule in plan.dialplan.rules
    )
    whole = Dialplan(plan.dialplan.transforms, rules, plan.dialplan.sources, plan.dialplan.syntax)
    return CompiledPlan(whole, plan.variables)


def settle(uris: Iterable[str], classes: RoutingClasses, text: Text) -> int:
    """Adjust the words of ``text`` until every URI keeps its class. How many could not be settled (0)."""
    wanted = {uri: before for uri in uris if (before := classes.of(uri)) is not None}
    for number in range(ROUNDS):
        failing = [uri for uri in wanted if classes.of(text.header(uri)) != wanted[uri]]
        if not failing:
            return 0
        for uri in failing:
            _mend(uri, wanted[uri], classes, text, whole=number == ROUNDS - 2)
    return sum(classes.of(text.header(uri)) != before for uri, before in wanted.items())


def _mend(uri: str, wanted: Class, classes: RoutingClasses, text: Text, *, whole: bool) -> None:
    """The first way that gives the URI its class back stands; one that does not is undone."""
    if not whole:
        for way in (_draw_user, _keep_host, _keep_user, _keep_host_and_user):
            before = text.words.snapshot()
            for _ in way(parse_uri(uri), text):
                if classes.of(text.header(uri)) == wanted:
                    return
            text.words.restore(before)
    for word in _WORD.findall(uri):
        text.words.keep(word)


def _draw_user(uri: Uri, text: Text) -> Iterator[None]:
    for _ in range(_DRAWS):
        for word in _WORD.findall(uri.user or ""):
            text.words.draw_again(word)
        yield


def _keep_host(uri: Uri, text: Text) -> Iterator[None]:
    """The domain before the host in it."""
    for word in reversed(_WORD.findall(uri.host)):
        text.words.keep(word)
        yield


def _keep_user(uri: Uri, text: Text) -> Iterator[None]:
    """A prefix first: that is what numbers are routed by."""
    words = _WORD.findall(uri.user or "")
    for length in (*range(1, _LONGEST_PREFIX), None):
        for word in words:
            text.words.keep(word, length)
        yield


def _keep_host_and_user(uri: Uri, text: Text) -> Iterator[None]:
    yield from _keep_host(uri, text)
    yield from _keep_user(uri, text)
