"""Which rules can share an alias with a rule: by the text behind the @, so that most pairs are never looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from dialplan.analysis import SymbolicRule
from dialplan.analysis.languages.facts import Facts


class Candidates:
    """Positions of the rules that may share an alias with one @; every pair that does is among them."""

    def __init__(self, rules: Sequence[SymbolicRule]) -> None:
        self._count = len(rules)
        self._wild: list[int] = []
        self._by_host: dict[str, list[int]] = {}
        for position, rule in enumerate(rules):
            hosts = _hosts(rule.facts)
            if hosts is None:
                self._wild.append(position)
            for host in hosts or ():
                self._by_host.setdefault(host, []).append(position)
        self._hosts = sorted(self._by_host)

    def of(self, rule: SymbolicRule) -> Sequence[int]:
        """In order."""
        hosts = _hosts(rule.facts)
        if hosts is None:
            return range(self._count)
        found = set(self._wild)
        for host in hosts:
            for length in range(len(host)):
                found.update(self._by_host.get(host[:length], ()))
            at = bisect_left(self._hosts, host)
            while at < len(self._hosts) and self._hosts[at].startswith(host):
                found.update(self._by_host[self._hosts[at]])
                at += 1
        return sorted(found)


def _hosts(facts: Facts) -> frozenset[str] | None:
    """What may stand behind the @, as far as it is known."""
    if facts.around_at is None:
        return None
    return frozenset(text.partition("@")[2] for text in facts.around_at)
