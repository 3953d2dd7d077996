"""The table [turn] with its users, and what it refuses, alone and beside the other tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.configuration import EDGE, errors, write

from sipedge.config import load_config
from sipedge.web_settings import PRIVATE, TurnUser

TURN = '[turn]\naddress = "192.0.2.1"\nrealm = "example.com"\n'
USER = '[[turn.user]]\nusername = "cms"\npassword_file = "password"\n'


@pytest.fixture(autouse=True)
def _password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")


def test_no_table_is_no_turn_server(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, EDGE), create_secret=False).turn is None


def test_users_have_their_passwords_from_files_and_nobody_prints_them(tmp_path: Path) -> None:
    turn = load_config(write(tmp_path, EDGE + TURN + USER), create_secret=False).turn
    assert turn is not None
    assert turn.users == (TurnUser("cms", "secret"),)
    assert turn.deny_peers == PRIVATE
    assert turn.folder == str(tmp_path / "edge.turn")
    assert "secret" not in repr(turn)


@pytest.mark.parametrize(
    ("keys", "tables", "sentence"),
    [
        ("", "", "[turn] has no user, so nobody can use it"),
        ("ports = [30000, 24000]\n", USER, "[30000, 24000] is not a range of ports"),
        ("further_ports = [3478]\n", USER, "a port stands twice in [turn]"),
        ("port = 24001\n", USER, "port 24001 listens, and lies among those of relayed addresses"),
        ('deny_peers = ["10.0.0.0/33"]\n', USER, '"10.0.0.0/33" is not a network'),
        ("tls_port = 5349\n", USER, "[turn] has a port for TLS, and [tls] has no server certificate for it"),
        ("", USER + USER, 'the user "cms" stands twice'),
        ("", USER.replace('"cms"', '"c:m"'), "'c:m' is not a user name for TURN"),
        ("", USER.replace('"password"', '"missing"'), '"missing" cannot be read'),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, keys: str, tables: str, sentence: str) -> None:
    found = errors(tmp_path, EDGE + TURN + keys + tables)
    assert len(found) == 1 and sentence in found[0], found


def test_no_private_network_can_be_reached_from_outside_but_what_is_excepted(tmp_path: Path) -> None:
    denied = ", ".join(f'"{network}"' for network in PRIVATE if not network.startswith("10."))
    [error] = errors(tmp_path, EDGE + TURN + f"deny_peers = [{denied}]\n" + USER)
    assert "peers in 10.0.0.0/8 can be reached through TURN from outside" in error
    assert not errors(tmp_path, EDGE + TURN + 'allow_peers = ["10.0.0.7/32"]\n' + USER)


def test_a_published_server_is_not_reached_through_turn(tmp_path: Path) -> None:
    ca = make_ca(tmp_path)
    leaf = issue(ca, names=["meet.example.com"])
    tls = f'[tls]\nserver = [{{certificate = "{leaf.certificate}", key = "{leaf.key}"}}]\n'
    web = (
        f'[web]\naddress = "192.0.2.1"\ntrusted = "{ca.certificate}"\n[[web.publish]]\nname = "Director"\n'
        'public_names = ["meet.example.com"]\nservers = ["10.0.0.12"]\nverify_name = "dir.example.com"\n'
    )
    [error] = errors(tmp_path, EDGE + tls + web + TURN + 'allow_peers = ["10.0.0.0/24"]\n' + USER)
    assert '10.0.0.12, a server of "Director", can be reached through TURN from outside' in error


def test_the_address_is_one_that_clients_can_be_told(tmp_path: Path) -> None:
    [error] = errors(tmp_path, EDGE + TURN.replace("192.0.2.1", "0.0.0.0") + USER)
    assert "0.0.0.0 is no address that clients can be told" in error


def test_a_listener_and_turn_do_not_share_a_port(tmp_path: Path) -> None:
    listener = '[[listener]]\nname = "outside"\naddress = "0.0.0.0"\nport = 3478\ntransport = "TCP"\n'
    [error] = errors(tmp_path, EDGE + listener + TURN + USER)
    assert '[turn] listens on 192.0.2.1:3478, which listener "outside" has' in error


def test_the_port_of_https_is_shared_at_the_same_address_only(tmp_path: Path) -> None:
    [error] = errors(tmp_path, EDGE + TURN + "beside_https = true\n" + USER)
    assert "[web] does not listen on 192.0.2.1" in error
