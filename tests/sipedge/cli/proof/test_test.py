from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from support.configuration import EDGE, write

from sipedge.cli import main

PLAN = r"""
search rule "in" {
    priority 20
    traffic type microsoft im and presence
    mode alias pattern match
    pattern type regex
    pattern ".*@%localdomain1%"
    behavior leave
    on successful match stop
    target zone "IMP"
}
search rule "routes" {
    priority 30
    mode alias pattern match
    pattern type suffix
    pattern ";lr"
    behavior leave
    target zone "IMP"
}
"""
CONFIG = (
    EDGE.replace("domains =", 'dialplans = ["edge.dialplan"]\ndomains =')
    + '[[zone]]\nname = "IMP"\ntype = "neighbor"\npeers = ["192.0.2.5"]\ntransport = "TCP"\n'
)
CASES = """\
plan "edge.toml"

case "a subscription" {
    alias "sip:bob@example.com;transport=tls"
    from zone "Default Zone"
    method SUBSCRIBE
    expect rule "in" zone "IMP" as "bob@example.com" priority 20 stop
}

case "a call" {
    alias "bob@example.com"
    from zone "Default Zone"
    expect no match
}

case "a message with a route" {
    message "routed.sip"
    from zone "IMP"
    expect zone "IMP" as "node.example.com;lr"
}
"""
MESSAGE = (
    "MESSAGE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.9:5061;branch=z9hG4bK1\r\n"
    "Route: <sip:node.example.com;lr>\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
    "Call-ID: 1\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, CONFIG)
    (tmp_path / "edge.dialplan").write_text(PLAN)
    (tmp_path / "edge.cases").write_text(CASES)
    (tmp_path / "routed.sip").write_text(MESSAGE, newline="")
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["test", *arguments])


def _case(folder: Path, text: str) -> None:
    (folder / "edge.cases").write_text(f'plan "edge.toml"\ncase "c" {{\n{text}\n}}\n')


def test_all_cases_hold(folder: Path) -> None:
    result = _run("edge.cases")
    assert (result.exit_code, result.stdout) == (
        0,
        "edge.toml: 3 of 3 cases hold\n  2 of 2 transforms and rules reached (100 %), 2 decided\n",
    )


def test_a_failure_is_a_diff_with_the_explanation(folder: Path) -> None:
    _case(folder, 'alias "bob@example.com"\nfrom zone "Default Zone"\nexpect zone "IMP"')
    result = _run("edge.cases")
    assert (result.exit_code, result.stdout) == (
        1,
        'edge.cases:2:1: "c" fails\n'
        '    - zone "IMP"\n'
        "    + no match\n"
        "bob@example.com\n"
        "├── from Default Zone, not authenticated; standard (no mark of Microsoft or of IM and presence)\n"
        "├── no transform\n"
        "├── no rule matches: 404 Not Found\n"
        "└── rules\n"
        "    ├──    20 in: traffic type microsoft im and presence, but it is standard\n"
        '    └──    30 routes: pattern suffix ";lr" does not match bob@example.com\n'
        "\n"
        "edge.toml: 0 of 1 cases hold\n"
        "  0 of 2 transforms and rules reached (0 %), 0 decided\n"
        '  not reached: edge.dialplan:2:1: "in"\n'
        '  not reached: edge.dialplan:12:1: "routes"\n',
    )


@pytest.mark.parametrize(("least", "status"), [("50", 0), ("50.1", 1)])
def test_fail_under(folder: Path, least: str, status: int) -> None:
    _case(folder, 'alias "bob@example.com"\nfrom zone "IMP"\nmethod MESSAGE\nexpect zone "IMP"')
    result = _run("edge.cases", "--fail-under", least)
    assert result.exit_code == status
    assert ("less than 50.1 % reached" in result.stdout) is bool(status)


def test_mutants(folder: Path) -> None:
    result = _run("edge.cases", "--mutate")
    assert result.exit_code == 0
    assert '  not noticed: edge.dialplan:7:13: rule "in": the leading ".*" left out' not in result.stdout
    assert '  not noticed: edge.dialplan:12:1: rule "routes": source any became all zones\n' in result.stdout
    assert "mistakes noticed (" in result.stdout


def test_failing_cases_say_nothing_about_mutants(folder: Path) -> None:
    _case(folder, 'alias "bob@example.com"\nfrom zone "IMP"\nexpect zone "IMP"')
    assert "mistakes noticed" not in _run("edge.cases", "--mutate").stdout


def test_files_about_one_plan_are_counted_together(folder: Path) -> None:
    (folder / "more.cases").write_text('plan "edge.toml"\ncase "c" {\nalias "x"\nfrom zone "IMP"\nexpect no match\n}\n')
    (folder / "bare.cases").write_text(
        'plan "edge.dialplan"\ndomain "a.example"\ncase "c" {\nalias "b@A.example"\nfrom zone "IMP"\nmethod MESSAGE\n'
        'expect rule "in" zone "IMP" stop\n}\n'
    )
    result = _run("edge.cases", "more.cases", "bare.cases")
    assert result.exit_code == 0
    assert "edge.toml: 4 of 4 cases hold\n" in result.stdout
    assert "edge.dialplan: 1 of 1 cases hold\n" in result.stdout


def test_junit(folder: Path) -> None:
    more = 'case "a & <b>" {\nalias "a"\nfrom zone "IMP"\nexpect no match\n}\n'
    (folder / "edge.cases").write_text(CASES.replace("no match", 'zone "IMP"') + more)
    assert _run("edge.cases", "--junit", "out.xml").exit_code == 1
    root = ElementTree.parse(folder / "out.xml").getroot()
    assert root.attrib == {"tests": "4", "failures": "1"}
    (suite,) = root
    assert suite.attrib == {"name": "edge.toml", "tests": "4", "failures": "1"}
    failed = [case for case in suite if len(case)]
    assert [case.attrib for case in failed] == [
        {"classname": "edge.toml", "name": "a call", "file": "edge.cases", "line": "10"}
    ]
    failure = failed[0][0]
    assert failure.attrib == {"message": '- zone "IMP"; + no match'}
    assert "no rule matches: 404 Not Found" in (failure.text or "")


ASKED = '\ncase "c" {\nalias "a"\nfrom zone "IMP"\nexpect no match\n}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "edge.cases:1:1: no plan to test\n"),
        ('plan "none.toml"', "none.toml"),
        ('plan "none.dialplan"', 'edge.cases:1:1: "none.dialplan" cannot be read: No such file or directory\n'),
        ('plan "edge.toml"\ndomain "x"', "edge.cases:2:1: a configuration says all there is to know of its plan\n"),
        ('plan "edge.dialplan"\naddress "x"', "edge.cases:2:1: 'x' does not appear to be an IPv4 or IPv6 address\n"),
        ('plan "edge.dialplan"', "edge.dialplan:7:17: %localdomain1% has no value here\n"),
        ('plan "edge.toml"' + ASKED.replace("IMP", "nil"), 'edge.cases:4:1: there is no zone "nil"; known: IMP, '),
        ('plan "edge.toml"' + ASKED.replace('"a"', '"sip:"'), "edge.cases:3:1: "),
        ('plan "edge.toml"' + ASKED.replace("alias", "message"), 'edge.cases:3:1: "a" cannot be read: '),
        (
            'plan "edge.dialplan"\ndomain "d"' + ASKED.replace("IMP", "X"),
            'edge.cases:5:1: no rule names a zone "X"; known: Default Zone, IMP, Local Zone\n',
        ),
        ("blah", "edge.cases:1:1: 'blah' is not understood\n"),
    ],
)
def test_mistakes_in_files(folder: Path, text: str, message: str) -> None:
    (folder / "edge.cases").write_text(text)
    result = _run("edge.cases")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(message), result.stderr


def test_usage(folder: Path) -> None:
    assert _run().exit_code == 2
    assert _run("none.cases").exit_code == 2
    assert _run("edge.cases", "--fail-under", "101").exit_code == 2
    assert _run("edge.cases", "--junit", "none/out.xml").exit_code == 2


def _claims(folder: Path, *claims: str) -> None:
    (folder / "claims.cases").write_text("\n".join(['plan "edge.toml"', *claims]) + "\n")


def test_claims_are_proved(folder: Path) -> None:
    _claims(
        folder, 'always alias "*@example.com" traffic microsoft im and presence to zone "IMP"', 'only to zone "IMP"'
    )
    result = _run("edge.cases", "claims.cases")
    assert result.exit_code == 0
    assert result.stdout.startswith("edge.toml: 2 of 2 claims proved\nedge.toml: 3 of 3 cases hold\n")


def test_a_claim_is_refuted_by_a_request(folder: Path) -> None:
    claim = 'never from zone "Default Zone" alias "*@example.com" to zone "IMP"'
    _claims(folder, claim)
    result = _run("edge.cases", "claims.cases", "--mutate", "--junit", "out.xml")
    assert result.exit_code == 1 and "mistakes noticed" not in result.stdout
    assert f"claims.cases:2:1: refuted: {claim}\nalice@example.com\n" in result.stdout
    assert "from Default Zone, not authenticated; microsoft im and presence (the counter-example)" in result.stdout
    assert "edge.toml: 0 of 1 claims proved\n" in result.stdout
    root = ElementTree.parse(folder / "out.xml").getroot()
    assert root.attrib == {"tests": "4", "failures": "1"}
    (failed,) = [case for suite in root for case in suite if len(case)]
    assert failed.attrib == {"classname": "edge.toml", "name": claim, "file": "claims.cases", "line": "2"}
    assert failed[0].attrib == {"message": "refuted"} and "matched" in (failed[0].text or "")


def test_a_claim_about_nobody_is_noted(folder: Path) -> None:
    _claims(folder, 'never from zone "Local Zone" to zone "IMP"')
    result = _run("claims.cases")
    assert result.exit_code == 0
    assert 'claims.cases:2:1: note: never from zone "Local Zone"' in result.stdout
    assert "nothing registers at this edge" in result.stdout
