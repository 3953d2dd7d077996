"""The table [web] with what is published in it, and what it refuses, alone and beside the other tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.configuration import EDGE, errors, write

from sipedge.config import load_config
from sipedge.web_settings import MeetingServer, Publish

NAMES = ["edge.example.com", "join.example.com", "meet.example.com", "lyncdiscover.example.com", "feweb.example.com"]
WEB = '[web]\naddress = "192.0.2.1"\n'
MEETING = '[[web.meeting_server]]\nguest_uri = "Join.example.com."\n'
DIRECTOR = """\
[[web.publish]]
name = "Director"
public_names = ["meet.example.com", "lyncdiscover.example.com"]
servers = ["10.0.0.12"]
verify_name = "dir.inside.example.com"
"""
FRONT_END = """\
[[web.publish]]
name = "Front End"
public_names = ["feweb.example.com"]
servers = ["fe1.inside.example.com"]
"""


def _tls(folder: Path, names: list[str] = NAMES) -> str:
    ca = make_ca(folder)
    leaf = issue(ca, names=names)
    server = f'server = [{{certificate = "{leaf.certificate}", key = "{leaf.key}"}}]'
    return f'[tls]\n{server}\ntrusted = "{ca.certificate}"\n'


def test_no_table_publishes_nothing(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, EDGE), create_secret=False).web is None


def test_names_are_kept_as_they_are_compared_and_the_folder_lies_beside_the_file(tmp_path: Path) -> None:
    text = EDGE + _tls(tmp_path) + WEB + MEETING + DIRECTOR + 'backup = "Front End"\n' + FRONT_END
    web = load_config(write(tmp_path, text), create_secret=False).web
    assert web is not None
    assert web.meeting_servers == (MeetingServer("join.example.com"),)
    names = ("meet.example.com", "lyncdiscover.example.com")
    director = Publish("Director", names, ("10.0.0.12",), verify_name="dir.inside.example.com", backup="Front End")
    assert web.publish == (director, Publish("Front End", ("feweb.example.com",), ("fe1.inside.example.com",)))
    assert web.folder == str(tmp_path / "edge.web")
    assert web.addresses == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("tables", "sentence"),
    [
        ("", "[web] publishes nothing"),
        ('[[web.meeting_server]]\nguest_uri = "*.example.com"\n', '"*.example.com" is not a host name'),
        ("[[web.meeting_server]]\nport = 443\n", 'lacks "guest_uri"'),
        (MEETING + DIRECTOR.replace("meet.", "join."), '"join.example.com" is published twice'),
        (MEETING + MEETING, "it stands in line 10 already; a name leads to one pool"),
        (DIRECTOR + FRONT_END.replace("Front End", "director"), 'two rules are called "director"'),
        (DIRECTOR.replace('"10.0.0.12"', '"a.example.com", "a.example.com"'), 'server "a.example.com" stands twice'),
        (DIRECTOR.replace("verify_name", "#"), 'nothing says which name the certificate of "10.0.0.12" must have'),
        (DIRECTOR + 'backup = "Director"\n', '"Director" is its own backup'),
        (DIRECTOR + 'backup = "Front Ende"\n' + FRONT_END, 'no [[web.publish]] with the name "Front Ende"'),
        (MEETING.replace("Join", "other"), 'no certificate under [tls] server has "other.example.com" among its names'),
        (DIRECTOR.replace("10.0.0.12", "192.0.2.1") + "port = 443\n", "192.0.2.1 is where [web] listens itself"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, tables: str, sentence: str) -> None:
    found = errors(tmp_path, EDGE + _tls(tmp_path) + WEB + tables)
    assert len(found) == 1 and sentence in found[0], found


def test_a_wildcard_in_the_certificate_names_nothing(tmp_path: Path) -> None:
    [error] = errors(tmp_path, EDGE + _tls(tmp_path, ["edge.example.com", "*.example.com"]) + WEB + MEETING)
    assert 'has "join.example.com" among its names' in error


@pytest.mark.parametrize(
    ("domain", "table", "kind"),
    [
        ("join.example.com", "", "SIP domain"),
        ("example.com", '[xmpp]\ndomains = ["join.example.com"]\n', "XMPP domain"),
    ],
)
def test_the_guest_uri_is_no_sip_or_xmpp_domain(tmp_path: Path, domain: str, table: str, kind: str) -> None:
    xmpp = table and table + 'address = "192.0.2.5"\ninside_address = "10.0.0.5"\n'
    text = EDGE.replace('["example.com"]', f'["{domain}"]') + _tls(tmp_path) + xmpp + WEB + MEETING
    [error] = errors(tmp_path, text)
    assert f'the guest URI "join.example.com" is also a {kind}' in error


def test_tls_needs_a_certificate_and_trusted_cas(tmp_path: Path) -> None:
    found = errors(tmp_path, EDGE + WEB + MEETING)
    assert ["no server certificate" in error for error in found] == [True, False]
    assert "no trusted CAs are named" in found[1]


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (
            '[[listener]]\nname = "outside"\naddress = "192.0.2.1"\nport = 443\ntransport = "TLS"\n',
            'listener "outside"',
        ),
        ('[[listener]]\nname = "all"\naddress = "0.0.0.0"\nport = 80\ntransport = "TCP"\n', 'listener "all"'),
        ('[metrics]\nlisten = "192.0.2.1:443"\n', "[metrics]"),
    ],
)
def test_a_port_that_is_used_twice_is_named(tmp_path: Path, table: str, what: str) -> None:
    [error] = errors(tmp_path, EDGE + _tls(tmp_path) + table + WEB + MEETING)
    assert "[web] listens on 192.0.2.1:" in error and f"which {what} has" in error, error
