"""Verdicts of the same trace under two plans: which decisions changed, grouped by the rule that decided."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, cast

from sipedge.decision.deciding import REFUSED
from sipedge.sip.uri import UriError, parse_uri

from .verdict import NOT_JUDGED, UNSEEN, label

COMPARED = ("zone", "traffic", "in_dialog", "searched", "transform", "tiers", "decided_by", "refused")
"""Members of a verdict that make its decision; a file saved by an older version may lack the last one."""
IDENTITY = ("method", "request_uri", "call_id", "cseq")
MAX_COUNTED = 1_000_000
"""Users and domains told apart in one group; what comes beyond is not counted."""

Json = dict[str, Any]


class SavedError(ValueError):
    """Saved verdicts that cannot be compared; one sentence."""


@dataclass(slots=True)
class Group:
    """Requests for which one rule gave way to another."""

    old: str
    new: str
    first: tuple[Json, Json]
    """The first request's verdicts, before and after."""
    requests: int = 0
    users: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)

    def add(self, verdict: Json) -> None:
        self.requests += 1
        try:
            uri = parse_uri(verdict["request_uri"])
        except UriError:
            return
        if len(self.domains) < MAX_COUNTED:
            self.domains.add(uri.host)
        if uri.user is not None and len(self.users) < MAX_COUNTED:
            self.users.add(f"{uri.user}@{uri.host}".lower())

    def to_json(self) -> Json:
        return {
            "old": self.old,
            "new": self.new,
            "requests": self.requests,
            "users": len(self.users),
            "domains": len(self.domains),
            "first": {"old": self.first[0], "new": self.first[1]},
        }


@dataclass(slots=True)
class Changes:
    """Fed with pairs of verdicts as JSON lines; equal lines cost nothing."""

    requests: int = 0
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    """By (old, new), in the order of their first request."""

    @property
    def changed(self) -> int:
        return sum(group.requests for group in self.groups.values())

    def add(self, old_line: str, new_line: str) -> None:
        """Raises SavedError when they are not of the same request."""
        self.requests += 1
        if old_line == new_line:
            return
        old, new = parsed(old_line), json.loads(new_line)
        if any(old.get(key) != new[key] for key in IDENTITY):
            raise SavedError(
                f"the saved verdicts are of another trace: message {new['index']} is {new['method']} "
                f"{new['request_uri']} here and {old.get('method')} {old.get('request_uri')} there"
            )
        if new["sent"]:  # the decision stands at the request that was received
            return
        _complete(old, new)
        if not {NOT_JUDGED, UNSEEN}.isdisjoint((old["decided_by"], new["decided_by"])):
            return
        if all(old.get(key) == new[key] for key in COMPARED):
            return
        names = label(old), label(new)
        group = self.groups.get(names)
        if group is None:
            group = self.groups[names] = Group(*names, (old, new))
        group.add(new)


def _complete(old: Json, new: Json) -> None:
    """Keys that verdicts of older versions do not have: no ``decided_by``, or one that begins with ``refused: ``."""
    old.setdefault("decided_by", new["decided_by"])
    decided_by, _, refused = old["decided_by"].partition(": ")
    if "refused" not in old:
        old["refused"] = refused if decided_by == REFUSED else ""
        old["decided_by"] = decided_by if decided_by == REFUSED else old["decided_by"]


def compare(old_lines: Iterable[str], new_lines: Iterable[str]) -> Changes:
    """Both in the order of the trace. Raises SavedError."""
    changes = Changes()
    for old, new in zip_longest(old_lines, new_lines):
        if old is None or new is None:
            side = "fewer" if old is None else "more"
            raise SavedError(f"the saved verdicts are of another trace: they have {side} requests")
        changes.add(old, new)
    return changes


def saved_lines(file: str) -> Generator[str, None, None]:
    """Lines of a file that ``--save`` wrote. Raises SavedError when it cannot be read."""
    try:
        with open(file, encoding="utf-8") as stream:
            for line in stream:
                if line := line.strip():
                    yield line
    except OSError as error:
        raise SavedError(f'"{file}" cannot be read: {error.strerror}') from None
    except UnicodeDecodeError:
        raise SavedError(f'"{file}" is not UTF-8 text') from None


def parsed(line: str) -> Json:
    """Raises SavedError for what ``--save`` did not write."""
    try:
        verdict = json.loads(line)
        sound = (
            isinstance(verdict, dict) and isinstance(verdict.get("decided_by", ""), str) and _tiers(verdict["tiers"])
        )
    except (ValueError, KeyError, RecursionError):
        sound = False
    if not sound:
        raise SavedError(f"this is no saved verdict: {line[:80]}")
    return cast(Json, verdict)


def _tiers(tiers: object) -> bool:
    """Whether they have the form that ``Decision.to_json`` gives them."""
    return isinstance(tiers, list) and all(
        isinstance(tier, dict)
        and {"priority", "stop", "targets"} <= tier.keys()
        and isinstance(tier["targets"], list)
        and all(isinstance(target, dict) and {"rule", "zone", "alias"} <= target.keys() for target in tier["targets"])
        for tier in tiers
    )
