"""A case for a case file, made from one decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialplan.search.search import Explanation
from sipedge.control.times import moment
from sipedge.control.words import short
from sipedge.replay.cases import NewCase
from sipedge.replay.verdict import Decision


def case_of(record: Mapping[str, Any], found: Explanation | None) -> NewCase | None:
    """It expects what ``found`` says. None where nothing was searched, or a case cannot name the alias."""
    if found is None or not found.query.alias or not found.query.alias.isprintable() or record["also"]:
        return None
    query = found.query
    decision = Decision(
        found.searched, found.transform, found.tiers, alias=query.alias, authenticated=query.authenticated
    )
    comment = f"{record['method']} of {moment(record['time'])}, decided under {short(record['revision'])}"
    return NewCase(comment, query.source, query.traffic, decision)
