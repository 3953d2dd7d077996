"""A record of a decision as a row of a segment and back. What repeats is a number: texts are kept once a segment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from .wish import NO_RULE, REFUSED, SIGNED_ROUTE

COLUMNS = (
    *(
        "id",
        "began",
        "sequence",
        "alias",
        "sender",
        "zone",
        "target",
        "rule",
        "method",
        "status",
        "us",
        "call",
        "revision",
    ),
    *("traffic", "protocol", "authenticated", "decided_by", "evidence", "party", "rules", "hops", "own", "reason"),
    "rest",
)
"""``id``: microseconds since the epoch when it was concluded, made unique. ``began``: when the request came, so, too.
``us``: microseconds between the two. ``call``: 62 bits of a hash of the Call-ID."""
TEXTS = ("alias", "sender")
"""Columns whose texts stand in tables of their own: a search by a part of them reads nothing else."""
WORDS = (
    *("zone", "target", "rule", "method", "revision", "traffic", "protocol", "decided_by", "evidence", "party"),
    *("rules", "hops", "reason"),
)
"""Columns whose texts stand in the table of all other words."""
_RULE = ("rule", "file", "line", "priority", "stop", "zone", "alias")
_HOP = ("zone", "transport", "address", "port", "name", "connection", "status", "reason")
_PARTY = ("connection", "transport", "local", "peer", "names")
_REST = ("request_uri", "to", "call_id", "cseq", "also", "transform", "searched", "diagnostics", "more_rules")
_INSTEAD = {"rules": NO_RULE, "signed Route": SIGNED_ROUTE, "refused": REFUSED}
_dumps = json.JSONEncoder(separators=(",", ":")).encode
_rule, _hop, _party, _rest = (itemgetter(*names) for names in (_RULE, _HOP, _PARTY, _REST))
PACKED = 4096
"""Texts of several values that are kept: most decisions have the parties, rules and hops of others."""


def row_of(fields: Mapping[str, Any], number: int, intern: Callable[[str, str], int]) -> tuple[Any, ...]:
    """In the order of COLUMNS. ``number``: its id. ``intern``: (a column, text) -> number.

    Raises KeyError, TypeError, ValueError for what is no record.
    """
    rules, hops, ms, searched = fields["rules"], fields["hops"], fields["ms"], fields["searched"]
    authenticated = fields["authenticated"]
    rest = [*_rest(fields)]
    if fields["more_hops"]:
        rest.append(fields["more_hops"])
    return (
        number,
        round(fields["time"] * 1e6),
        int(fields.get("sequence", 0)),
        intern("alias", fields["alias"]),
        intern("sender", fields["from"]),
        intern("zone", fields["zone"]),
        intern("target", hops[0]["zone"] if hops else fields["route"]),
        intern("rule", rule_of(fields)),
        intern("method", fields["method"]),
        int(fields["status"]),
        None if ms is None else round(ms * 1000),
        call_hash(fields["call_id"]),
        intern("revision", fields["revision"]),
        intern("traffic", fields["traffic"]),
        intern("protocol", fields["protocol"] or ""),
        None if authenticated is None else int(authenticated),
        intern("decided_by", fields["decided_by"]),
        intern("evidence", fields["evidence"]),
        intern("party", _packed(_party_of(fields))),
        intern("rules", _packed(tuple(_packed_rule(rule, searched) for rule in rules))),
        intern("hops", _packed(tuple(map(_hop, hops)))),
        int(fields["own"]),
        intern("reason", fields["reason"]),
        _dumps([*rest, fields["route"]] if fields["route"] else rest),
    )


def fields_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The record, as the edge wrote it. ``row``: by column, its texts in the place of their numbers."""
    rest = json.loads(row["rest"])
    more = dict(zip(_REST, rest, strict=False))
    party = dict(zip(_PARTY, json.loads(row["party"]), strict=True))
    extra = rest[len(_REST) :]
    route = extra.pop() if extra and isinstance(extra[-1], str) else ""
    return {
        "format": 1,
        "sequence": row["sequence"],
        "time": row["began"] / 1e6,
        "ms": None if row["us"] is None else row["us"] / 1000,
        "revision": row["revision"],
        **party,
        "zone": row["zone"],
        "method": row["method"],
        "request_uri": more["request_uri"],
        "from": row["sender"],
        "to": more["to"],
        "call_id": more["call_id"],
        "cseq": more["cseq"],
        "traffic": row["traffic"],
        "evidence": row["evidence"],
        "decided_by": row["decided_by"],
        "alias": row["alias"],
        "also": more["also"],
        "protocol": row["protocol"] or None,
        "authenticated": None if row["authenticated"] is None else bool(row["authenticated"]),
        "transform": more["transform"],
        "searched": more["searched"],
        "rules": [_whole_rule(rule, more["searched"]) for rule in json.loads(row["rules"])],
        "more_rules": more["more_rules"],
        "route": route,
        "hops": [dict(zip(_HOP, hop, strict=True)) for hop in json.loads(row["hops"])],
        "more_hops": extra[0] if extra else 0,
        "status": row["status"],
        "own": bool(row["own"]),
        "reason": row["reason"],
        "diagnostics": more["diagnostics"],
    }


def concluded(fields: Mapping[str, Any]) -> int:
    """Microseconds since the epoch. Raises KeyError, TypeError, ValueError, OverflowError."""
    return round(float(fields["time"]) * 1e6 + float(fields["ms"] or 0) * 1000)


def rule_of(fields: Mapping[str, Any]) -> str:
    """The first rule that took it, or the word that stands in its place. Raises KeyError."""
    rules = fields["rules"]
    return str(rules[0]["rule"]) if rules else _INSTEAD[fields["decided_by"]]


def call_hash(call_id: str) -> int:
    """Collisions are told apart by the Call-ID itself, which is in ``rest``."""
    return int.from_bytes(blake2b(call_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 2


@lru_cache(PACKED)
def _packed(values: tuple[Any, ...]) -> str:
    """Raises TypeError for what no tuple of a record holds."""
    return _dumps(values)


def _party_of(fields: Mapping[str, Any]) -> tuple[Any, ...]:
    *others, names = _party(fields)
    return *others, tuple(names)


def _packed_rule(rule: Mapping[str, Any], searched: str | None) -> tuple[Any, ...]:
    """The alias of most is what was searched: without it, many requests have the same text here."""
    *others, alias = _rule(rule)
    return *others, None if alias == searched else alias


def _whole_rule(packed: list[Any], searched: str | None) -> dict[str, Any]:
    whole = dict(zip(_RULE, packed, strict=True))
    return whole | {"alias": searched} if whole["alias"] is None else whole
