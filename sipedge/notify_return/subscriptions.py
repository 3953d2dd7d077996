"""Which SUBSCRIBEs get through a pair of edges: from zone to zone, each with a witness.

INVITE and REFER are record-routed always, so whatever belongs to their dialogs, NOTIFY too, carries a signed Route and
needs no rule (docs/architecture.md, "The signed Route"). What is left is SUBSCRIBE.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from dialplan.analysis import (
    Alphabet,
    Chain,
    Language,
    NotProved,
    RequestClass,
    Same,
    aliases_before,
    decide,
    fixed,
    witness,
)
from dialplan.cases.claims_proof import SENDABLE
from dialplan.model import Query, Target, Traffic
from sipedge.decision.routing import alias_of_uri
from sipedge.sip.uri import UriError, parse_uri
from zones.zone import TraversalClientZone, TraversalServerZone

from .edges import Edge, TraversalLink

SUBSCRIBE_TRAFFIC = (Traffic.MICROSOFT_IMP, Traffic.STANDARD)
"""What a SUBSCRIBE, and the NOTIFY for it, is classified as (sipedge/decision/classification.py)."""
MAX_COMBINATIONS = 20_000


@dataclass(frozen=True, slots=True)
class Passage:
    """Requests that go through ``first``, then ``second``."""

    first: Edge
    into: str
    """The traversal zone of ``first`` that leads to ``second``."""
    second: Edge
    out_of: str
    """The other end of it, a zone of ``second``."""
    inward: bool

    @property
    def back(self) -> Passage:
        return Passage(self.second, self.out_of, self.first, self.into, not self.inward)


@dataclass(frozen=True, slots=True)
class Subscription:
    """All SUBSCRIBEs of this traffic from zone ``source`` of the first edge to zone ``target`` of the second."""

    passage: Passage
    source: str
    target: str
    traffic: Traffic
    witness: Query
    """At the first edge."""

    def to_json(self) -> dict[str, str]:
        return {
            "edge": self.passage.first.name,
            "alias": self.witness.alias,
            "from": self.source,
            "to": self.target,
            "traffic": self.traffic.value,
        }


def passages_of(link: TraversalLink) -> tuple[Passage, Passage]:
    """Outward, inward."""
    outward = Passage(link.inside, link.client, link.outside, link.server, False)
    return outward, outward.back


def subscriptions(passage: Passage) -> Iterator[Subscription]:
    """One for each pair of zones and traffic that some SUBSCRIBE has. Raises NotProved, possibly after some."""
    for zone in passage.first.outer_zones():
        if passage.first.senders[zone.name].sends:
            for traffic in SUBSCRIBE_TRAFFIC:
                yield from _from_zone(passage, zone.name, traffic)


def _from_zone(passage: Passage, source: str, traffic: Traffic) -> Iterator[Subscription]:
    seen: set[str] = set()
    for target, aliases, authenticated in _ways(passage, source, traffic, seen):
        alias = witness(aliases)
        query = Query(alias or "", source, traffic, authenticated=authenticated)
        if alias is not None and _gets_through(passage, query, target):
            seen.add(target)
            yield Subscription(passage, source, target, traffic, query)


def _ways(
    passage: Passage, source: str, traffic: Traffic, seen: Container[str]
) -> Iterator[tuple[str, Language, bool]]:
    """Zones of the second edge, and aliases that may get there; none for zones that have been ``seen``. Aliases that
    the first edge leaves as they are come first: then both plans are asked about the same ones, which is quick."""
    arriving = list(_arriving(passage, traffic))
    for target, there in arriving:
        if target in seen:
            continue
        for aliases, authenticated, chain in _leaving(passage, source, traffic, there):
            if not chain:
                yield target, aliases, authenticated
            if target in seen:
                break
    if not _rewrites(passage.first):
        return
    alphabet = passage.first.symbolic.languages.alphabet
    combinations = 0
    for aliases, authenticated, chain in _leaving(passage, source, traffic, sendable(alphabet)):
        for target, there in arriving:
            if chain and target not in seen:
                combinations += 1
                if combinations > MAX_COMBINATIONS:
                    raise NotProved(f"more than {MAX_COMBINATIONS} ways through two plans")
                yield target, aliases & before_all(there, chain), authenticated


def _rewrites(edge: Edge) -> bool:
    """Whether some transform or rule of a plan changes an alias."""
    branches, rules = edge.symbolic.branches, edge.symbolic.rules
    rewritings = [branch.rewriting for branch in branches] + [rule.rewriting for rule in rules]
    return not all(isinstance(rewriting, Same) for rewriting in rewritings)


def _leaving(
    passage: Passage, source: str, traffic: Traffic, aliases: Language
) -> Iterator[tuple[Language, bool, Chain]]:
    """Which of the aliases the first edge sends to the second."""
    senders = passage.first.senders[source].authenticated
    requests = RequestClass(frozenset({source}), aliases, frozenset({traffic}), senders)
    for decision in decide(passage.first.symbolic, requests, passage.first.meetings):
        for tier in decision.routing.tiers:
            for zone, chain in tier:
                if zone == passage.into:
                    yield decision.aliases, decision.witness.authenticated, chain


def _arriving(passage: Passage, traffic: Traffic) -> Iterator[tuple[str, Language]]:
    """What the second edge sends on, and to which zone."""
    second = passage.second
    aliases = sendable(second.symbolic.languages.alphabet)
    authenticated = second.senders[passage.out_of].authenticated
    requests = RequestClass(frozenset({passage.out_of}), aliases, frozenset({traffic}), authenticated)
    for decision in decide(second.symbolic, requests, second.meetings):
        for zone in frozenset().union(*decision.routing.zones):
            known = second.zones.get(zone)
            if known is not None and not isinstance(known, TraversalClientZone | TraversalServerZone):
                yield zone, decision.aliases


def sendable(alphabet: Alphabet) -> Language:
    return fixed(SENDABLE, alphabet)


def before_all(language: Language, chain: Chain) -> Language:
    """The aliases that all rewritings of a chain, one after the other, turn into these. Raises NotProved."""
    for rewriting in reversed(chain):
        language = aliases_before(language, rewriting)
    return language


def _gets_through(passage: Passage, query: Query, zone: str) -> bool:
    """By the live engine."""
    for target in targets_of(passage.first, query, passage.into):
        alias = alias_behind(query.alias, target, passage.second)
        for authenticated in passage.second.senders[passage.out_of].authenticated:
            there = Query(alias, passage.out_of, query.traffic, authenticated=authenticated)
            if alias and any(targets_of(passage.second, there, zone)):
                return True
    return False


def targets_of(edge: Edge, query: Query, zone: str) -> Iterator[Target]:
    for tier in edge.search(query).tiers:
        yield from (target for target in tier.targets if target.zone == zone)


def alias_behind(alias: str, target: Target, edge: Edge) -> str:
    """The alias at the next edge of a request for ``alias`` that was sent to ``target``; '' when it is no URI there."""
    try:
        uri = parse_uri(f"sip:{target.alias or alias}")
    except UriError:
        return ""
    return alias_of_uri(uri, edge.settings.keep_uri_parameters)
