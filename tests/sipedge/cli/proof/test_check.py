from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from support.configuration import EDGE, write

from sipedge.cli import main

LISTENER = """
[[listener]]
name = "l"
address = "127.0.0.1"
port = 0
transport = "TCP"
"""


DECIDED = """
[[zone]]
type = "default"
from_domain = "any"
transport = "TCP"
allow_private = false
authentication_trust = false
"""
GOOD = "good (1 listener, 0 zones and the Default Zone)"


def test_good(tmp_path: Path) -> None:
    path = write(
        tmp_path, EDGE + "route_age = 2592000\n" + LISTENER + DECIDED.replace('"any"', '"list"\nfrom_domains = ["a"]')
    )
    result = CliRunner().invoke(main, ["check", str(path)])
    assert (result.exit_code, result.stdout) == (0, f"{path}: {GOOD}\n")
    assert list(tmp_path.iterdir()) == [path]


def test_an_upgrade_is_told_what_is_refused_now_until_the_keys_are_written(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + LISTENER)
    result = CliRunner().invoke(main, ["check", str(path)])
    notes = [line for line in result.stdout.splitlines() if "[new-default]" in line]
    assert result.exit_code == 0 and result.stdout.endswith(f"{GOOD}\n") and len(notes) == 4
    (place,) = {line.partition(": note: ")[0] for line in notes if "Default Zone" in line}
    assert place == f"{path}:1:1"
    path = write(tmp_path, EDGE + LISTENER + DECIDED)
    result = CliRunner().invoke(main, ["check", str(path), "--json"])
    (note,) = map(json.loads, result.stdout.splitlines())
    assert (result.exit_code, note["id"], note["level"], note["line"]) == (0, "new-default", "note", 1)
    assert "route_age = 0 sets no limit" in note["mend"]


def test_what_a_dns_zone_refuses_of_itself_is_noted(tmp_path: Path) -> None:
    zone = '[dns]\nservers = ["{}"]\n[[zone]]\ntype = "dns"\nname = "Out"\ntransport = "TCP"\n{}'
    for server, key, noted in (
        ("10.0.0.53", "", True),
        ("[fd00::53]:5353", "", True),
        ("10.0.0.53:5353", "allow_private = true\n", False),
        ("127.0.0.1", "", False),
        ("192.0.2.53", "", False),
    ):
        path = write(tmp_path, EDGE + zone.format(server, key))
        result = CliRunner().invoke(main, ["check", str(path)])
        note = f'{path}: note: zone "Out" connects to no private address, but the DNS server '
        assert (note in result.stdout) == noted
        assert ("allow_private = true lets them pass" in result.stdout) == noted


def test_broken(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + "histori = 1\nkeep_uri_parameters = 0\n")
    result = CliRunner().invoke(main, ["check", str(path)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f'{path}:4:1: [edge] has no key "histori"\n'
        "    histori = 1\n"
        "    ^\n"
        '    did you mean "history"?\n'
        f'{path}:5:23: "keep_uri_parameters" must be true or false\n'
        "    keep_uri_parameters = 0\n"
        "                          ^\n"
        "    write true or false without quotes\n"
        "sipedge: 2 errors\n"
    )


def test_colours_are_for_terminals(tmp_path: Path) -> None:
    path = write(tmp_path, EDGE + "histori = 1\n")
    assert "\x1b[" not in CliRunner().invoke(main, ["check", str(path)]).stderr
    assert "\x1b[31m    ^" in CliRunner().invoke(main, ["check", str(path)], color=True).stderr


def test_no_such_file() -> None:
    result = CliRunner().invoke(main, ["check", "none.toml"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == 'sipedge: "none.toml" cannot be read: No such file or directory\n'


PLAN = """search rule "partner" {
    mode alias pattern match
    pattern type regex
    pattern ".*@sub.partner\\.example"
    behavior leave
    on successful match stop
    target zone "Partner"
}
"""


def test_findings_of_a_dial_plan(tmp_path: Path) -> None:
    path = write(tmp_path, PLAN, "partner.dialplan")
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 3
    assert result.stdout.startswith(
        f'{path}:1:1: note: search rule "partner" sends requests from zone "Partner" back to it [sent-back]\n'
    )
    assert (
        f'{path}:4:20: warning: a dot in the pattern of "partner" stands for any character: '
        "it matches alice@subapartner.example too [unescaped-dot]\n"
        '        pattern ".*@sub.partner\\.example"\n'
        "                       ^\n"
        "    write \\. for the dot\n"
        '    for example alice@subapartner.example from zone "Default Zone", microsoft im and presence (MESSAGE)\n'
    ) in result.stdout
    assert result.stdout.endswith(f"{path}: 1 warning, 1 note (0 transforms, 1 search rule)\n")


def test_notes_alone_are_good(tmp_path: Path) -> None:
    path = write(tmp_path, PLAN.replace("sub.", r"sub\."), "partner.dialplan")
    result = CliRunner().invoke(main, ["check", str(path)])
    assert (result.exit_code, result.stdout.count("note:")) == (0, 1)
    assert result.stdout.endswith(f"{path}: good (0 transforms, 1 search rule)\n")


def test_findings_of_a_configuration_know_its_zones(tmp_path: Path) -> None:
    write(tmp_path, PLAN.replace("Partner", "DNS").replace("    mode", '    source zone "DNS"\n    mode'), "p.dialplan")
    zone = 'dialplans = ["p.dialplan"]\n\n[[zone]]\ntype = "dns"\nname = "DNS"\ntransport = "TCP"\n'
    result = CliRunner().invoke(main, ["check", str(write(tmp_path, EDGE + zone + LISTENER)), "--json"])
    assert result.exit_code == 3
    found = [one for one in map(json.loads, result.stdout.splitlines()) if one["level"] != "note"]
    assert [(one["id"], one["line"], one["column"]) for one in found] == [
        ("source-never-sends", 2, 17),
        ("unescaped-dot", 5, 20),
    ]
    assert found[0]["witness"] is None
    assert found[1]["witness"] == {
        "alias": "alice@subapartner.example",
        "zone": "DNS",
        "traffic": "microsoft im and presence",
        "method": "MESSAGE",
        "authenticated": False,
    }


def test_json_of_a_broken_plan(tmp_path: Path) -> None:
    path = write(tmp_path, PLAN.replace(".*@sub.", "%localdomain%"), "partner.dialplan")
    result = CliRunner().invoke(main, ["check", str(path), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["id"] == "unknown-variable"
    assert "unknown variable" in result.stderr
