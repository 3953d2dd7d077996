"""The keys of [xmpp] that each role needs, and those that do nothing in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.configuration import EDGE, errors

PAIR = 'peer_address = "10.1.0.10"\npeer_subject_name = "other.example.com"\nlink_secret_file = "link"\n'
SIDE = {"outside": 'address = "192.0.2.1"\n', "inside": 'inside_address = "10.0.0.1"\n'}


def _errors(folder: Path, role: str, keys: str, trusted: bool = True) -> list[str]:
    ca = make_ca(folder)
    leaf = issue(ca, names=["edge.example.com"])
    tls = f'[tls]\nserver = [{{certificate = "{leaf.certificate}", key = "{leaf.key}"}}]\n'
    tls += f'trusted = "{ca.certificate}"\n' if trusted else ""
    (folder / "link").write_text("secret\n")
    return errors(folder, f'{EDGE}{tls}[xmpp]\ndomains = ["example.com"]\nrole = "{role}"\n{keys}')


@pytest.mark.parametrize("role", ["outside", "inside"])
def test_an_edge_of_a_pair_needs_its_own_side_and_the_other_edge(tmp_path: Path, role: str) -> None:
    assert _errors(tmp_path, role, SIDE[role] + PAIR) == []
    assert len(_errors(tmp_path, role, "")) == 4


@pytest.mark.parametrize(
    ("role", "key", "hint"),
    [
        ("outside", 'servers = ["imp.example.com"]', "write it in the configuration of the inside edge"),
        ("inside", 'allow = ["partner.example.net"]', "write it in the configuration of the outside edge"),
        ("inside", '[[xmpp.route]]\ndomain = "p.example.net"\naddress = "192.0.2.9"', "the outside edge"),
    ],
)
def test_a_key_of_the_other_edge_is_an_error(tmp_path: Path, role: str, key: str, hint: str) -> None:
    [error] = _errors(tmp_path, role, SIDE[role] + PAIR + key + "\n")
    assert f'does nothing where role = "{role}"' in error and hint in error


def test_keys_of_a_pair_do_nothing_where_one_edge_has_both_sides(tmp_path: Path) -> None:
    found = _errors(tmp_path, "both", SIDE["outside"] + SIDE["inside"] + PAIR)
    assert [error.split('"')[1] for error in found] == ["peer_address", "peer_subject_name", "link_secret_file"]


def test_both_sides_are_needed_without_a_role(tmp_path: Path) -> None:
    assert ['lacks "address"' in error for error in _errors(tmp_path, "both", SIDE["inside"])] == [True]


def test_the_link_wants_trusted_cas_even_where_partners_show_no_certificates(tmp_path: Path) -> None:
    keys = SIDE["outside"] + PAIR + 'security_mode = "no tls"\nrequire_client_certificates = false\n'
    [error] = _errors(tmp_path, "outside", keys, trusted=False)
    assert "no trusted CAs" in error and "require_client_certificates" not in error
