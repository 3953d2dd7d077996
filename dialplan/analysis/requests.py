"""Conditions, which are everything about a request but its alias, and classes of requests."""

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
    """Everything about one request that rules look at, but its alias."""

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
    """True: it can send authenticated requests; False: it can send others; empty: it sends none."""
    traffic: frozenset[Traffic] = frozenset(Traffic)
    silent: str = ""
    """The reason for a zone that sends nothing; '' for any other."""

    @property
    def sends(self) -> bool:
        return bool(self.authenticated and self.traffic)


@dataclass(frozen=True, slots=True)
class RequestClass:
    """All requests from one of these zones, for one of these aliases, and so on."""

    sources: frozenset[str]
    aliases: Language
    traffic: frozenset[Traffic] = frozenset(Traffic)
    authenticated: frozenset[bool] = EITHER
    protocols: frozenset[Protocol] = SIP_ONLY

    def conditions(self) -> Iterator[Conditions]:
        """In a fixed order."""
        protocols = [protocol for protocol in Protocol if protocol in self.protocols]
        kinds = [traffic for traffic in Traffic if traffic in self.traffic]
        for values in product(sorted(self.sources), kinds, protocols, sorted(self.authenticated)):
            yield Conditions(*values)

    def witness(self) -> Query | None:
        """A request of the class, with a well-formed alias if there is one; None when the class is empty.

        Raises NotProved when the language of its aliases is too large.
        """
        conditions = next(self.conditions(), None)
        alias = witness(self.aliases) if conditions else None
        return conditions.query(alias) if conditions and alias is not None else None


def senders_of(dialplan: Dialplan) -> tuple[Sender, ...]:
    """The zones that a plan names and the built-in ones. Without a configuration each can send everything."""
    names = [DEFAULT_ZONE, LOCAL_ZONE]
    for rule in dialplan.rules:
        names += [rule.source_name] if rule.source is SourceMode.NAMED else []
        names.append(rule.target)
    return tuple(Sender(name) for name in dict.fromkeys(names) if name)


def conditions_of(senders: Iterable[Sender]) -> list[Conditions]:
    """All conditions under which these zones can send requests."""
    return [
        Conditions(sender.name, traffic, Protocol.SIP, authenticated)
        for sender in senders
        for traffic in Traffic
        if traffic in sender.traffic
        for authenticated in sorted(sender.authenticated)
    ]
