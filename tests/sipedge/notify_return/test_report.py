from __future__ import annotations

import json

from support.federation_plan import FQDN, inside, outside, report_of


def test_as_json() -> None:
    data = json.loads(json.dumps(report_of(inside(), outside(mended=False)).to_json()))
    assert data["inside"] == {"edge": "inside", "zone": "Traversal client"} and data["passed"] is False
    assert [one["from"] for one in data["subscriptions"]] == ["IMP", "Default Zone"]
    gap = data["gaps"][0]
    assert (gap["level"], gap["edge"], gap["rule"].splitlines()[0]) == (
        "error",
        "outside",
        f'search rule "NOTIFY to {FQDN}" {{',
    )
    lost = gap["lost"][0]
    assert lost["subscribe"] == {
        "edge": "inside",
        "alias": lost["subscribe"]["alias"],
        "from": "IMP",
        "to": "DNS",
        "traffic": "microsoft im and presence",
    }
    assert (lost["alias"], lost["from"], lost["wanted"]) == (FQDN, "Default Zone", ["Traversal server"])
