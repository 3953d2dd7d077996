"""The files that edge.toml names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from support.certificates import issue, make_ca
from support.configuration import EDGE, errors, write

from sipedge.config import load_config


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    ca = make_ca(folder)
    shutil.copy(ca.certificate, folder / "ca.pem")
    issue(ca, names=["edge.example.com"], out=folder / "edge")
    issue(ca, names=["other.example.com"], out=folder / "other")
    key = load_pem_private_key((folder / "edge.key").read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    (folder / "locked.key").write_bytes(locked)
    (folder / "empty").write_text("\n")
    (folder / "short.secret").write_text("00ff\n")
    return folder


def _server(certificate: str, key: str) -> str:
    return f'[[tls.server]]\ncertificate = "{certificate}"\nkey = "{key}"\n'


MISTAKES = [
    (_server("none.pem", "edge.key"), '5:15: "none.pem" cannot be read: No such file or directory'),
    (_server("edge.pem", "."), '6:7: "." cannot be read: Is a directory'),
    (_server("edge.key", "edge.key"), '5:15: "edge.key" has no certificate in PEM form'),
    (_server("edge.pem", "edge.pem"), '6:7: "edge.pem" has no private key in PEM form'),
    (_server("edge.pem", "locked.key"), '6:7: the key "locked.key" is encrypted'),
    (_server("edge.pem", "other.key"), '6:7: the key "other.key" does not belong to the certificate "edge.pem"'),
    (
        '[tls]\nclient = { certificate = "edge.pem", key = "no" }\n',
        '5:44: "no" cannot be read: No such file or directory',
    ),
    ('[tls]\ntrusted = "none.pem"\n', '5:11: "none.pem" cannot be read: No such file or directory'),
    ('[tls]\ntrusted = "empty"\n', '5:11: "empty" has no usable CA certificate: no certificate or crl found'),
    (
        '[[credential]]\nusername = "u"\npassword_file = "none"\n',
        '6:17: "none" cannot be read: No such file or directory',
    ),
    ('[[credential]]\nusername = "u"\npassword_file = "empty"\n', '6:17: "empty" has no password on its first line'),
    (
        'secret_file = "short.secret"\n',
        '4:15: "short.secret" does not hold a secret of at least 32 bytes in hexadecimal',
    ),
]


@pytest.mark.parametrize(("text", "first"), MISTAKES, ids=[case[1] for case in MISTAKES])
def test_a_file_that_does_not_do_is_named_where_it_is_written(text: str, first: str, folder: Path) -> None:
    assert [message.split("\n")[0] for message in errors(folder, EDGE + text)] == [f"edge.toml:{first}"]


def test_a_chain_may_follow_the_certificate(folder: Path) -> None:
    chain = (folder / "edge.pem").read_bytes() + (folder / "ca.pem").read_bytes()
    (folder / "chain.pem").write_bytes(chain)
    settings = load_config(write(folder, EDGE + _server("chain.pem", "edge.key")), create_secret=False)
    assert settings.tls.server[0].certificate == str(folder / "chain.pem")


def test_a_secret_of_the_admins_own_is_taken(folder: Path) -> None:
    (folder / "own.secret").write_text("ab" * 32)
    settings = load_config(write(folder, EDGE + 'secret_file = "own.secret"\n'))
    assert settings.secret == b"\xab" * 32
