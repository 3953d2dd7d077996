"""Writes as requests: carried out in their order, they make the plan that was wanted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.examples import examples
from support.plans import changed, plans, usable
from support.settings import rule

from dialplan.importers.expressway import ImportedPlan, ZoneUse, import_plan
from dialplan.language.format import write_entry
from dialplan.language.parser import parse_dialplan
from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Dialplan, Variables
from sipedge.expressway.answers import dump_of
from sipedge.expressway.bodies import body_of, spelling_of
from sipedge.expressway.fields import PATH
from sipedge.expressway.raml import enumerations
from sipedge.expressway.requests import comparable, plan_on_box, requests_of, unproved_parts, zone_names
from sipedge.expressway.writes import WriteKind, writes_between
from sipedge.lab.parties.expressway_box import Cluster, raml

SPELLING = spelling_of(PATH, enumerations(raml()), [])
METHODS = {WriteKind.CREATE: "POST", WriteKind.UPDATE: "PUT", WriteKind.DELETE: "DELETE"}
OWN = {"LocalZone": LOCAL_ZONE, "DefaultZone": DEFAULT_ZONE}
ZONES = {"A", "B", "C"}


def parsed(text: str) -> Dialplan:
    return comparable(parse_dialplan(text, "plan"))


def written(plan: Dialplan) -> Dialplan:
    """The plan as a file has it."""
    return parsed("\n".join(map(write_entry, plan.rules)))


def imported(records: list[dict[str, Any]]) -> ImportedPlan:
    def zone(name: str, use: ZoneUse, line: int) -> str:
        return OWN.get(name, name)

    return import_plan(dump_of({PATH: records}, ""), zone, Variables(), "")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Dialplan, Dialplan]:
    old = draw(plans())
    new = draw(changed(draw(changed(old))))
    return old, new


@given(pairs())
@examples(40)
def test_requests_carried_out_make_the_plan_that_is_wanted(pair: tuple[Dialplan, Dialplan]) -> None:
    assume(all(usable(Dialplan((), plan.rules)) for plan in pair))
    old, new = map(written, pair)
    box = Cluster(["box"], {PATH: [body_of(each, SPELLING) for each in old.rules]})
    assert plan_on_box(imported(box.rules[0])) == old
    writes = writes_between(old, new)
    requests, problems = requests_of(writes, box.rules[0], {each.target for each in new.rules} | ZONES, SPELLING)
    assert problems == [] and len(requests) == len(writes)
    for request in requests:
        body = {"Name": request.write.name} if request.body is None else dict(request.body)
        status, said = box.write(0, METHODS[request.write.kind], body)
        assert status in (200, 201), said
    assert {each.name: each for each in plan_on_box(imported(box.rules[0])).rules} == {
        each.name: each for each in new.rules
    }


def problems_of(old: str, new: str, records: list[dict[str, Any]]) -> list[str]:
    requests, problems = requests_of(writes_between(parsed(old), parsed(new)), records, ZONES, SPELLING)
    assert len(problems) == 1 and requests == []
    return problems


ONE = [{"Name": "r", "TargetName": "A"}]


@pytest.mark.parametrize(
    ("old", "new", "records", "sentence"),
    [
        ("", rule("r", "A", "x"), ONE, 'create "r": the box has a rule of that name that is not possible here'),
        (rule("r", "A", "x"), "", ONE * 2, 'delete "r": the box has not exactly one rule of that name'),
        (rule("r", "A", "x"), "", [], "has not exactly one rule"),
        (rule("r", "A", "x"), rule("R", "B", "x"), ONE, 'the plan calls it "R": spell it as the box does'),
        (rule("r", "A", "x"), rule("r", "Z", "x"), ONE, 'the box has no zone "Z"'),
        (rule("r", "A", "x"), rule("r", "A", "x", source='zone "Z"'), ONE, 'the box has no zone "Z"'),
        (rule("r", "A", "x"), "", [{"Name": "r", "SystemGenerated": "Yes"}], "system generated and never touched"),
        ("", rule("r", "A", "x" * 61), [], "PatternString has more than 60 characters"),
    ],
)
def test_what_stands_in_the_way_is_one_sentence(
    old: str, new: str, records: list[dict[str, Any]], sentence: str
) -> None:
    assert sentence in problems_of(old, new, records)[0]


def test_what_keeps_a_proof_from_being_one() -> None:
    odd = imported([{"Name": "odd", "TargetName": "A", "State": "Perhaps"}])
    assert unproved_parts(odd, Dialplan(), True) == [
        '"odd" of the box has a value that is not known, so nothing is proved'
    ]
    pattern = {"Mode": "AliasPatternMatch", "PatternType": "Regex", "PatternString": r"(a)\1"}
    refused = imported([{"Name": "r", "TargetName": "A", **pattern}])
    assert '"r" of the box is not possible here' in unproved_parts(refused, Dialplan(), True)[0]
    off = imported([{"Name": "r", "TargetName": "A", "State": "Disabled", **pattern}])
    assert unproved_parts(off, Dialplan(), True) == []
    wanted = parsed(rule("mine", "A", ".*@%ip%"))
    assert '"mine" uses a variable' in unproved_parts(ImportedPlan(), wanted, False)[0]
    assert unproved_parts(ImportedPlan(), wanted, True) == []


def test_names_of_zones_of_all_kinds() -> None:
    assert zone_names({"common/zone/dnszone": [{"Name": "D"}], "common/zone/neighborzone": [{"Name": "N"}]}) == {
        "D",
        "N",
    }
