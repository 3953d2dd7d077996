"""What one table alone can get wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.configuration import EDGE, errors

from sipedge.config.reading import schema
from zones.zone import STRANGERS, NeighborZone, RatePolicy

NEIGHBOR = '[[zone]]\nname = "IMP"\ntype = "neighbor"\ntransport = "TCP"\n'
DEFAULT = '[[zone]]\ntype = "default"\n'
LISTENER = '[[listener]]\nname = "in"\ntransport = "TCP"\n'

MISTAKES = [
    (EDGE + DEFAULT + "rate.pace = -1\n", '6:13: "pace" must be at least 0, not -1', ""),
    (EDGE + DEFAULT + "rate.per_peer = inf\n", '6:17: "per_peer" must be a finite number', ""),
    (EDGE + DEFAULT + 'rate.per_domain = "9"\n', '6:19: "per_domain" must be a number', "write it without quotes"),
    (EDGE + DEFAULT + "rate.burst = 0\n", '6:14: "burst" must be larger than 0, not 0', ""),
    (EDGE + DEFAULT + "rate.pace_wait = 26\n", '6:18: "pace_wait" must be at most 25, not 26', ""),
    (EDGE + DEFAULT + "rate.subscribe_targets = 1.5\n", '6:26: "subscribe_targets" must be a whole number', ""),
    (EDGE + DEFAULT + "rate.paces = 1\n", '6:1: "rate" of this zone has no key "paces"', 'did you mean "pace"?'),
    (EDGE + "[limits]\nban_after = -1\n", '5:13: "ban_after" must be at least 0, not -1', ""),
    (EDGE + "[limits]\nban_time = 0\n", '5:12: "ban_time" must be larger than 0, not 0', ""),
    (
        '[edges]\na = 1\n[edge]\nsystem_name = "e"\ndomains = ["x"]\n',
        '1:2: there is no table "edges"',
        'did you mean "edge"?',
    ),
    ("", '1:1: [edge] lacks "system_name"', "add a line system_name = ..."),
    (EDGE + "histori = 3\n", '4:1: [edge] has no key "histori"', 'did you mean "history"?'),
    (EDGE + "zzz = 3\n", '4:1: [edge] has no key "zzz"', "known: system_name, domains, dialplans, names, addresses,"),
    (EDGE + "history = -1\n", '4:11: "history" must be at least 0, not -1', ""),
    (EDGE + 'route_grace = "2030"\n', '4:15: "route_grace" must be a date', "write it without quotes: 2030-01-31"),
    (EDGE + "route_grace = 2030-01-31T10:00:00\n", '4:15: "route_grace" must be a date', "write it without quotes"),
    (EDGE + "route_age = -1\n", '4:13: "route_age" must be at least 0, not -1', ""),
    (EDGE + 'history = "9"\n', '4:11: "history" must be a whole number', "write it without quotes"),
    (EDGE + "keep_uri_parameters = 1\n", '4:23: "keep_uri_parameters" must be true or false', "write true or false"),
    (EDGE + "secret_file = 1\n", '4:15: "secret_file" must be text', "write it in quotes"),
    (EDGE + 'dialplans = "a"\n', '4:13: "dialplans" must be an array', 'write it in brackets: ["one", "two"]'),
    (EDGE + 'names = ["a.example", "b c"]\n', '4:23: "b c" is not a host name', "write it like edge.example.com"),
    (EDGE + 'names = ["-a.example"]\n', '4:10: "-a.example" is not a host name', "write it like"),
    (
        EDGE + 'names = ["*.example.com"]\n',
        '4:10: "*.example.com" is not a host name',
        "without port, scheme or wildcard",
    ),
    (EDGE + 'addresses = ["192.0.2.300"]\n', '4:14: "192.0.2.300" is not an IPv4 or IPv6 address', "write it like"),
    ('[edge]\nsystem_name = "e"\ndomains = []\n', '3:11: "domains" must not be empty', ""),
    (
        EDGE + '[tls]\nminimum_version = "1.1"\n',
        '5:19: "1.1" is not a value of "minimum_version"',
        'write "1.2" or "1.3"',
    ),
    (EDGE + "[tls]\nminimum_version = 1.2\n", '5:19: 1.2 is not a value of "minimum_version"', 'write "1.2" or "1.3"'),
    (EDGE + 'tls = "on"\n', '4:1: [edge] has no key "tls"', "known:"),
    ('tls = "on"\n' + EDGE, '1:7: "[tls]" must be a table', "write it under a [header]"),
    (EDGE + '[tls]\nserver = [{ certificat = "a" }]\n', '5:11: "server" of [tls] lacks "certificate"', "add a line"),
    (EDGE + LISTENER + 'address = "::1"\nport = 65536\n', '8:8: "port" must be at most 65535, not 65536', ""),
    (EDGE + LISTENER + 'address = "localhost"\nport = 1\n', '7:11: "localhost" is not an IPv4 or IPv6 address', ""),
    (EDGE + LISTENER + 'address = "::1"\n', '4:3: listener "in" lacks "port"', "add a line port = ..."),
    (EDGE + '[[listener]]\nname = ""\nport=1\naddress="::1"\n', '5:8: "name" must not be empty', ""),
    ("listener = 1\n" + EDGE, '1:1: "listener" must be an array of tables', "write it under [[listener]]"),
    ("zone = [1]\n" + EDGE, '1:9: "zone" must hold tables only', "write each one under [[zone]]"),
    (
        EDGE + '[[zone]]\nname = "IMP"\ntype = "neighbour"\n',
        '6:8: "neighbour" is not a type of zone',
        'did you mean "neighbor"?',
    ),
    (EDGE + '[[zone]]\nname = "IMP"\n', '4:3: zone "IMP" lacks "type"', "known: neighbor, traversal server,"),
    (EDGE + "[[zone]]\ntype = 3\n", '5:8: "3" is not a type of zone', "known: neighbor, traversal server,"),
    (EDGE + NEIGHBOR, '4:3: zone "IMP" lacks "peers"', "add a line peers = ..."),
    (EDGE + NEIGHBOR + "peers = []\n", '8:9: "peers" must not be empty', ""),
    (
        EDGE + NEIGHBOR + 'peers = ["a", "b", "c", "d", "e", "f", "g"]\n',
        '8:9: "peers" has too many entries; at most 6 are possible',
        "",
    ),
    (EDGE + NEIGHBOR + 'peers = ["a:5061"]\n', '8:10: "a:5061" is not a host name', "without port, scheme or wildcard"),
    (EDGE + NEIGHBOR + 'peers = ["a"]\nport = 0\n', '9:8: "port" must be at least 1, not 0', ""),
    (EDGE + NEIGHBOR + 'peers = ["a"]\nhop_count = 256\n', '9:13: "hop_count" must be at most 255, not 256', ""),
    (EDGE + NEIGHBOR + 'peers = ["a"]\nservice = "sips"\n', '9:11: "sips" is not a service and protocol', "_sips._tcp"),
    (
        EDGE + NEIGHBOR + 'peers = ["a"]\nmonitor_interval = 0\n',
        '9:20: "monitor_interval" must be larger than 0, not 0',
        "",
    ),
    (
        EDGE + NEIGHBOR + 'peers = ["a"]\nmonitor_interval = nan\n',
        '9:20: "monitor_interval" must be a finite number',
        "",
    ),
    (
        EDGE + NEIGHBOR + 'peers = ["a"]\nlook_up = "srv"\n',
        '9:11: "srv" is not a value of "look_up"',
        'write "address" or',
    ),
    (EDGE + NEIGHBOR + 'peers = ["a"]\nhue = "x"\n', '9:1: zone "IMP" has no key "hue"', "known: name, hop_count,"),
    (EDGE + NEIGHBOR + 'peers = ["a"]\nrealm = "x"\n', '9:1: zone "IMP" has no key "realm"', "traversal server"),
    (EDGE + NEIGHBOR + 'peers = ["a"]\npassword = 1\n', '9:1: zone "IMP" has no key "password"', "[[credential]]"),
    (
        EDGE + NEIGHBOR + 'peers = ["a"]\naccess_rule = []\n',
        '9:1: zone "IMP" has no key "access_rule"',
        'of type "default"',
    ),
    (
        EDGE + NEIGHBOR + 'peers = ["a"]\ntls.extended_key_usage = "strickt"\n',
        '9:26: "strickt" is not a value of "extended_key_usage"',
        'write "strict", "warn" or "off"',
    ),
    (
        EDGE + NEIGHBOR + 'peers = ["a"]\n[zone.tls]\nsubject_name = "x"\n',
        '10:1: "tls" of zone "IMP" has no key "subject_name"',
        'did you mean "subject_names"?',
    ),
    (
        EDGE + f'[[zone]]\ntype = "dns"\nname = "{"x" * 51}"\n',
        '6:8: "name" has 51 characters; at most 50 are possible',
        "",
    ),
    (
        EDGE + '[[zone]]\ntype = "dns"\nname = "a\\tb"\n',
        "6:8: the name 'a\\tb' holds a character",
        "no quotes, backslashes",
    ),
    (
        EDGE + '[[zone]]\ntype = "default"\nname = "Rest"\n',
        '6:8: "Rest" is not a value of "name"',
        'write "Default Zone"',
    ),
    (EDGE + "[limits]\nmessage = 0\n", '5:11: "message" must be larger than 0, not 0', ""),
    (EDGE + "[limits]\nidle = inf\n", '5:8: "idle" must be a finite number', ""),
    (EDGE + "[timers]\nc = 180\n", '5:5: "c" must be larger than 180, not 180', ""),
    (
        EDGE + '[dns]\nservers = ["ns.example.com"]\n',
        '5:12: "ns.example.com" is not the address of a DNS server',
        "write it like",
    ),
    (EDGE + '[dns]\nservers = ["[::1]:0"]\n', '5:12: "[::1]:0" is not the address of a DNS server', "write it like"),
    (EDGE + "[dns]\nattempts = 11\n", '5:12: "attempts" must be at most 10, not 11', ""),
]


@pytest.mark.parametrize(("text", "first", "hint"), MISTAKES, ids=[case[1] for case in MISTAKES])
def test_a_mistake_is_shown_at_its_place(text: str, first: str, hint: str, tmp_path: Path) -> None:
    message = errors(tmp_path, text)[0]
    assert message.startswith(f"edge.toml:{first}")
    assert hint in message.rpartition("\n")[2]


@pytest.mark.parametrize("line", ['password = ["geheim"]', 'pasword = "geheim"', 'password = ""\nx = "geheim"'])
def test_what_may_be_a_password_is_not_shown(line: str, tmp_path: Path) -> None:
    found = "\n".join(errors(tmp_path, EDGE + f'[[credential]]\nusername = "u"\n{line}\n'))
    assert "edge.toml:6:" in found
    assert "geheim" not in found


def test_all_mistakes_are_found_at_once(tmp_path: Path) -> None:
    text = EDGE + 'history = -1\n[limits]\nidle = -1\nheaders = 0.5\n[[zone]]\ntype = "dns"\nhop_count = "x"\n'
    assert [message.split(": ")[0] for message in errors(tmp_path, text)] == [
        "edge.toml:4:11",
        "edge.toml:6:8",
        "edge.toml:7:11",
        "edge.toml:8:3",
        "edge.toml:10:13",
    ]


def test_a_mirrored_model_has_the_defaults_of_its_record() -> None:
    model = schema.ZONES["neighbor"].model_validate({"type": "neighbor", "name": "x", "peers": ["a"]})
    fields = model.model_dump(exclude={"type", "tls", "rate", "b2bua"})
    assert NeighborZone(**fields) == NeighborZone(name="x", peers=("a",))


def test_each_key_of_a_rate_has_the_default_of_its_zone() -> None:
    model = schema.ZONES["dns"].model_validate({"type": "dns", "name": "x", "rate": {"pace": 5}})
    assert RatePolicy(**model.model_dump(include={"rate"})["rate"]) == replace(STRANGERS, pace=5)
