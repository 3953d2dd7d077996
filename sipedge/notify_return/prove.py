"""Every SUBSCRIBE that a pair of edges lets through, and the way of its NOTIFY back through both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dialplan.analysis import Chain, Language, NotProved, RequestClass, decide
from dialplan.model import Query, SearchRule
from zones.table import comes_back_by
from zones.zone import DEFAULT_ZONE, DnsZone

from .edges import Edge, TraversalLink
from .mend import carries, mending_rule
from .refusals import Refused, refusals
from .report import Gap, GapLevel, Loss
from .subscriptions import Passage, Subscription, alias_behind, before_all, passages_of, subscriptions
from .targets import (
    GivenNames,
    Names,
    Notify,
    node_names,
    notifies_to_node,
    notifies_to_partners,
    notify_to_edge,
    notify_to_sealed,
    partner_names,
)

ROUTE_OF_ONE_EDGE = (
    "only {} record-routes this SUBSCRIBE: write record_route_subscribe = true in the traversal zones of both "
    "edges, or of neither"
)


@dataclass(slots=True)
class LinkReport:
    """What the proof found for one link."""

    link: TraversalLink
    subscriptions: list[Subscription] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    """By the From policy."""
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was assumed, one sentence each."""
    unproved: list[str] = field(default_factory=list)
    """What could not be answered, one sentence each."""

    @property
    def passed(self) -> bool:
        return not (self.unproved or self.refused) and not any(gap.level is GapLevel.ERROR for gap in self.gaps)

    def to_json(self) -> dict[str, Any]:
        return {
            "inside": {"edge": self.link.inside.name, "zone": self.link.client},
            "outside": {"edge": self.link.outside.name, "zone": self.link.server},
            "passed": self.passed,
            "subscriptions": [subscription.to_json() for subscription in self.subscriptions],
            "refused": [one.to_json() for one in self.refused],
            "gaps": [gap.to_json() for gap in self.gaps],
            "notes": self.notes,
            "unproved": self.unproved,
        }


@dataclass(frozen=True, slots=True)
class _Hop:
    """One edge that the NOTIFY returns through. ``wanted``: zones of which one must be asked first."""

    edge: Edge
    source: str
    wanted: tuple[str, ...]
    by_token: bool
    by_contact: bool
    """The subscriber's zone is hidden here: its Contact is one of the edge's, and no rule is asked."""


def prove(link: TraversalLink, given: GivenNames) -> LinkReport:
    report = LinkReport(link)
    losses: list[Loss] = []
    for passage in passages_of(link):
        try:
            for subscription in subscriptions(passage):
                report.subscriptions.append(subscription)
                hops = _hops(subscription)
                ways = tuple((hop.edge, hop.source) for hop in hops)
                report.refused += refusals(link, subscription, ways, given)
                losses += _losses(report, subscription, hops, given)
        except NotProved as error:
            report.unproved.append(f"requests from {passage.first.name} to {passage.second.name}: {error}")
    report.gaps = _gaps(losses)
    report.notes = list(dict.fromkeys(report.notes))
    report.unproved = list(dict.fromkeys(report.unproved))
    return report


def _losses(report: LinkReport, subscription: Subscription, hops: tuple[_Hop, _Hop], given: GivenNames) -> list[Loss]:
    near, _ = hops
    if near.by_contact:
        report.notes.append(
            f'zone "{near.wanted[0]}" of {near.edge.name} is hidden: NOTIFY to its sealed Contacts needs no rule there'
        )
    if all(hop.by_token for hop in hops):
        report.notes.append(
            f'SUBSCRIBE from zone "{subscription.source}" is record-routed by both edges: its NOTIFY needs no rule'
        )
        return []
    try:
        return [
            loss
            for notify in _notifies(report, subscription, hops, given)
            for loss in _lost(subscription, hops, notify)
        ]
    except NotProved as error:
        report.unproved.append(f'NOTIFY to zone "{subscription.source}" of {subscription.passage.first.name}: {error}')
        return []


def _hops(subscription: Subscription) -> tuple[_Hop, _Hop]:
    """The NOTIFY meets the second edge of the SUBSCRIBE first."""
    way, traffic = subscription.passage, subscription.traffic
    source = comes_back_by(way.second.zones[subscription.target])
    far = way.second.record_routes(subscription.target, way.out_of, traffic)
    near = way.first.record_routes(subscription.source, way.into, traffic)
    hidden = way.second.hides(way.out_of)
    # What comes out of a hidden zone with a Record-Route is record-routed in any case (Forwarder).
    return (
        _Hop(way.second, source, (way.out_of,), far or (hidden and near), hidden),
        _Hop(way.first, way.into, _ends(way, subscription), near, way.first.hides(subscription.source)),
    )


def _ends(way: Passage, subscription: Subscription) -> tuple[str, ...]:
    """Where the subscriber is reached: its zone; behind the outside edge also any other zone of partners, since what
    they send comes in through the Default Zone."""
    if not way.inward:
        return (subscription.source,)
    outer = [zone for zone in way.first.outer_zones() if zone.name != DEFAULT_ZONE]
    ranked = sorted(outer, key=lambda zone: (zone.name != subscription.source, not isinstance(zone, DnsZone)))
    return tuple(zone.name for zone in ranked)


def _notifies(
    report: LinkReport, subscription: Subscription, hops: tuple[_Hop, _Hop], given: GivenNames
) -> Iterator[Notify]:
    near, far = hops
    if far.by_token and not near.by_token:  # the Route of the far edge is on top
        yield notify_to_edge(far.edge, far.source)
        return
    if near.by_token:
        report.notes.append(f"{near.edge.name} alone record-routes SUBSCRIBE: there NOTIFY needs no rule")
    link = report.link
    if far.by_contact and not near.by_contact:
        yield notify_to_sealed(far.edge, far.source)
        return
    if subscription.passage.inward:
        names = partner_names(link, given)
        report.notes.append(_note("partners", names))
        own = dict.fromkeys((*link.inside.settings.domains, *link.outside.settings.domains))
        yield from notifies_to_partners(names, own)
        return
    names = node_names(link, subscription.source, given)
    if not names.names:
        report.unproved.append(
            f'NOTIFY to zone "{subscription.source}" of {link.inside.name}: the Federation Routing FQDN is not known; '
            f"write federation_routing in its [[zone]] or say --federation-routing FQDN"
        )
        return
    report.notes.append(_note(f'Federation Routing FQDN of zone "{subscription.source}"', names))
    yield from notifies_to_node(names)


def _note(what: str, names: Names) -> str:
    return f"{what}: {', '.join(names.names)} ({names.origin})" if names.names else f"{what}: {names.origin}"


def _lost(subscription: Subscription, hops: tuple[_Hop, _Hop], notify: Notify) -> Iterator[Loss]:
    """Both edges are looked at, even when the first one loses the NOTIFY: an admin wants to know all."""
    near, far = hops
    rewritten: list[tuple[Language, Chain]] = []
    same = notify.aliases(far.edge)
    if not near.by_token and not near.by_contact:
        losses, passed = _hop(subscription, near, notify, notify.aliases(near.edge))
        yield from losses
        if not notify.by_route:
            rewritten = [(aliases, chain) for aliases, chain in passed if chain]
    if far.by_token or far.by_contact:
        return
    for aliases, _ in rewritten:
        same = same - aliases
    yield from _hop(subscription, far, notify, same)[0]
    for aliases, chain in rewritten:
        yield from _hop_behind(subscription, hops, notify, aliases, chain)


def _hop(
    subscription: Subscription, hop: _Hop, notify: Notify, aliases: Language
) -> tuple[list[Loss], list[tuple[Language, Chain]]]:
    """What is lost at this edge, and which aliases go on, each with the chain of its rewritings."""
    losses: list[Loss] = []
    passed: list[tuple[Language, Chain]] = []
    requests = _requests(subscription, hop, aliases)
    for decision in decide(hop.edge.symbolic, requests, hop.edge.meetings):
        ways = [chain for zone, chain in _first(decision.routing.tiers) if zone in hop.wanted]
        passed += [(decision.aliases, chain) for chain in ways]
        if not ways:
            losses += _confirmed(subscription, hop, notify, decision.witness)
    return losses, passed


def _hop_behind(
    subscription: Subscription, hops: tuple[_Hop, _Hop], notify: Notify, aliases: Language, chain: Chain
) -> Iterator[Loss]:
    """As ``_hop`` at the far edge, for aliases that the near one has rewritten."""
    near, far = hops
    everything = far.edge.symbolic.languages.everything
    for decision in decide(far.edge.symbolic, _requests(subscription, far, everything), far.edge.meetings):
        if any(zone in far.wanted for zone, _ in _first(decision.routing.tiers)):
            continue
        alias = (aliases & before_all(decision.aliases, chain)).shortest()
        if alias is None:
            continue
        query = Query(alias, near.source, subscription.traffic)
        for target in near.edge.search(query).tiers[0].targets:
            behind = alias_behind(alias, target, far.edge)
            there = Query(behind, far.source, subscription.traffic, authenticated=decision.witness.authenticated)
            yield from _confirmed(subscription, far, notify, there)


def _first(tiers: tuple[frozenset[tuple[str, Chain]], ...]) -> Iterable[tuple[str, Chain]]:
    """The first tier counts: a BENOTIFY gets no answer after which another could be tried."""
    return tiers[0] if tiers else ()


def _requests(subscription: Subscription, hop: _Hop, aliases: Language) -> RequestClass:
    """Who sends the NOTIFY: the user subscribed to. When partners subscribe, that is a user of an own domain."""
    local = subscription.passage.inward and bool(hop.edge.settings.domains)
    authenticated = hop.edge.authenticated(hop.source, local)
    return RequestClass(frozenset({hop.source}), aliases, frozenset({subscription.traffic}), authenticated)


def _confirmed(subscription: Subscription, hop: _Hop, notify: Notify, query: Query) -> Iterator[Loss]:
    """The loss, when the live engine loses it too."""
    explanation = hop.edge.search(query)
    targets = explanation.tiers[0].targets if explanation.tiers else ()
    if not any(target.zone in hop.wanted for target in targets):
        yield Loss(hop.edge, subscription, notify, hop.wanted, explanation)


def _gaps(losses: list[Loss]) -> list[Gap]:
    """Losses that the same rule mends, together; the certain ones first."""
    gaps: list[Gap] = []
    for loss in sorted(losses, key=lambda loss: not loss.notify.certain):
        known = next((gap for gap in gaps if _mended_by(gap, loss)), None)
        if known is None:
            gaps.append(_gap(loss))
        elif all((other.query, other.edge) != (loss.query, loss.edge) for other in known.losses):
            gaps[gaps.index(known)] = Gap(known.level, (*known.losses, loss), known.rule, known.advice)
    return gaps


def _mended_by(gap: Gap, loss: Loss) -> bool:
    if gap.edge is not loss.edge:
        return False
    if gap.rule is None:
        return (gap.losses[0].query, gap.losses[0].wanted) == (loss.query, loss.wanted)
    return carries(gap.rule, loss)


def _gap(loss: Loss) -> Gap:
    level = GapLevel.ERROR if loss.notify.certain else GapLevel.WARNING
    outermost = loss.subscription.passage.inward and loss.edge is loss.subscription.passage.first
    rule: SearchRule | None = mending_rule(loss, outermost) if loss.wanted else None
    return Gap(level, (loss,), rule, "" if rule else _advice(loss))


def _advice(loss: Loss) -> str:
    way = loss.subscription.passage
    if not loss.wanted:
        return f"{loss.edge.name} has no zone that leads to partners: add a DNS zone"
    if not loss.notify.mended_by and not loss.notify.anybody:
        other = way.first if loss.edge is way.second else way.second
        return ROUTE_OF_ONE_EDGE.format(other.name)
    return "a rule of priority 1 takes it: give that rule another source or pattern"
