from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.certificates import issue, make_ca
from support.configuration import write
from support.messages import request

from sipedge.cli import main
from sipedge.topology.contacts import Contacts, Seat
from sipedge.topology.seals import Seals

CONFIG = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
dialplans = ["edge.dialplan"]
[[zone]]
name = "IMP"
type = "neighbor"
peers = ["192.0.2.5"]
port = 5062
transport = "TCP"
[[zone]]
name = "DNS"
type = "dns"
transport = "TCP"
"""
PLAN = r"""
transform "international" {
    pattern type regex
    pattern "00(\d+)@(.*)"
    behavior replace
    replace "+\1@\2"
}
search rule "chat" {
    priority 20
    traffic type microsoft im and presence
    mode alias pattern match
    pattern type suffix
    pattern "@%localdomain1%"
    behavior leave
    on successful match stop
    target zone "IMP"
}
search rule "signed in" {
    priority 30
    authenticated yes
    target zone "IMP"
}
search rule "routes" {
    priority 40
    mode alias pattern match
    pattern type suffix
    pattern ";lr"
    behavior leave
    target zone "IMP"
}
search rule "out" {
    priority 100
    source zone "IMP"
    target zone "DNS"
}
"""
MESSAGE = (
    "SUBSCRIBE sip:alice@example.com:5061;transport=tls SIP/2.0\r\n"
    "Via: SIP/2.0/TLS 192.0.2.9:5061;branch=z9hG4bK1\r\n"
    "{route}"
    "Max-Forwards: 70\r\n"
    "From: <sip:bob@example.org>;tag=1\r\n"
    "To: <sip:alice@example.com>\r\n"
    "Call-ID: 1\r\n"
    "CSeq: 1 SUBSCRIBE\r\n"
    "Event: presence\r\n"
    "Content-Length: 0\r\n\r\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, CONFIG)
    (tmp_path / "edge.dialplan").write_text(PLAN)
    (tmp_path / "subscribe.sip").write_text(MESSAGE.format(route=""), newline="")
    (tmp_path / "routed.sip").write_text(MESSAGE.format(route="Route: <sip:node.example.com;lr>\r\n"), newline="")
    return tmp_path


def _run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["locate", str(folder / "edge.toml"), *arguments])


def _json(folder: Path, *arguments: str) -> Any:
    result = _run(folder, *arguments, "--json")
    answer = json.loads(result.stdout)
    assert result.exit_code == (0 if answer["tiers"] else 1), result.stderr
    return answer


def test_json_has_the_promised_keys(folder: Path) -> None:
    assert _json(folder, "bob@example.com", "--from", "Default Zone", "--method", "MESSAGE") == {
        "alias": "bob@example.com",
        "transform": None,
        "searched": "bob@example.com",
        "tiers": [
            {"priority": 20, "stop": True, "targets": [{"rule": "chat", "zone": "IMP", "alias": "bob@example.com"}]}
        ],
        "trace": [
            {"rule": "chat", "priority": 20, "outcome": "matched"},
            {"rule": "signed in", "priority": 30, "outcome": "stopped"},
            {"rule": "routes", "priority": 40, "outcome": "stopped"},
            {"rule": "out", "priority": 100, "outcome": "stopped"},
        ],
    }


def test_json_with_reasons(folder: Path) -> None:
    answer = _json(folder, "bob@example.com", "--from", "Default Zone", "--why")
    assert answer["trace"][0] == {
        "rule": "chat",
        "priority": 20,
        "outcome": "traffic",
        "reason": "traffic type microsoft im and presence, but it is standard",
        "location": f"{folder / 'edge.dialplan'}:10:18",
    }


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("--traffic", "microsoft im and presence"), "chat"),
        (("--traffic", "Microsoft IM and Presence"), "chat"),
        (("--traffic", "microsoft_sip"), None),
        (("--method", "message"), "chat"),
        (("--method", "NOTIFY"), "chat"),
        (("--method", "NOTIFY", "--event", "dialog"), None),
        (("--method", "INVITE"), None),
        (("--method", "MESSAGE", "--traffic", "standard"), None),
        ((), None),
        (("--authenticated",), "signed in"),
    ],
)
def test_what_is_said_of_the_request_decides(folder: Path, arguments: tuple[str, ...], rule: str | None) -> None:
    answer = _json(folder, "bob@example.com", "--from", "Default Zone", *arguments)
    assert [tier["targets"][0]["rule"] for tier in answer["tiers"]] == ([rule] if rule else [])


def test_a_transform_comes_first(folder: Path) -> None:
    answer = _json(folder, "0044123@example.org", "--from", "IMP")
    assert (answer["transform"], answer["searched"]) == ("international", "+44123@example.org")
    assert answer["tiers"][0]["targets"] == [{"rule": "out", "zone": "DNS", "alias": "+44123@example.org"}]


@pytest.mark.parametrize(
    ("typed", "alias"),
    [
        ("sip:Bob@Example.com", "Bob@example.com"),
        ("sips:bob@example.com:5061;transport=tls", "bob@example.com"),
        ("bob@example.com;lr", "bob@example.com;lr"),
    ],
)
def test_an_alias_may_be_typed_as_a_uri(folder: Path, typed: str, alias: str) -> None:
    assert _json(folder, typed, "--from", "Local Zone")["alias"] == alias


def test_a_message_says_it_all(folder: Path) -> None:
    answer = _json(folder, "--message", str(folder / "subscribe.sip"), "--from", "Default Zone")
    assert answer["alias"] == "alice@example.com"
    assert answer["tiers"][0]["targets"][0]["rule"] == "chat"


def test_a_foreign_route_is_the_alias(folder: Path) -> None:
    answer = _json(folder, "--message", str(folder / "routed.sip"), "--from", "Default Zone")
    assert answer["alias"] == "node.example.com;lr"
    assert answer["tiers"][0]["targets"][0]["rule"] == "routes"


def test_a_message_that_the_edge_refuses_is_not_searched(folder: Path) -> None:
    message = (folder / "subscribe.sip").read_bytes()
    (folder / "odd.sip").write_bytes(message.replace(b"Call-ID", b"Proxy-Require: foo\r\nCall-ID", 1))
    arguments = ["locate", str(folder / "edge.toml"), "--message", str(folder / "odd.sip"), "--from", "Default Zone"]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (
        1,
        "the edge refuses this request: 420 Proxy-Require asks for what is not supported\n",
    )
    result = CliRunner().invoke(main, [*arguments, "--json"])
    refused = {"decided_by": "refused", "refused": "420 Proxy-Require asks for what is not supported"}
    assert (result.exit_code, json.loads(result.stdout)) == (1, refused)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ((), "From is not compared with a certificate, because none is given"),
        (("sip.else.example",), "the DNS would be asked whether the certificate vouches for From"),
        (("sip.else.example", "example.org"), "SUBSCRIBE with Event presence)"),
    ],
)
def test_a_message_is_judged_by_the_certificate_of_its_sender(folder: Path, names: tuple[str, ...], text: str) -> None:
    told = [argument for name in names for argument in ("--certificate", name)]
    result = _run(folder, "--message", str(folder / "subscribe.sip"), "--from", "Default Zone", *told)
    assert text in result.stdout


def test_a_certificate_needs_a_message(folder: Path) -> None:
    result = _run(folder, "a@example.com", "--from", "Default Zone", "--certificate", "x.example")
    assert result.exit_code == 2 and "give it with --message FILE" in result.stderr


def test_a_typed_alias_wins_over_the_message(folder: Path) -> None:
    answer = _json(folder, "x@example.com", "--message", str(folder / "routed.sip"), "--from", "Default Zone")
    assert answer["alias"] == "x@example.com"


def test_the_tree_for_people(folder: Path) -> None:
    result = _run(folder, "bob@example.com", "--from", "Default Zone", "--method", "MESSAGE")
    assert result.stdout == (
        "bob@example.com\n"
        "├── from Default Zone, not authenticated; microsoft im and presence (method MESSAGE)\n"
        "├── no transform\n"
        "├── priority 20, then stop\n"
        '│   └── IMP [TCP 192.0.2.5 port 5062] as bob@example.com  (rule "chat")\n'
        "└── rules\n"
        "    ├──    20 chat: matched\n"
        '    ├──    30 signed in: not reached: "chat" says stop\n'
        '    ├──    40 routes: not reached: "chat" says stop\n'
        '    └──   100 out: not reached: "chat" says stop\n'
    )


def test_the_tree_says_when_nothing_matches(folder: Path) -> None:
    result = _run(folder, "a\x1b[31mb@example.org", "--from", "Default Zone")
    assert result.exit_code == 1
    assert "├── no rule matches: 404 Not Found\n" in result.stdout
    assert "chat: traffic type microsoft im and presence, but it is standard\n" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "--from", "Default"), 'there is no zone "Default"; known: IMP, DNS, Default Zone, Local Zone'),
        (("--from", "IMP"), "an ALIAS is missing (or --message FILE, which gives it)"),
        (("sip:bob@", "--from", "IMP"), "'sip:bob@' has no host"),
        (("a", "--from", "IMP", "--traffic", "msft"), '"msft" is not a traffic type; known: standard, microsoft av,'),
        (("--from", "IMP", "--message", "none.sip"), '"none.sip" cannot be read: No such file or directory'),
    ],
)
def test_usage_errors(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    result = _run(folder, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"sipedge: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "is not a SIP message: "),
        (MESSAGE.format(route="").replace(MESSAGE.partition("\r\n")[0], "SIP/2.0 200 OK"), "is a response"),
    ],
)
def test_files_that_are_no_request(folder: Path, text: str, message: str) -> None:
    file = folder / "x.sip"
    file.write_text(text, newline="")
    result = _run(folder, "--from", "IMP", "--message", str(file))
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_broken_configuration_is_status_2(folder: Path) -> None:
    write(folder, CONFIG + "x = 1\n")
    result = _run(folder, "a", "--from", "IMP")
    assert result.exit_code == 2
    assert 'edge.toml:15:1: zone "DNS" has no key "x"' in result.stderr


XMPP = """\
[xmpp]
domains = ["example.com"]
address = "192.0.2.1"
inside_address = "192.0.2.2"
security_mode = "no tls"
allow = ["partner.example.net"]
"""


def test_the_way_of_stanzas_to_a_partner(tmp_path: Path) -> None:
    path = str(write(tmp_path, CONFIG.replace('dialplans = ["edge.dialplan"]\n', "") + XMPP))
    result = CliRunner().invoke(main, ["locate", path, "--xmpp", "partner.example.net"])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [
        "partner.example.net is allowed: it stands in allow",
        "  to SRV _xmpp-server._tcp.partner.example.net",
    ]
    result = CliRunner().invoke(main, ["locate", path, "--xmpp", "other.example.net", "--json"])
    assert result.exit_code == 1 and json.loads(result.stdout)["allowed"] is False


def test_questions_about_stanzas_stand_alone_and_need_the_table(tmp_path: Path) -> None:
    path = str(write(tmp_path, CONFIG.replace('dialplans = ["edge.dialplan"]\n', "")))
    for words, sentence in (
        (["--xmpp", "a.example"], "has no [xmpp]"),
        (["--web", "https://a.example/"], "has no [web]"),
        (["--xmpp", "a.example", "--from", "DNS"], "--xmpp DOMAIN stands alone"),
        (["bob@example.com"], "Missing option '--from'."),
    ):
        result = CliRunner().invoke(main, ["locate", path, *words])
        assert result.exit_code == 2 and sentence in result.stderr


WEB = """\
[tls]
server = [{{certificate = "{leaf}.pem", key = "{leaf}.key"}}]
trusted = "{leaf}.pem"
[web]
address = "192.0.2.1"
[[web.publish]]
name = "Director"
public_names = ["meet.example.com"]
servers = ["dir.example.com"]
"""


def test_the_way_of_a_request_for_a_published_service(tmp_path: Path) -> None:
    issue(make_ca(tmp_path), names=["meet.example.com"], out=tmp_path / "leaf")
    text = CONFIG.replace('dialplans = ["edge.dialplan"]\n', "") + WEB.format(leaf=tmp_path / "leaf")
    path = str(write(tmp_path, text))
    result = CliRunner().invoke(main, ["locate", path, "--web", "https://meet.example.com/alice/XYZ"])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [
        '[[web.publish]] "Director", at 192.0.2.1:443',
        "  to dir.example.com:4443 (A and AAAA), verified as dir.example.com",
    ]
    result = CliRunner().invoke(main, ["locate", path, "--web", "http://meet.example.com/", "--json"])
    assert result.exit_code == 1 and json.loads(result.stdout)["answer"].startswith("301: to https://meet")
    for words, sentence in (
        (["--web", "meet"], '"meet" is not a URL'),
        (["--web", "https://a/", "--xmpp", "a.example"], "--xmpp DOMAIN stands alone"),
        (["--web", "https://a/", "alice"], "--web URL stands alone"),
    ):
        result = CliRunner().invoke(main, ["locate", path, *words])
        assert result.exit_code == 2 and sentence in result.stderr


def test_both_faces_of_a_message_from_a_hidden_zone_are_shown(tmp_path: Path) -> None:
    write(tmp_path, PLAN, "edge.dialplan")
    config = str(write(tmp_path, CONFIG.replace("port = 5062", 'topology = "hidden"\nport = 5062')))
    message = request(uri="sip:bob@elsewhere.example", extra=("User-Agent: Jabber/15",))
    file = tmp_path / "one.sip"
    file.write_bytes(message.to_bytes())
    asked = ("locate", config, "--from", "IMP", "--message", str(file))
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0
    assert 'what "DNS" sees is edge.example.com: "IMP" is hidden\n' in result.stdout
    assert "\n  - User-Agent: Jabber/15\n" in result.stdout and "\n  + Call-ID: sealed-" in result.stdout
    (face,) = json.loads(CliRunner().invoke(main, [*asked, "--json"]).stdout)["faces"]
    assert face["zone"] == "DNS" and ["User-Agent: Jabber/15", ""] in face["lines"]


def test_a_sealed_contact_is_opened(tmp_path: Path) -> None:
    secret = bytes(range(32))
    write(tmp_path, PLAN, "edge.dialplan")
    write(tmp_path, secret.hex() + "\n", "edge.secret")
    config = str(write(tmp_path, CONFIG.replace("port = 5062", 'topology = "hidden"\nport = 5062')))
    seat = Seat("edge.example.com:5060", "tcp", "")
    sealed = Contacts(Seals(secret), ("IMP",), frozenset()).sealed("sip:alice@10.1.2.3", "IMP", seat)
    result = CliRunner().invoke(main, ["locate", config, sealed, "--from", "DNS"])
    assert result.exit_code == 1
    assert result.stdout == 'a sealed Contact of zone "IMP": sip:alice@10.1.2.3; no rule is asked\n'
