from __future__ import annotations

import pickle
from pathlib import Path

from support.configuration import EDGE, errors, write

from sipedge.config import load_config
from zones.zone import DefaultZone

RULE = """\
[[zone]]
type = "default"
[[zone.access_rule]]
name = "partners"
priority = 1
action = "allow"
pattern_type = "regex"
"""


def test_a_bad_pattern_is_shown_at_the_character(tmp_path: Path) -> None:
    assert errors(tmp_path, EDGE + RULE + "pattern = 'sip.(partner'\n") == [
        "edge.toml:11:24: a ( without )\n"
        "    pattern = 'sip.(partner'\n"
        "                           ^\n"
        "    close the group with )"
    ]


def test_where_escapes_move_characters_the_value_is_shown(tmp_path: Path) -> None:
    (message,) = errors(tmp_path, EDGE + RULE + 'pattern = "\\\\d(x"\n')
    assert message.startswith("edge.toml:11:11: a ( without )")


def test_two_rules_with_one_name(tmp_path: Path) -> None:
    rule = RULE + 'pattern = "x"\n' + RULE.partition("\n[[")[2].join(["[[", 'pattern = "y"\n'])
    (message,) = errors(tmp_path, EDGE + rule)
    assert message.startswith('edge.toml:13:8: there are two access rules with the name "partners"')


def test_variables_stand_for_what_this_edge_is(tmp_path: Path) -> None:
    listener = '[[listener]]\nname = "a"\naddress = "127.0.0.1"\nport = 0\ntransport = "TCP"\n'
    path = write(tmp_path, EDGE + RULE + "pattern = '(edge\\.%localdomain1%|%ip%|%systemname%)'\n" + listener)
    (zone,) = load_config(path).zones
    assert isinstance(zone, DefaultZone)
    matches = zone.access_rules[0].matches
    names = ["EDGE.example.com", "127.0.0.1", "edgeXexample.com", "0.0.0.0", "x.edge.example.com"]
    assert [matches(name) for name in names] == [True, True, False, False, False]


def test_what_is_in_force_can_be_kept_by_the_supervisor(tmp_path: Path) -> None:
    settings = load_config(write(tmp_path, EDGE + RULE + "pattern = 'sip\\.partner\\..*'\n"), create_secret=False)
    zone = next(zone for zone in settings.zones if isinstance(zone, DefaultZone))
    (rule,) = pickle.loads(pickle.dumps(zone)).access_rules
    assert rule.matches("SIP.partner.example") and not rule.matches("sip.other.example")
