"""What a NOTIFY is for: the Contact that the subscriber put into its SUBSCRIBE, and the Routes that it may carry.

An IM&P node writes the Federation Routing FQDN of its cluster into Contact, which has no user part. A Microsoft user's
Contact is a SIP URI or a GRUU; the NOTIFY carries the Route of the partner's edge when that record-routes SUBSCRIBE.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dialplan.analysis import Language, NotProved, SymbolicRule, fixed, natural
from dialplan.model import Mode
from dialplan.pattern.escaping import escape
from sipedge.decision.record_route import PREFIX, TOKEN_LENGTH
from sipedge.topology.contacts import PREFIX as CONTACT
from zones.addresses import canonical_address
from zones.zone import NeighborZone

from .edges import Edge, TraversalLink

USER = r"(?:[a-z0-9_.!~*'()&=+$,;?/-]|\%)+"
"""RFC 3261 25.1, user."""
HOST = r"(?:[a-z0-9-]+\.)+[a-z0-9-]+"
GRUU = "(;opaque=user:epid:[a-z0-9_-]+;gruu)?"
UNKNOWN_HOST = "no-such-name.invalid"
MAX_NAMES = 32


@dataclass(frozen=True, slots=True)
class Notify:
    """A NOTIFY, or all that differ in the user part only. ``pattern`` and ``long_pattern`` are its aliases at an edge
    that drops (keeps) port and parameters of a Request-URI; ``mended_by``: the pattern of a rule for it."""

    label: str
    pattern: str
    long_pattern: str
    mended_by: str
    by_route: bool = False
    """Searched by a Route, which no rule rewrites."""
    certain: bool = True
    """False: whether the peer record-routes SUBSCRIBE is not known here."""
    anybody: bool = False
    """Any partner at all."""

    def aliases(self, edge: Edge) -> Language:
        pattern = self.long_pattern if edge.settings.keep_uri_parameters else self.pattern
        return fixed(pattern, edge.symbolic.languages.alphabet)


@dataclass(frozen=True, slots=True)
class GivenNames:
    """Names from the command line that no configuration has."""

    federation_routing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Zone of the inside edge -> FQDNs; '' for every zone."""
    partners: tuple[str, ...] = ()
    """SIP domains of the other side."""


@dataclass(frozen=True, slots=True)
class Names:
    """FQDNs or domains. ``origin``: where they come from, one phrase for people."""

    names: tuple[str, ...]
    origin: str


def node_names(link: TraversalLink, zone: str, given: GivenNames) -> Names:
    """The Federation Routing FQDNs of the nodes in a zone of the inside edge; none where nobody says them."""
    known = link.inside.zones[zone]
    names = given.federation_routing.get(zone, ()) or given.federation_routing.get("", ())
    if names:
        return Names(names, "as said on the command line")
    if isinstance(known, NeighborZone) and known.federation_routing:
        return Names(known.federation_routing, f"federation_routing in {link.inside.name}")
    here = list(_hosts_of_rules(_rules(link.inside, link.client, {zone})))
    if here:
        return _inferred(here)
    outer = {other.name for other in link.outside.outer_zones()}
    there = list(_hosts_of_rules(_rules(link.outside, outer, {link.server})))
    if there:
        return _inferred(there)
    peers = known.peers if isinstance(known, NeighborZone) else ()
    return Names(tuple(peer for peer in peers if not canonical_address(peer)), f'the peers of zone "{zone}"')


def _inferred(hosts: Sequence[tuple[str, str]]) -> Names:
    """``hosts``: host name, rule."""
    names = tuple(dict.fromkeys(name for name, _ in hosts))
    rules = ", ".join(dict.fromkeys(f'"{rule}"' for _, rule in hosts))
    return Names(names, f"taken from rules for hosts without a user part: {rules}")


def _rules(edge: Edge, sources: str | Iterable[str], targets: Iterable[str]) -> Iterator[SymbolicRule]:
    """Those that lead from one of the sources to one of the targets and have a pattern."""
    wanted = {sources} if isinstance(sources, str) else set(sources)
    for rule in edge.symbolic.rules:
        if rule.rule.mode is Mode.ALIAS_PATTERN_MATCH and rule.rule.target in targets:
            if any(rule.admits_source(source) for source in wanted):
                yield rule


def _hosts_of_rules(rules: Iterable[SymbolicRule]) -> Iterator[tuple[str, str]]:
    """(host name, rule) for rules that match a host name without a user part, but not any."""
    for rule in rules:
        hosts = fixed(HOST, rule.language.alphabet)
        if UNKNOWN_HOST in rule.language:
            continue
        try:
            name = natural(rule.language & hosts)
        except NotProved:
            continue
        if name is not None:
            yield name, rule.rule.name


def notifies_to_node(names: Names) -> Iterator[Notify]:
    for name in names.names:
        host = escape(name.lower())
        tail = ":5061;transport=tls"
        mended = f"{host}([:;].*)?"
        yield Notify(f"Contact <sip:{name}{tail}>", host, host + tail, mended)
        route = f"{host}{tail};lr"
        yield Notify(f"Route <sip:{name}{tail};lr>", route, route, mended, by_route=True, certain=False)


def partner_names(link: TraversalLink, given: GivenNames) -> Names:
    """The domains of partners: given, or named by rules that lead outward. None means anybody."""
    if given.partners:
        return Names(given.partners, "as said on the command line")
    inner = {zone.name for zone in link.inside.outer_zones()}
    outer = {zone.name for zone in link.outside.outer_zones()}
    rules = [*_rules(link.inside, inner, {link.client}), *_rules(link.outside, link.server, outer)]
    domains = dict.fromkeys(domain for rule in rules for domain in _domains(rule))
    edges = (link.inside, link.outside)
    foreign = [domain for domain in domains if not any(edge.is_own_domain(domain) for edge in edges)]
    origin = "named by rules that lead outward" if foreign else "anybody: no rule names one"
    return Names(tuple(foreign[:MAX_NAMES]), origin)


def _domains(rule: SymbolicRule) -> Iterator[str]:
    """What stands behind the @ in the pattern, where it is a whole domain."""
    for text in sorted(rule.facts.around_at or ()):
        domain = text.partition("@")[2]
        if "." in domain and f"alice@{domain}" in rule.language:
            yield domain


def notifies_to_partners(names: Names, own_domains: Iterable[str]) -> Iterator[Notify]:
    for name in names.names:
        domain = escape(name.lower())
        user = f"{USER}@{domain}"
        yield Notify(f"Contact <sip:USER@{name}>", user, user + GRUU, rf".*@{domain}([:;].*)?")
        route = rf"sip\.{domain}:5061;transport=tls;lr"
        label = f"Route <sip:sip.{name}:5061;transport=tls;lr>"
        yield Notify(label, route, route, rf"([^@]*\.)?{domain}([:;].*)?", by_route=True, certain=False)
    if not names.names:
        own = "|".join(map(escape, own_domains))
        user = f"{USER}@" + (f"(?!(?:{own})$)" if own else "") + HOST
        anyone = f"{USER}@{HOST}"
        yield Notify("Contact <sip:USER@DOMAIN>", user, anyone if own else anyone + GRUU, "", anybody=True)


def notify_to_edge(edge: Edge, zone: str) -> Notify:
    """By the Route of an edge that alone record-routes SUBSCRIBE, as the zone's peers get to see it."""
    place = edge.own.sent_by(zone)
    where = escape(f"{place.text};transport={place.transport.lower()};lr")
    token = f"{PREFIX}[a-z0-9_-]{{{TOKEN_LENGTH - len(PREFIX)}}}"
    label = f"Route <sip:TOKEN@{place.text};transport={place.transport.lower()};lr> of {edge.name}"
    return Notify(label, f"{token}@{where}", f"{token}@{where}", "", by_route=True)


def notify_to_sealed(edge: Edge, zone: str) -> Notify:
    """By the sealed Contact of a hidden zone, which the other edge has to lead back to the one that sealed it."""
    place = edge.own.sent_by(zone)
    name = edge.settings.system_name if place.transport == "TLS" else place.host
    host, tail = escape(name.lower()), f":{place.port};transport={place.transport.lower()}"
    user = f"{CONTACT}[a-z0-9_-]+@"
    label = f"Contact <sip:{CONTACT}SEALED@{name}{tail}> of {edge.name}"
    return Notify(label, user + host, user + host + tail, f"{user}{host}([:;].*)?")
