"""A case for a case file, made from one decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dialplan.search.search import Explanation
from sipedge.control.times import moment
from sipedge.control.words import short
from sipedge.replay.cases import case_block, case_name
from sipedge.replay.verdict import Decision


def case_text(record: Mapping[str, Any], found: Explanation) -> str:
    """It expects what ``found`` says. '' where a case cannot name the alias."""
    query = found.query
    if not query.alias or not query.alias.isprintable() or record["also"]:
        return ""
    decision = Decision(
        found.searched, found.transform, found.tiers, alias=query.alias, authenticated=query.authenticated
    )
    comment = f"{record['method']} of {moment(record['time'])}, decided under {short(record['revision'])}"
    name = case_name(query.traffic, query.source, decision)
    return case_block(name, comment, query.source, query.traffic, decision)
