"""The table [console.oidc]."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.configuration import write

from sipedge.config import ConfigError
from sipedge.config.console_table import read_console

GOOD = '[console.oidc]\nissuer = "https://id.example.com"\nclient_id = "sipedge"\nroles = { admins = "admin" }\n'


def test_the_secret_is_read_from_its_file_and_shown_nowhere(tmp_path: Path) -> None:
    write(tmp_path, "a secret\n", "oidc.secret")
    oidc = read_console(write(tmp_path, GOOD + 'client_secret_file = "oidc.secret"\n')).console.oidc
    assert oidc is not None and oidc.client_secret == "a secret" and "a secret" not in repr(oidc)
    assert (oidc.claim, oidc.roles, oidc.client_secret_file) == (
        "groups",
        {"admins": "admin"},
        str(tmp_path / "oidc.secret"),
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("https://id.example.com", "http://id.example.com", '"http://id.example.com" is no address of a provider'),
        ("https://id.example.com", "id.example.com", "with https://"),
        ('"admin"', '"boss"', "boss"),
        ('{ admins = "admin" }', "{}", "roles"),
        ('client_id = "sipedge"', "", "client_id"),
        ("[console.oidc]", '[console.oidc]\nscope = "profile"', "does not ask for an ID token"),
        ("[console.oidc]", '[console.oidc]\nca = "none.pem"', "none.pem"),
        ("[console.oidc]", '[console.oidc]\nclient_secret_file = "none"', '"none" cannot be read'),
        ("[console.oidc]", '[console.oidc]\nclient_secret = "x"', "client_secret"),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_console(write(tmp_path, GOOD.replace(old, new)))
    assert sentence in str(error.value.problems[0]).replace(str(tmp_path) + "/", "")
