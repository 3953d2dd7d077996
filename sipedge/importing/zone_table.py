"""One zone as it will stand in ``edge.toml``."""

from __future__ import annotations

from dataclasses import dataclass, field

from dialplan.model import DEFAULT_ZONE

from .toml import Table, Value

MAX_NAME = 50
POLICIES = {
    "donotcheckcredentials": "do not check credentials",
    "checkcredentials": "check credentials",
    "treatasauthenticated": "treat as authenticated",
}
"""``Authentication Mode``, in small letters -> ``authentication_policy``."""


@dataclass(slots=True)
class ZoneSection:
    """``[[zone]]`` and ``[zone.tls]``; access rules follow a Default Zone."""

    keys: dict[str, Value]
    tls: dict[str, Value] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    rules: list[dict[str, Value]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.keys.get("name", DEFAULT_ZONE))

    def tables(self) -> list[Table]:
        found = [Table("[[zone]]", self.keys, self.comments)]
        if self.tls:
            found.append(Table("[zone.tls]", self.tls))
        return found + [Table("[[zone.access_rule]]", rule) for rule in self.rules]
