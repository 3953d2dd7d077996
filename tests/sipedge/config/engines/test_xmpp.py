"""The table [xmpp] and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.configuration import EDGE, errors, write

from sipedge.config import load_config
from sipedge.settings import XmppRoute

XMPP = """\
[xmpp]
domains = ["Ours.example.com."]
address = "192.0.2.1"
inside_address = "10.0.0.1"
security_mode = "no tls"
"""
ROUTE = '[[xmpp.route]]\ndomain = "partner.example.net"\naddress = "192.0.2.9"\n'


def test_no_table_is_no_federation(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, EDGE), create_secret=False).xmpp is None


def test_names_are_kept_as_they_are_compared_and_files_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "dialback").write_text("secret\n")
    text = EDGE + XMPP + 'dialback_secret_file = "dialback"\n' + ROUTE
    xmpp = load_config(write(tmp_path, text), create_secret=False).xmpp
    assert xmpp is not None
    assert xmpp.domains == ("ours.example.com",)
    assert xmpp.routes == (XmppRoute("partner.example.net", "192.0.2.9"),)
    assert xmpp.dialback_secret_file == str(tmp_path / "dialback")
    assert xmpp.folder == str(tmp_path / "edge.xmpp")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('allow = ["*.example.net"]\n', '"*.example.net" is not a host name'),
        ('allow = ["ours.example.com"]\n', '"ours.example.com" is our own: partners are meant here'),
        ('chat_node_aliases = ["ours.example.com"]\n', "a name stands twice among [xmpp] domains"),
        ('link_address = "192.0.2.1"\n', '"192.0.2.1" is not a loopback address'),
        ('restart_time = "3am"\n', '"3am" is not a time of day'),
        ('restart_time = "24:00"\n', '"24:00" is not a time of day'),
        ('crl = "missing.pem"\n', '"missing.pem" cannot be read'),
        ('dialback_secret_file = "missing"\n', '"missing" cannot be read'),
        ('privacy_mode = "on"\n', "privacy_mode"),
        ('[[xmpp.route]]\naddress = "192.0.2.9"\n', 'lacks "domain"'),
        (ROUTE.replace("partner.example.net", "ours.example.com"), '"ours.example.com" is our own'),
        (
            'privacy_mode = "deny list"\ndeny = ["partner.example.net"]\nuse_static_routes = true\n' + ROUTE,
            '"partner.example.net" has a static route and stands in the deny list',
        ),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, keys: str, sentence: str) -> None:
    found = errors(tmp_path, EDGE + XMPP + keys)
    assert len(found) == 1 and sentence in found[0], found


def test_both_listeners_need_an_address_of_their_own(tmp_path: Path) -> None:
    [error] = errors(tmp_path, EDGE + XMPP.replace("10.0.0.1", "192.0.2.1"))
    assert "address and inside_address are the same" in error


def test_tls_needs_a_certificate_and_trusted_cas(tmp_path: Path) -> None:
    with_tls = XMPP.replace('security_mode = "no tls"\n', "")
    found = errors(tmp_path, EDGE + with_tls)
    assert ["no server certificate" in error for error in found] == [True, False]
    assert "no trusted CAs" in found[1]
    ca = make_ca(tmp_path)
    leaf = issue(ca, names=["ours.example.com"])
    tls = (
        f'[tls]\nserver = [{{certificate = "{leaf.certificate}", key = "{leaf.key}"}}]\ntrusted = "{ca.certificate}"\n'
    )
    assert not errors(tmp_path, EDGE + tls + with_tls)
