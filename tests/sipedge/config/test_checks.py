"""What tables get wrong together."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import EDGE, errors, write

from sipedge.config import load_config

TCP = 'transport = "TCP"\n'


def _listener(name: str, address: str, port: int) -> str:
    return f'[[listener]]\nname = "{name}"\naddress = "{address}"\nport = {port}\n{TCP}'


def _zone(name: str, kind: str, rest: str = "") -> str:
    return f'[[zone]]\nname = "{name}"\ntype = "{kind}"\n{TCP}{rest}'


MISTAKES = [
    (
        _zone("One", "dns", "rate.messages_per_second = 50\nrate.per_peer = 60\n"),
        '9:17: zone "One" takes 50 requests a second in all, so "per_peer" cannot be 60',
        "write per_peer = 50 or less, or a larger messages_per_second",
    ),
    (
        _zone("One", "dns", "rate = { messages_per_second = 0.5, per_domain = 1 }\n"),
        '8:50: zone "One" takes 0.5 requests a second in all, so "per_domain" cannot be 1',
        "write per_domain = 0.5 or less, or a larger messages_per_second",
    ),
    (
        _zone("One", "dns", "longest_user_part = 99\n"),
        "8:21: 99 characters are too few for the edge's own Record-Route",
        "write 100 or more, or 0 for any number",
    ),
    (
        _zone("One", "dns", "b2bua.session_timer = 600\n"),
        '8:1: "b2bua" says nothing, because the zone "One" is no b2bua zone',
        'write topology = "b2bua" into the zone, or take the table out',
    ),
    (
        _zone("One", "dns", 'topology = "b2bua"\nb2bua.session_timer = 60\n'),
        "9:23: a session of 60 s is too short",
        "at least 90 seconds (RFC 4028 4), or 0 for none",
    ),
    (
        _zone("One", "dns", 'topology = "b2bua"\nb2bua.username = "nobody"\n'),
        '9:18: there is no credential for "nobody"',
        'add [[credential]] with username = "nobody" and a password',
    ),
    (
        _zone("One", "dns", 'tls.revocation = "hard"\n'),
        '8:18: zone "One" has no list to look for revocation in',
        'add crl = ["..."]',
    ),
    (
        _zone("One", "dns", 'tls.crl = ["."]\n'),
        '8:11: zone "One" does not look into its revocation lists',
        'add revocation = "soft" or revocation = "hard"',
    ),
    (
        _zone("One", "dns", 'tls.crl = ["missing.crl"]\ntls.revocation = "soft"\n'),
        '8:12: "missing.crl" cannot be read: No such file or directory',
        "",
    ),
    (
        _zone("One", "dns", 'tls.crl = ["edge.toml"]\ntls.revocation = "soft"\n'),
        '8:12: "edge.toml" holds no certificate revocation list',
        "it must be a list as its CA publishes it, in PEM or DER",
    ),
    (
        _zone("One", "dns") + _zone("ONE", "dns"),
        '9:8: there are two zones with the name "One"',
        "give one of them another name",
    ),
    (
        _listener("a", "::1", 1) + _listener("a", "::1", 2),
        '10:8: there are two listeners with the name "a"',
        "give one of them another name",
    ),
    (
        '[[credential]]\nusername = "u"\npassword = "p"\n' * 2,
        '8:12: there are two credentials with the name "u"',
        "give one of them another name",
    ),
    ('[[zone]]\ntype = "default"\n' * 2, '6:3: there are two zones with the name "Default Zone"', "give one of them"),
    (_zone("local zone", "dns"), '5:8: "local zone" is the name of a built-in zone', "give this zone another name"),
    (_zone("Default Zone", "dns"), '5:8: "Default Zone" is the name of a built-in zone', "give this zone another name"),
    (
        _listener("a", "127.0.0.1", 5060) + _listener("b", "0.0.0.0", 5060),
        '12:8: "b" listens on 0.0.0.0:5060, which "a" has already',
        "each listener and each traversal server zone needs a port of its own",
    ),
    (
        '[[credential]]\nusername = "u"\npassword = "p"\n'
        + _listener("a", "0.0.0.0", 7001)
        + _zone("T", "traversal server", 'username = "u"\n'),
        '12:3: "T" listens on 0.0.0.0:7001, which "a" has already',
        "each listener and each traversal server zone needs a port of its own",
    ),
    (
        '[[credential]]\nusername = "user"\npassword = "p"\n' + _zone("T", "traversal server", 'username = "usr"\n'),
        '11:12: there is no credential for "usr"',
        'did you mean "user"?',
    ),
    (
        _zone("T", "traversal client", 'username = "u"\npeers = ["a"]\n'),
        '8:12: there is no credential for "u"',
        'add [[credential]] with username = "u" and a password',
    ),
    (
        '[[credential]]\nusername = "u"\n',
        '4:3: [[credential]] needs either "password" or "password_file"',
        "a password in the file itself, or the name of a file whose first line is the password",
    ),
    (
        '[[credential]]\nusername = "u"\npassword = "p"\n[tls]\ntrusted = "t"\n'
        '[[zone]]\nname = "T"\ntype = "traversal server"\nusername = "u"\n',
        '9:3: zone "T" checks the certificate of its client but names no subject',
        'under [zone.tls] add subject_names = ["..."]: the name in the peer\'s certificate',
    ),
    (
        _zone("D", "dns", "inbound_mapping = true\n"),
        '4:3: zone "D" has "inbound_mapping" but names no subject',
        'under [zone.tls] add subject_names = ["..."]: the name in the peer\'s certificate',
    ),
    (
        _zone("N", "neighbor", 'peers = ["192.0.2.1"]\nlook_up = "service record"\n'),
        '8:9: zone "N" looks up a service record, so "peers" must be one domain',
        'write peers = ["example.com"], or look_up = "address"',
    ),
    (
        _zone("N", "neighbor", 'peers = ["a.example", "b", "A.example"]\n'),
        '8:28: the peer "A.example" stands twice',
        "write each peer once",
    ),
    (
        '[[listener]]\nname = "a"\naddress = "::1"\nport = 1\nclient_certificate = false\n',
        '4:3: "a" listens with TLS, but there is no server certificate',
        'add [[tls.server]] with certificate = "..." and key = "..."',
    ),
    (
        '[[zone]]\nname = "D"\ntype = "dns"\n',
        '4:3: zone "D" uses TLS, but no trusted CAs are named',
        'add trusted = "..." to [tls]: a PEM file with the CAs whose certificates peers may show',
    ),
]


@pytest.mark.parametrize(("text", "first", "hint"), MISTAKES, ids=[case[1] for case in MISTAKES])
def test_a_contradiction_is_shown_at_its_place(text: str, first: str, hint: str, tmp_path: Path) -> None:
    found = {lines[0]: lines[-1] for message in errors(tmp_path, EDGE + text) if (lines := message.split("\n    "))}
    assert f"edge.toml:{first}" in found
    assert found[f"edge.toml:{first}"].startswith(hint)


def test_a_broken_zone_is_a_known_zone_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text('search rule "x" {\n    target zone "N"\n}\n')
    text = '[edge]\nsystem_name = "e"\ndomains = ["x"]\ndialplans = ["plan"]\n' + _zone("N", "neighbor")
    assert [message.splitlines()[0] for message in errors(tmp_path, text)] == ['edge.toml:5:3: zone "N" lacks "peers"']


@pytest.mark.parametrize(
    ("one", "other"), [("127.0.0.1", "127.0.0.2"), ("0.0.0.0", "::"), ("::", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")]
)
def test_ports_that_do_not_collide(one: str, other: str, tmp_path: Path) -> None:
    port = 0 if one == other else 5060
    text = EDGE + _listener("a", one, port) + _listener("b", other, port)
    assert errors(tmp_path, text) == []


def test_traversal_server_zones_get_ports_from_7001(tmp_path: Path) -> None:
    servers = [("A", ""), ("B", "port = 7003\n"), ("C", ""), ("D", ""), ("E", "port = 0\n")]
    zones = "".join(_zone(name, "traversal server", f'username = "u"\n{rest}') for name, rest in servers)
    settings = load_config(write(tmp_path, EDGE + '[[credential]]\nusername = "u"\npassword = "p"\n' + zones))
    assert [(listener.zone, listener.port) for listener in settings.listeners] == [
        ("A", 7001),
        ("B", 7003),
        ("C", 7002),
        ("D", 7004),
        ("E", 0),
    ]


@pytest.mark.parametrize(
    ("zone", "problem"),
    [
        ('type = "default"\ntransport = "TCP"\n', "show no certificate over TCP"),
        ('type = "default"\nfrom_domain = "list"\n', 'has from_domain = "list" but no "from_domains"'),
        ('type = "default"\nfrom_domain = "any"\nfrom_domains = ["a.b"]\n', "which compares nothing"),
        ('type = "default"\nfrom_domains = ["a.b"]\n', ""),
        ('type = "default"\ntransport = "TCP"\nfrom_domain = "any"\n', ""),
        ('type = "default"\ntransport = "TCP"\nfrom_domain = "list"\nfrom_domains = ["a.b"]\n', ""),
    ],
)
def test_for_whom_peers_speak_must_be_possible_to_judge(tmp_path: Path, zone: str, problem: str) -> None:
    found = errors(tmp_path, EDGE + "[[zone]]\n" + zone)
    assert len(found) == bool(problem) and (not problem or problem in found[0])
