"""Decisions that were made, made again: from the edge's record of one and the plan that it was made with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dialplan.model import Protocol, Query, Traffic, Variables
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.config.plans import plan_again
from sipedge.control.values import PlanJson
from sipedge.decision.deciding import RULES, explained


def plan_of(pieces: Iterable[tuple[str, str]], rest: PlanJson) -> CompiledPlan:
    """From the answer to ``Plan``. ``pieces``: its items, (file, piece of the text)."""
    sources: dict[str, str] = {}
    for file, piece in pieces:
        sources[file] = sources.get(file, "") + piece
    values = rest["variables"]
    lists = {name: tuple(values[name]) for name in ("ipv4", "ipv6", "domains")}
    return plan_again(sources, rest["zones"], Variables(**lists, system_name=values["system_name"]))


def query_of_record(record: Mapping[str, Any]) -> Query | None:
    """What the rules were asked (``Entry.to_json``); None where no rule was."""
    if record["decided_by"] != RULES:
        return None
    kinds = Traffic(record["traffic"]), Protocol(record["protocol"])
    return Query(record["alias"], record["zone"], *kinds, record["authenticated"])


def searched_again(record: Mapping[str, Any], plan: CompiledPlan) -> Explanation | None:
    """Under the plan of its revision what the edge found, with each rule's reason. None where no rule was asked."""
    query = query_of_record(record)
    return None if query is None else explained(query, record["also"], plan)
