"""Who may speak for whom: which peers get in by which zone, and which From domains each of them can write.

The edge checks who a peer is by its certificate, compares the domain in From with it where the zone's ``from_domain``
says so, and can ask for a password where From names an own domain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from dialplan.analysis import (
    Alphabet,
    Language,
    Languages,
    NotProved,
    RequestClass,
    Sender,
    SymbolicPlan,
    decide,
    natural,
    node_of,
    senders_of,
)
from dialplan.cases.claims_proof import SENDABLE
from dialplan.model import PatternType, Variables
from sipedge.decision.speaking import FromPolicy
from sipedge.settings import Settings
from zones.access import decide as decide_access
from zones.authentication import authenticate
from zones.names import plain_host
from zones.table import ZoneTable, expected_names
from zones.zone import (
    AccessAction,
    AccessRule,
    AnyZone,
    AuthenticationPolicy,
    DefaultZone,
    DnsZone,
    FromDomain,
    NeighborZone,
    TraversalClientZone,
    TraversalServerZone,
)

from .senders import senders_of_zones

HOST = "([a-z0-9_-]+[.])+[a-z0-9_-]+"
NOT_SAID = "a dial plan alone does not say"
ANY_CERTIFICATE = "any certificate that the trusted CAs have signed"


@dataclass(frozen=True, slots=True)
class Entrance:
    """One kind of peer that a zone lets in."""

    who: str
    """One phrase."""
    example: str = ""
    """A name in its certificate that the edge's own rules let in."""


@dataclass(frozen=True, slots=True)
class Reach:
    zone: str
    alias: str
    """A request for it goes there."""


@dataclass(frozen=True, slots=True)
class Speaker:
    zone: str
    entrances: tuple[Entrance, ...]
    own_domains: str
    """What becomes of a From with an own domain: one phrase."""
    impersonates: bool
    """From with an own domain needs no password."""
    other_domains: str
    compared: bool
    """From is compared with the certificate or with a list."""
    way_back: str
    """What requests in a dialog need to be sent on without a search: one phrase."""
    reaches: tuple[Reach, ...]
    """Zones that its requests can go to."""
    unproved: str = ""
    """Why ``reaches`` may lack some."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def speakers(settings: Settings) -> list[Speaker]:
    """One for each zone that sends requests; of a dial plan alone only where the requests of each zone can go."""
    if not settings.zones:
        return _of_plan(settings)
    table = ZoneTable(settings.zones)
    symbolic = SymbolicPlan(settings.plan, Languages([settings.plan]))
    senders = {sender.name: sender for sender in senders_of_zones(table)}
    speaking = []
    for zone in table:
        sender = senders[zone.name]
        if sender.sends:
            reaches, unproved = _reaches(symbolic, sender)
            entrances = tuple(_entrances(zone, settings.plan.variables))
            own, impersonates = _own_domains(zone, settings.domains)
            compared = zone.from_domain is not FromDomain.ANY
            words = own, impersonates, _other_domains(zone), compared, _way_back(zone)
            speaking.append(Speaker(zone.name, entrances, *words, reaches, unproved))
    return speaking


def _of_plan(settings: Settings) -> list[Speaker]:
    symbolic = SymbolicPlan(settings.plan, Languages([settings.plan]))
    speaking = []
    for sender in senders_of(settings.plan.dialplan):
        reaches, unproved = _reaches(symbolic, sender)
        entrances = (Entrance(NOT_SAID),)
        speaking.append(Speaker(sender.name, entrances, NOT_SAID, False, NOT_SAID, True, NOT_SAID, reaches, unproved))
    return speaking


def open_zones(settings: Settings) -> Iterator[str]:
    """A sentence for each zone that lets strangers write any domain but the edge's own into From."""
    for zone in ZoneTable(settings.zones):
        outside = isinstance(zone, DefaultZone) or (isinstance(zone, DnsZone) and zone.inbound_mapping)
        if outside and zone.from_domain is FromDomain.ANY:
            mend = 'write from_domain = "certificate", or "list" with from_domains'
            yield f'zone "{zone.name}" has from_domain = "any": its peers may write any domain but own ones ({mend})'


def _reaches(symbolic: SymbolicPlan, sender: Sender) -> tuple[tuple[Reach, ...], str]:
    sendable = Language.of(PatternType.REGEX, SENDABLE, alphabet=symbolic.languages.alphabet)
    requests = RequestClass(frozenset({sender.name}), sendable, sender.traffic, sender.authenticated)
    aliases: dict[str, str] = {}
    unproved = ""
    try:
        for decision in decide(symbolic, requests):
            for tier in symbolic.plan.search(decision.witness).tiers:
                for target in tier.targets:
                    aliases.setdefault(target.zone, decision.witness.alias)
    except NotProved as error:
        unproved = str(error)
    return tuple(Reach(zone, alias) for zone, alias in sorted(aliases.items())), unproved


def _entrances(zone: AnyZone, variables: Variables) -> Iterator[Entrance]:
    if isinstance(zone, DefaultZone):
        yield from _strangers(zone, variables)
        return
    where = ""
    if isinstance(zone, NeighborZone):
        where = f" from the addresses of {', '.join(zone.peers)}"
    if isinstance(zone, TraversalServerZone):
        where = f" with the password of {zone.credential.username if zone.credential else zone.username}"
    if zone.transport == "TCP" and not isinstance(zone, TraversalClientZone | DnsZone):
        yield Entrance(f"anybody{where}, without a certificate (TCP)")
        return
    names = expected_names(zone)
    if not zone.tls.verify and not isinstance(zone, DnsZone):
        yield Entrance(f"{ANY_CERTIFICATE}{where}")
        return
    for name in names:
        yield Entrance(f'a certificate with the name "{name}"{where}', name)


def _strangers(zone: DefaultZone, variables: Variables) -> Iterator[Entrance]:
    if zone.transport == "TCP":
        yield Entrance("anybody, without a certificate (TCP)")
    if not zone.mutual_tls:
        yield Entrance("anybody, without a certificate (mutual_tls = false)")
    if not zone.access_rules:
        yield Entrance(f"{ANY_CERTIFICATE}: there are no access rules")
    rules = sorted(zone.access_rules, key=lambda rule: rule.priority)
    for place, rule in enumerate(rules):
        if rule.enabled and rule.action is AccessAction.ALLOW:
            before = [earlier for earlier in rules[:place] if earlier.enabled]
            yield _let_in(rule, before, rules, variables)


def _let_in(rule: AccessRule, before: list[AccessRule], rules: list[AccessRule], variables: Variables) -> Entrance:
    """Peers that this access rule lets in and no earlier rule decides; ``example`` is the name of one."""
    who = f'access rule "{rule.name}": a certificate with a name that fits {rule.pattern_type} "{rule.pattern}"'
    try:
        name = _name(rule, before, variables)
    except NotProved as error:
        return Entrance(f"{who} (no example: {error})")
    if name is None:
        earlier = ", ".join(f'"{other.name}"' for other in before)
        return Entrance(f'access rule "{rule.name}": no host name that {earlier or "it"} leaves to it')
    return Entrance(who, name if decide_access(rules, (name,)) == (True, rule.name) else "")


def _name(rule: AccessRule, before: list[AccessRule], variables: Variables) -> str | None:
    """A host name for which this rule decides; None when there is none. Raises NotProved when neither is proved."""
    nodes = [node_of(PatternType(each.pattern_type), each.pattern, variables) for each in (rule, *before)]
    alphabet = Alphabet.of(nodes)
    names = Language.of(PatternType.REGEX, HOST, alphabet=alphabet) & Language.of_node(nodes[0], alphabet)
    for node in nodes[1:]:
        names -= Language.of_node(node, alphabet)
    return natural(names)


def _own_domains(zone: AnyZone, domains: tuple[str, ...]) -> tuple[str, bool]:
    """(phrase, whether no password is needed)."""
    policy = FromPolicy.of(zone, frozenset(map(plain_host, domains)))
    check = zone.authentication_policy is AuthenticationPolicy.CHECK
    if isinstance(zone, DefaultZone | DnsZone) and not check:
        listed = ", ".join(sorted(policy.listed.intersection(map(plain_host, domains))))
        return f"only {listed}, which from_domains lists" if listed else "no", bool(listed)
    if policy.kind is FromDomain.CERTIFICATE and not check:
        return f"yes, where its certificate names it.{_trusted(zone)}", True
    if policy.kind is FromDomain.LIST and not policy.listed.intersection(map(plain_host, domains)):
        return "no", False
    plain = authenticate(zone.authentication_policy, trust=zone.authentication_trust, local=True, asserted=False)
    trusted = _trusted(zone)
    if plain.challenge:
        return f"only with a password of [[credential]] (BENOTIFY and ACK cannot be asked).{trusted}", bool(trusted)
    if zone.authentication_policy is AuthenticationPolicy.TREAT_AS_AUTHENTICATED:
        return f"yes, and it counts as authenticated.{trusted}", True
    return f"yes, not authenticated.{trusted}", True


def _trusted(zone: AnyZone) -> str:
    return " With P-Asserted-Identity it is believed." if zone.authentication_trust else ""


def _way_back(zone: AnyZone) -> str:
    if isinstance(zone, DefaultZone | DnsZone):
        return "a signed Route of its own dialog, to the Contact and by the Routes sealed in it, while a rule connects"
    return "a signed Route of its own dialog"


def _allowed(zone: AnyZone) -> str:
    """The domains that peers may write, own ones aside."""
    listed = ", ".join(f"@{domain}" for domain in zone.from_domains)
    if zone.from_domain is FromDomain.LIST:
        return listed
    if zone.from_domain is FromDomain.CERTIFICATE:
        among = f"those of {listed} " if listed else ""
        return f"{among}that its certificate names, or whose federation SRV record leads to such a name"
    return "any"


def _other_domains(zone: AnyZone) -> str:
    trusted = ", authenticated with P-Asserted-Identity" if zone.authentication_trust else ""
    plain = authenticate(zone.authentication_policy, trust=zone.authentication_trust, local=False, asserted=False)
    return f"{_allowed(zone)}, {'authenticated' if plain.authenticated else 'not authenticated'}{trusted}"
