"""``sipedge csr``: needed names, certificates compared with them, and requests that OpenSSL reads."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from support.certificates import issue, make_ca

from sipedge.cli import main

CONFIG = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
names = ["sip.example.com"]
[tls]
server = [{certificate = "edge.pem", key = "edge.key"}]
"""
XMPP = """\
[xmpp]
domains = ["example.com"]
chat_node_aliases = ["chat.example.com"]
address = "192.0.2.1"
inside_address = "192.0.2.2"
"""
NAMES = ["edge.example.com", "sip.example.com", "example.com", "chat.example.com"]


def _run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["csr", *map(str, words)])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG + XMPP)
    return path


def test_each_name_has_its_feature_and_key_before_there_is_a_certificate(config: Path) -> None:
    result = _run(config)
    assert result.exit_code == 1
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert [line[0] for line in lines[1:5]] == NAMES
    assert "XMPP federation" in lines[3][1] and "[xmpp] domains" in lines[3][1]
    assert "edge.pem is not there yet" in result.stdout


def test_an_inside_edge_needs_the_chat_node_aliases_and_no_federated_domains(config: Path) -> None:
    (config.parent / "link").write_text("secret")
    pair = 'peer_address = "10.1.0.1"\npeer_subject_name = "expe.example.com"\nlink_secret_file = "link"\n'
    inside = XMPP.replace('address = "192.0.2.1"\n', "", 1) + 'role = "inside"\n' + pair
    config.write_text(CONFIG + inside)
    names = [line.split()[0] for line in _run(config).stdout.splitlines()[1:4]]
    assert names == ["edge.example.com", "sip.example.com", "chat.example.com"]


def test_published_names_are_needed_too(config: Path) -> None:
    web = """\
[web]
address = "192.0.2.1"
[[web.meeting_server]]
guest_uri = "join.example.com"
[[web.publish]]
name = "Director"
public_names = ["meet.example.com"]
servers = ["dir.example.com"]
"""
    config.write_text(config.read_text() + web)
    rows = {line.split()[0]: line for line in _run(config).stdout.splitlines()}
    assert "Meeting Server" in rows["join.example.com"] and "[[web.meeting_server]]" in rows["join.example.com"]
    assert 'web publishing   [[web.publish]] "Director"' in rows["meet.example.com"]


def test_two_edges_stand_side_by_side(config: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside.toml"
    inside.write_text(CONFIG.replace("edge.example.com", "inside.example.com"))
    rows = {line.split()[0]: line for line in _run(inside, config).stdout.splitlines()}
    assert "-" in rows["inside.example.com"].split() and "-" in rows["chat.example.com"].split()
    assert rows["sip.example.com"].count("[edge] names") == 2


def test_a_certificate_is_compared_with_what_is_needed(config: Path, tmp_path: Path) -> None:
    ca = make_ca(tmp_path)
    issue(ca, names=NAMES[:2], out=tmp_path / "edge")
    result = _run(config)
    assert result.exit_code == 1 and "edge.pem lacks example.com, chat.example.com" in result.stdout
    issue(ca, names=[name.upper() for name in NAMES], out=tmp_path / "edge")
    result = _run(config)
    assert result.exit_code == 0 and "edge.pem has all names" in result.stdout


def test_a_request_has_all_names_and_is_signed_with_a_key_for_its_owner(config: Path, tmp_path: Path) -> None:
    key = tmp_path / "new.key"
    for file in ("a.csr", "b.csr"):  # the second one with the key that the first one made
        result = _run(config, "--request", tmp_path / file, "--key", key)
        assert result.exit_code == 0, result.output
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    first, second = (x509.load_pem_x509_csr((tmp_path / file).read_bytes()) for file in ("a.csr", "b.csr"))
    assert first.is_signature_valid and first.public_key() == second.public_key()
    alternative = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternative.get_values_for_type(x509.DNSName) == NAMES
    assert first.subject.rfc4514_string() == "CN=edge.example.com"


def test_a_request_may_go_to_standard_output(config: Path, tmp_path: Path) -> None:
    result = _run(config, "--request", "-", "--key", tmp_path / "key")
    assert x509.load_pem_x509_csr(result.stdout_bytes).is_signature_valid


def test_mistakes_are_one_sentence(config: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.key").write_text("no key")
    broken = tmp_path / "broken.toml"
    broken.write_text(CONFIG + '[xmpp]\ndomains = ["*"]\n')
    (tmp_path / "no-pem.toml").write_text(CONFIG.replace("edge.pem", "bad.key"))
    for words, sentence in (
        ([config, "--request", "-", "--key", tmp_path / "bad.key"], "there is no private key in PEM form"),
        ([config, "--request", "-"], "a request needs one CONFIG and --key FILE"),
        ([config, "--key", "key"], "--key is for --request FILE"),
        ([broken], '"*" is not a host name'),
        ([tmp_path / "no-pem.toml"], "has no certificate in PEM form"),
    ):
        result = _run(*words)
        assert result.exit_code == 2 and sentence in result.output, result.output
