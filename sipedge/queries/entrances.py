"""Which peers a zone lets in, each kind with the name of one that the edge's own rules let in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialplan.analysis import (
    Alphabet,
    Language,
    NotProved,
    natural,
    node_of,
)
from dialplan.model import PatternType, Variables
from zones.access import decide as decide_access
from zones.table import expected_names
from zones.zone import (
    AccessAction,
    AccessRule,
    AnyZone,
    DefaultZone,
    DnsZone,
    NeighborZone,
    TraversalClientZone,
    TraversalServerZone,
)

HOST = "([a-z0-9_-]+[.])+[a-z0-9_-]+"
ANY_CERTIFICATE = "any certificate that the trusted CAs have signed"


@dataclass(frozen=True, slots=True)
class Entrance:
    """One kind of peer that a zone lets in."""

    who: str
    """One phrase."""
    example: str = ""
    """A name in its certificate that the edge's own rules let in."""
    unproved: str = ""
    """Why there is no example although there may be one."""


def entrances_of(zone: AnyZone, variables: Variables) -> Iterator[Entrance]:
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
        return Entrance(f"{who} (no example: {error})", unproved=str(error))
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
