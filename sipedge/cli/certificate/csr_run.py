"""The names of certificates side by side, what is missing in those that are there, and a request for a new one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rich.table import Table

from sipedge.certificates.identity import UNREADABLE, certificate_names
from sipedge.certificates.request import signing_request
from sipedge.cli.files import check_readable, replace_text, unreadable, unwritable
from sipedge.cli.problems import fail
from sipedge.cli.screen import console
from sipedge.config import ConfigError
from sipedge.queries.certificate_names import CertificateNeeds, certificate_needs


def run(configs: Sequence[str], request: str | None, key: str | None) -> int:
    """The exit status: 0 where every certificate has all names, or a request is written."""
    needs = {config: _needs(config) for config in configs}
    if request is None and key is not None:
        raise click.UsageError("--key is for --request FILE")
    if request is not None:
        return _request(needs, request, key)
    _print_names(needs)
    complete = [_compare(certificate, entry) for entry in needs.values() for certificate in entry.certificates]
    for config, entry in needs.items():
        if not entry.certificates:
            click.echo(f"{config} has no certificate: none stands under [tls] server")
            complete.append(False)
    return 0 if all(complete) else 1


def _needs(config: str) -> CertificateNeeds:
    check_readable(config)
    try:
        return certificate_needs(config)
    except ConfigError as error:
        fail(error.problems)


def _print_names(needs: Mapping[str, CertificateNeeds]) -> None:
    """One row for each name, one column for each configuration with the key that it comes from."""
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "feature", *needs):
        table.add_column(heading)
    rows = {entry.name: entry.feature for each in needs.values() for entry in each.names}
    for name, feature in rows.items():
        keys = ({entry.name: entry.key for entry in each.names} for each in needs.values())
        table.add_row(name, feature, *(found.get(name, "-") for found in keys))
    console().print(table)


def _compare(file: str, needs: CertificateNeeds) -> bool:
    """Whether the certificate names everything; what it lacks is printed. A wildcard is no name (RFC 5922 7.2)."""
    try:
        with open(file, "rb") as stream:
            der = x509.load_pem_x509_certificates(stream.read())[0].public_bytes(Encoding.DER)
        names = certificate_names(der).names
    except FileNotFoundError:
        click.echo(f"{file} is not there yet")
        return False
    except OSError as error:
        raise unreadable(file, error) from None
    except UNREADABLE:
        raise click.UsageError(f'"{file}" has no certificate in PEM form') from None
    missing = [entry.name for entry in needs.names if entry.name not in names]
    click.echo(f"{file} {'lacks ' + ', '.join(missing) if missing else 'has all names'}")
    return not missing


def _request(needs: Mapping[str, CertificateNeeds], file: str, key: str | None) -> int:
    if len(needs) != 1 or key is None:
        raise click.UsageError("a request needs one CONFIG and --key FILE")
    [entry] = needs.values()
    try:
        text = signing_request([needed.name for needed in entry.names], _key(key)).decode()
    except ValueError as error:
        raise click.UsageError(f'"{key}": {error}') from None
    if file == "-":
        click.echo(text, nl=False)
    else:
        replace_text(file, text)
    return 0


def _key(file: str) -> bytes:
    """The key that is there, or a new one that only its owner can read."""
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unreadable(file, error) from None
    made = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
            stream.write(made)
    except OSError as error:
        raise unwritable(file, error) from None
    return made
