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


def possible_name(text: str) -> str:
    """``text`` as a name that ``edge.toml`` takes, '' when nothing of it is left."""
    characters = (char if char.isprintable() and char not in '"\\' else "_" for char in text)
    return "".join(characters).strip()[:MAX_NAME]


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
        tables = [Table("[[zone]]", self.keys, self.comments)]
        if self.tls:
            tables.append(Table("[zone.tls]", self.tls))
        return tables + [Table("[[zone.access_rule]]", rule) for rule in self.rules]
