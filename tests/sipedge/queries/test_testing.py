from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import EDGE

from dialplan.cases.claims_proof import ClaimVerdict
from dialplan.model import Traffic, Variables
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan
from sipedge.queries.testing import load_suites

PLAN = 'search rule "{0}" {{\nmode alias pattern match\npattern "%systemname%"\ntarget zone "{0}"\n}}\n'
CASES = (
    'plan "a.dialplan"\nplan "b.dialplan"\nsystem name "expc"\naddress "192.0.2.1"\naddress "2001:db8::1"\n'
    'case "c" {\nalias "expc1"\nfrom zone "a"\nmethod MESSAGE\nexpect zone "a" as "1"\nexpect zone "b"\n}\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in "ab":
        (tmp_path / f"{name}.dialplan").write_text(PLAN.format(name))
    return tmp_path


def test_a_plan_of_several_files_without_a_configuration(folder: Path) -> None:
    file = str(folder / "x.cases")
    (suite,) = load_suites([(file, CASES), (str(folder / "y.cases"), CASES.replace('"c"', '"d"'))])
    assert suite.names == (str(folder / "a.dialplan"), str(folder / "b.dialplan"))
    plan = suite.settings.plan
    assert plan.variables == Variables(("192.0.2.1",), ("2001:db8::1",), (), "expc")
    first, second = suite.answers()
    assert (first.question.case.name, second.question.case.name) == ("c", "d")
    assert first.question.query.traffic is Traffic.MICROSOFT_IMP
    assert first.differences == second.differences == ()
    assert suite.holds(plan)
    assert not suite.holds(CompiledPlan(plan.dialplan, Variables(system_name="other")))


def test_all_mistakes_of_the_cases_at_once(folder: Path) -> None:
    text = CASES.replace('zone "a"\n', 'zone "q"\n') + 'case "e" {\nmessage "no"\nfrom zone "b"\nexpect no match\n}'
    with pytest.raises(DialplanError) as caught:
        load_suites([(str(folder / "x.cases"), text)])
    assert [problem.location.line for problem in caught.value.problems] == [8, 14]
    assert caught.value.problems[0].source_line == 'from zone "q"'


def test_a_plan_that_is_no_text(folder: Path) -> None:
    (folder / "b.dialplan").write_bytes(b"\xff")
    with pytest.raises(DialplanError, match="is not UTF-8 text"):
        load_suites([(str(folder / "x.cases"), CASES)])


def test_claims_are_asked_of_the_plan_and_of_its_mutants(folder: Path) -> None:
    claim = 'always from zone "b" alias "a" to zone "a"\n'
    (suite,) = load_suites([(str(folder / "x.cases"), CASES + claim)])
    (found,) = suite.claim_answers()
    assert found.verdict is ClaimVerdict.REFUTED
    assert not suite.holds(suite.settings.plan)


@pytest.mark.parametrize(
    ("plan", "domain", "message"),
    [
        ("a.dialplan", "a.example", "a dial plan alone does not say who may write a domain into From"),
        ("edge.toml", "a b", '"a b" is not a domain'),
    ],
)
def test_claims_about_domains_need_a_configuration_and_a_domain(
    folder: Path, plan: str, domain: str, message: str
) -> None:
    (folder / "edge.toml").write_text(EDGE)
    (folder / "a.dialplan").write_text("")
    with pytest.raises(DialplanError) as caught:
        load_suites([(str(folder / "x.cases"), f'plan "{plan}"\nnever from domain "{domain}"\n')])
    (problem,) = caught.value.problems
    assert problem.message.startswith(message) and problem.location.line == 2


def test_own_domains_never_come_from_outside_unless_they_are_listed(folder: Path) -> None:
    claim = 'never from domain "EXAMPLE.com." in zone "Default Zone"\n'
    (folder / "any.dialplan").write_text(PLAN.format("Local Zone").replace("%systemname%", "a"))
    outside = '[[listener]]\nname = "tls"\naddress = "127.0.0.1"\nport = 5060\ntransport = "TCP"\n'
    zone = '[[zone]]\ntype = "default"\ntransport = "TCP"\nfrom_domain = '
    listed = '"list"\nfrom_domains = ["example.com"]\n'
    for more, verdict in (('"any"', ClaimVerdict.PROVED), (listed, ClaimVerdict.REFUTED)):
        text = EDGE.replace("[edge]\n", '[edge]\ndialplans = ["any.dialplan"]\n') + outside + zone + more
        (folder / "edge.toml").write_text(text)
        (suite,) = load_suites([(str(folder / "x.cases"), f'plan "edge.toml"\n{claim}')])
        (found,) = suite.claim_answers()
        assert found.verdict is verdict, found


def test_claims_name_known_zones_and_variables(folder: Path) -> None:
    text = CASES + 'never to zone "q"\nnever alias "*@%localdomain1%"\n'
    with pytest.raises(DialplanError) as caught:
        load_suites([(str(folder / "x.cases"), text)])
    messages = [problem.message for problem in caught.value.problems]
    assert messages[0].startswith('no rule names a zone "q"') and "%localdomain1%" in messages[1]


def test_a_zone_or_method_that_is_a_slip_of_the_pen_is_a_mistake_in_the_file(folder: Path) -> None:
    text = CASES.replace("method MESSAGE", "method MESAGE").replace('expect zone "b"', 'expect zone "c"')
    with pytest.raises(DialplanError) as caught:
        load_suites([(str(folder / "x.cases"), text)])
    zone, method = caught.value.problems
    assert zone.message == 'no rule names a zone "c"; known: Default Zone, Local Zone, a, b'
    assert (method.location.line, method.hint) == (9, 'did you mean "MESSAGE"?')
    load_suites([(str(folder / "x.cases"), CASES.replace("method MESSAGE", "method x-odd"))])
