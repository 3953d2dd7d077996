"""What is known of a request beside its alias, as a product of small sets; and classes of requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from dialplan.analysis.languages.grammar import witness
from dialplan.analysis.languages.language import Language
from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Dialplan, Protocol, Query, SourceMode, Traffic

EITHER = frozenset({False, True})
SIP_ONLY = frozenset({Protocol.SIP})
"""The edge searches for SIP requests only."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Of one request."""

    source: str
    traffic: Traffic
    protocol: Protocol = Protocol.SIP
    authenticated: bool = False

    def query(self, alias: str) -> Query:
        return Query(alias, self.source, self.traffic, self.protocol, self.authenticated)


@dataclass(frozen=True, slots=True)
class Sender:
    """A zone as a source of requests."""

    name: str
    authenticated: frozenset[bool] = EITHER
    """Whether its requests can be authenticated, and whether they can be not; empty: it sends none."""
    traffic: frozenset[Traffic] = frozenset(Traffic)
    silent: str = ""
    """Why it sends nothing, where that is so."""

    @property
    def sends(self) -> bool:
        return bool(self.authenticated and self.traffic)


@dataclass(frozen=True, slots=True)
class RequestClass:
    """All requests from these zones, of this traffic, ..., for one of these aliases."""

    sources: frozenset[str]
    aliases: Language
    traffic: frozenset[Traffic] = frozenset(Traffic)
    authenticated: frozenset[bool] = EITHER
    protocols: frozenset[Protocol] = SIP_ONLY

    def conditions(self) -> Iterator[Conditions]:
        """In a fixed order."""
        protocols = [one for one in Protocol if one in self.protocols]
        traffic = [one for one in Traffic if one in self.traffic]
        for found in product(sorted(self.sources), traffic, protocols, sorted(self.authenticated)):
            yield Conditions(*found)

    def witness(self) -> Query | None:
        """One request of the class, well-formed where possible. Raise NotProved."""
        conditions = next(self.conditions(), None)
        alias = witness(self.aliases) if conditions else None
        return conditions.query(alias) if conditions and alias is not None else None


def senders_of(dialplan: Dialplan) -> tuple[Sender, ...]:
    """The zones that a plan names, and the built-in ones, where no configuration says more."""
    names = [DEFAULT_ZONE, LOCAL_ZONE]
    for rule in dialplan.rules:
        names += [rule.source_name] if rule.source is SourceMode.NAMED else []
        names.append(rule.target)
    return tuple(Sender(name) for name in dict.fromkeys(names) if name)


def conditions_of(senders: Iterable[Sender]) -> list[Conditions]:
    """Everything that these zones can send."""
    return [
        Conditions(sender.name, traffic, Protocol.SIP, authenticated)
        for sender in senders
        for traffic in Traffic
        if traffic in sender.traffic
        for authenticated in sorted(sender.authenticated)
    ]
