"""Who may speak for whom: which peers get in by which zone, and which From domains each of them can write.

The edge checks who a peer is by its certificate, compares the domain in From with it where the zone's ``from_domain``
says so, and can ask for a password where From names an own domain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from dialplan.analysis import (
    Language,
    Languages,
    NotProved,
    RequestClass,
    Sender,
    SymbolicPlan,
    decide,
    senders_of,
)
from dialplan.cases.claims_proof import SENDABLE
from dialplan.model import PatternType
from sipedge.decision.speaking import FromPolicy
from sipedge.settings import Settings
from zones.authentication import authenticate
from zones.names import plain_host
from zones.table import ZoneTable
from zones.zone import (
    AnyZone,
    AuthenticationPolicy,
    DefaultZone,
    DnsZone,
    FromDomain,
)

from .entrances import Entrance, entrances_of
from .senders import senders_of_zones

NOT_SAID = "a dial plan alone does not say"


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
    from_domain: str = ""
    """The zone's From policy as edge.toml has it; '' where that is not known, as the two below."""
    from_domains: tuple[str, ...] = ()
    route_age: float | None = None
    """Seconds that a signed Route counts for; 0: for ever."""

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
            entrances = tuple(entrances_of(zone, settings.plan.variables))
            own, impersonates = _own_domains(zone, settings.domains)
            compared = zone.from_domain is not FromDomain.ANY
            words = own, impersonates, _other_domains(zone), compared, _way_back(zone, settings.route_age)
            policy = zone.from_domain.value, zone.from_domains, settings.route_age
            speaking.append(Speaker(zone.name, entrances, *words, reaches, unproved, *policy))
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


def _way_back(zone: AnyZone, age: float) -> str:
    route = "a signed Route of its own dialog" + (f", for {age / 86400:.3g} days" if age else "")
    if isinstance(zone, DefaultZone | DnsZone):
        return f"{route}, to the Contact and by the Routes sealed in it, while a rule connects"
    return route


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
