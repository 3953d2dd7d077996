"""What fails now, told once for each kind: the same answer, zone, domain and rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlencode

from sipedge.history.wish import Found


class Kind(NamedTuple):
    status: int
    zone: str
    """Where it went; '' where it went nowhere."""
    domain: str
    """Of the alias; '' where it has none."""
    rule: str

    @property
    def address(self) -> str:
        """Of the requests that are so, in the history."""
        demands = {
            "status": self.status,
            "zone": self.zone,
            "alias": self.domain and f"@{self.domain}",
            "rule": self.rule,
        }
        wanted = {name: value for name, value in demands.items() if value}
        return f"/history?{urlencode(wanted, errors='surrogatepass')}"


def kinds_of(failed: Iterable[Found], most: int) -> list[tuple[Kind, int]]:
    """(what fails, how often among ``failed``), the most frequent first."""
    counted = Counter(
        Kind(each.status, each.target, each.alias.rpartition("@")[2] if "@" in each.alias else "", each.rule)
        for each in failed
    )
    return counted.most_common(most)
