"""The files that ``edge.toml`` names: certificates, keys, trusted CAs, passwords and the secret of the Route tokens."""

from __future__ import annotations

import hashlib
import os
import secrets
import ssl
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from sipedge.settings import Certificate

from .positions import Path
from .reader import Reader

SECRET_BYTES = 32
_FILE_LIMIT = 4 * 1024 * 1024


def in_folder_of(config: str, name: str) -> str:
    """File names in the configuration are relative to its folder."""
    return os.path.join(os.path.dirname(config), name)


def check_certificate(reader: Reader, path: Path, files: Certificate) -> None:
    """Reports files that are missing, are no PEM, do not belong together or that OpenSSL refuses."""
    leaf = _leaf_key(reader, (*path, "certificate"), files.certificate)
    own = _own_key(reader, (*path, "key"), files.key)
    if leaf is None or own is None:
        return
    if _der(leaf) != _der(own):
        message = f'the key "{files.key}" does not belong to the certificate "{files.certificate}"'
        reader.problem(
            (*path, "key"), message, "the first certificate of the file must be the edge's own, then its chain"
        )
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)
    except (ssl.SSLError, OSError) as error:
        reader.problem((*path, "certificate"), f'OpenSSL refuses "{files.certificate}": {_reason(error)}')


def check_trusted(reader: Reader, path: Path, file: str) -> None:
    if _read(reader, path, file) is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except (ssl.SSLError, OSError) as error:
        hint = "it must hold the CA certificates as PEM, one after the other"
        reader.problem(path, f'"{file}" has no usable CA certificate: {_reason(error)}', hint)


def check_crl(reader: Reader, path: Path, place: str) -> None:
    """A file of a revocation list, or a folder. What a folder holds comes and goes: it is read while the edge runs."""
    if os.path.isdir(place):
        return
    raw = _read(reader, path, place)
    if raw is None:
        return
    try:
        if raw.lstrip().startswith(b"-----BEGIN"):
            x509.load_pem_x509_crl(raw)
        else:
            x509.load_der_x509_crl(raw)
    except (ValueError, x509.InvalidVersion):
        hint = "it must be a list as its CA publishes it, in PEM or DER"
        reader.problem(path, f'"{place}" holds no certificate revocation list', hint)


def read_password(reader: Reader, path: Path, file: str) -> str | None:
    """The first line of a password file."""
    raw = _read(reader, path, file)
    if raw is None:
        return None
    password = raw.decode(errors="replace").partition("\n")[0].rstrip("\r")
    if not password or "\N{REPLACEMENT CHARACTER}" in password:
        reader.problem(path, f'"{file}" has no password on its first line')
        return None
    return password


def read_secret(reader: Reader, path: Path, file: str, create: bool) -> bytes:
    """The key of the Record-Route tokens; b"" when there is none. A missing file is made with mode 0600 when
    ``create``."""
    if not os.path.exists(file):
        return _store_secret(reader, path, file, secrets.token_bytes(SECRET_BYTES)) if create else b""
    raw = _read(reader, path, file)
    if raw is None:
        return b""
    try:
        secret = bytes.fromhex(raw.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) < SECRET_BYTES:
        hint = "remove the file: the next start makes a new one (calls that are up then lose their way)"
        reader.problem(path, f'"{file}" does not hold a secret of at least {SECRET_BYTES} bytes in hexadecimal', hint)
    return secret


def _store_secret(reader: Reader, path: Path, file: str, secret: bytes) -> bytes:
    """A file that another process made in the meantime wins."""
    try:
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as stream:
            stream.write(secret.hex() + "\n")
    except FileExistsError:
        return read_secret(reader, path, file, create=False)
    except OSError as error:
        reader.problem(path, f'the secret cannot be written to "{file}": {error.strerror}')
    return secret


def _leaf_key(reader: Reader, path: Path, file: str) -> PublicKeyTypes | None:
    raw = _read(reader, path, file)
    if raw is None:
        return None
    try:
        return x509.load_pem_x509_certificates(raw)[0].public_key()
    except (ValueError, TypeError):
        reader.problem(path, f'"{file}" has no certificate in PEM form', "it begins with -----BEGIN CERTIFICATE-----")
    return None


def _own_key(reader: Reader, path: Path, file: str) -> PublicKeyTypes | None:
    raw = _read(reader, path, file)
    if raw is None:
        return None
    try:
        return load_pem_private_key(raw, None).public_key()
    except TypeError:
        reader.problem(
            path, f'the key "{file}" is encrypted', "store it without a passphrase, readable for the edge only"
        )
    except ValueError:
        reader.problem(path, f'"{file}" has no private key in PEM form', "it begins with -----BEGIN PRIVATE KEY-----")
    return None


def _der(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _read(reader: Reader, path: Path, file: str) -> bytes | None:
    try:
        with open(file, "rb") as stream:
            return stream.read(_FILE_LIMIT)
    except OSError as error:
        reader.problem(path, f'"{file}" cannot be read: {error.strerror}')
    return None


def _reason(error: OSError) -> str:
    """OpenSSL's reason in words: ``EE_KEY_TOO_SMALL`` becomes ``ee key too small``."""
    reason = getattr(error, "reason", None) or error.strerror or str(error)
    return str(reason).replace("_", " ").lower()


def revision_of(texts: Iterable[tuple[str, str]]) -> str:
    """The revision of a configuration: one digest over the texts that a person writes.

    ``texts``: (name, text) of ``edge.toml`` first, then of the dial plans, named and ordered as there. Keys, passwords
    and the secret are in files of their own and do not count, nor do certificates: they are renewed by others, and a
    renewed one is no other configuration. It is what ``sha256sum edge.toml edge.dialplan | sha256sum`` prints in the
    folder of ``edge.toml``.
    """
    return _digest("".join(_line(name, _digest(text)) for name, text in texts))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _line(name: str, digest: str) -> str:
    """As sha256sum writes it: a name with a line end or a backslash cannot be taken for two names."""
    written = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if written == name else chr(92)}{digest}  {written}\n"
