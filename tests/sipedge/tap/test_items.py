from __future__ import annotations

import pytest
from support.tapped import entry, searched

from sipedge.tap import items
from sipedge.tap.items import decision


def test_a_decision_of_a_long_plan_leaves_out_what_each_rule_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = entry(searched("bob@far.example"))
    assert decision(found) == found.to_json()
    monkeypatch.setattr(items, "MOST_RULES", -1)
    assert decision(found)["search"] == {**found.to_json()["search"], "trace": None}
    assert decision(entry()) == entry().to_json()
