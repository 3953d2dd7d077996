"""TLS contexts of listeners and zones, built whole from files before any of them is used.

A reload builds a new ``TlsContexts`` and swaps it. For a file that cannot be used it is a ``TlsError`` of one sentence,
and the old contexts stay. An own certificate that is not valid now is an error line and no more: whatever does not need
it goes on. Contexts check the chain. Names and, where a zone tolerates more than OpenSSL does, the
extended key usage are judged after the handshake, before the first SIP byte counts (connections.py, zones.table).

No tickets and no session cache: a resumed session shows no certificate chain, and handshakes are rare here because
connections stay open.
"""

from __future__ import annotations

import hashlib
import logging
import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sipedge.certificates.chain import in_words
from sipedge.certificates.identity import IdentityError, certificate_names
from sipedge.settings import Certificate, Listener, Tls
from zones.names import any_match
from zones.zone import DefaultZone, ExtendedKeyUsage, TlsPolicy, Zone

from .openssl import disable_session_cache, keep_refused, take_refused, tolerate_key_usage

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only. All suites of TLS 1.3 are that."""
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


_log = logging.getLogger("sipedge.tls")


class _Object(ssl.SSLObject):
    """With a place for its only attribute: the dict that it else has takes 270 bytes."""

    __slots__ = ("_sslobj",)


class _Context(ssl.SSLContext):
    sslobject_class = _Object


class TlsError(ValueError):
    """Certificates, keys or settings that cannot work; ``str()`` is one sentence that names the file."""


class TlsContexts:
    """All contexts of one configuration, made from one reading of the files."""

    def __init__(
        self,
        tls: Tls,
        listeners: Iterable[Listener] = (),
        zones: Iterable[Zone] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        """``files``: from ``read_files``, which is called without them. Raises TlsError."""
        self._tls = tls
        files = read_files(tls) if files is None else files
        listeners, zones = tuple(listeners), tuple(zones)
        self._servers: dict[str, ssl.SSLContext] = {}
        self._clients: dict[tuple[ssl.TLSVersion, bool], ssl.SSLContext] = {}
        tolerant = [zone.name for zone in zones if _tolerant(zone.tls)]
        for listener in listeners:
            if listener.transport == "TLS":
                self._servers[listener.name] = server_context(tls, files, listener, ", ".join(tolerant))
        for zone in zones:
            # Requests of a dialog go back to strangers too, but an edge without TLS has its Default Zone all the same.
            if tls.trusted or (zone.transport == "TLS" and not isinstance(zone, DefaultZone)):
                self._clients.setdefault(_client_key(tls, zone.tls), client_context(tls, files, zone.tls, zone.name))
        if self._servers or self._clients:
            _log_invalid(tls, files)
        self.fingerprint = _fingerprint(tls, files, listeners, zones)
        """Equal only when no file, listener or zone differs: then open connections are like new ones."""

    def server(self, listener: str) -> ssl.SSLContext:
        """The context of a TLS listener. Raises KeyError."""
        return self._servers[listener]

    def client(self, policy: TlsPolicy) -> ssl.SSLContext:
        """The context for connections to a zone with this policy. Raises TlsError when no zone has such a policy."""
        try:
            return self._clients[_client_key(self._tls, policy)]
        except KeyError:
            raise TlsError("no trusted CAs are configured for TLS") from None


def server_context(
    tls: Tls, files: Mapping[str, bytes], listener: Listener, tolerant_zones: str = ""
) -> ssl.SSLContext:
    """``tolerant_zones``: names of zones that accept a client certificate without clientAuth. Raises TlsError."""
    if not tls.server:
        raise TlsError(f'listener "{listener.name}" uses TLS, but no server certificate is configured')
    contexts = []
    for certificate in tls.server:
        context = _context(ssl.PROTOCOL_TLS_SERVER, tls, files, VERSIONS[tls.minimum_version])
        context.verify_mode = ssl.CERT_REQUIRED if listener.client_certificate else ssl.CERT_OPTIONAL
        context.num_tickets = 0
        disable_session_cache(context)
        _tolerate(context, tolerant_zones)
        keep_refused(context)
        contexts.append((_load_identity(context, files, certificate), context))
    if len(contexts) > 1:
        contexts[0][1].sni_callback = _chooser(contexts)
    return contexts[0][1]


def client_context(tls: Tls, files: Mapping[str, bytes], policy: TlsPolicy, zone: str) -> ssl.SSLContext:
    """Raises TlsError."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, tls, files, _client_key(tls, policy)[0])
    _tolerate(context, zone if _tolerant(policy) else "")
    keep_refused(context)
    identity = tls.client or (tls.server[0] if tls.server else None)
    if identity is not None:
        _load_identity(context, files, identity)
    return context


def _client_key(tls: Tls, policy: TlsPolicy) -> tuple[ssl.TLSVersion, bool]:
    return max(VERSIONS[tls.minimum_version], VERSIONS[policy.minimum_version]), _tolerant(policy)


def _tolerant(policy: TlsPolicy) -> bool:
    return policy.extended_key_usage is not ExtendedKeyUsage.STRICT


def _tolerate(context: ssl.SSLContext, zones: str) -> None:
    if zones and not tolerate_key_usage(context):
        raise TlsError(
            f"this Python cannot tolerate other extended key usages, which zone {zones} asks for: "
            f'set extended_key_usage = "strict" there'
        )


def _context(protocol: int, tls: Tls, files: Mapping[str, bytes], minimum: ssl.TLSVersion) -> ssl.SSLContext:
    context = _Context(protocol)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = minimum
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    if not tls.trusted:
        raise TlsError("TLS is used, but no file of trusted CAs is configured")
    try:
        with _as_file(files[tls.trusted]) as trusted:
            context.load_verify_locations(cafile=trusted)
    except ssl.SSLError:
        raise TlsError(f"{tls.trusted}: holds no trusted CA in PEM form") from None
    return context


def _load_identity(context: ssl.SSLContext, files: Mapping[str, bytes], identity: Certificate) -> tuple[str, ...]:
    """Have the context present this certificate; returns its names. Raises TlsError."""
    leaf = _leaf(files, identity.certificate)
    try:
        with _as_file(files[identity.certificate]) as certificate, _as_file(files[identity.key]) as key:
            context.load_cert_chain(certificate, key, password=_no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsError(f"{identity.key}: is not the key of {identity.certificate}") from None
        raise TlsError(f"{identity.key}: holds no private key that can be used: {openssl_reason(error)}") from None
    except _EncryptedKey:
        raise TlsError(f"{identity.key}: is encrypted; a service cannot type the password") from None
    try:
        return certificate_names(leaf.public_bytes(Encoding.DER)).names
    except IdentityError as error:
        raise TlsError(f"{identity.certificate}: {error}") from None


def _leaf(files: Mapping[str, bytes], path: str) -> x509.Certificate:
    """The first certificate of a file. Raises TlsError when there is none."""
    try:
        return x509.load_pem_x509_certificates(files[path])[0]
    except ValueError:
        raise TlsError(f"{path}: holds no certificate in PEM form") from None


def _log_invalid(tls: Tls, files: Mapping[str, bytes]) -> None:
    """One line for each own certificate that peers will refuse now."""
    now = datetime.now(UTC)
    for path in dict.fromkeys(identity.certificate for identity in _identities(tls)):
        leaf = _leaf(files, path)
        if leaf.not_valid_after_utc < now:
            _log.error("%s: the certificate expired on %s UTC", path, f"{leaf.not_valid_after_utc:%Y-%m-%d %H:%M}")
        if leaf.not_valid_before_utc > now:
            since = f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M}"
            _log.error("%s: the certificate is not valid before %s UTC", path, since)


def _identities(tls: Tls) -> tuple[Certificate, ...]:
    return (*tls.server, *((tls.client,) if tls.client else ()))


def read_files(tls: Tls) -> dict[str, bytes]:
    """Path -> contents of all files that contexts are made of. Raises TlsError."""
    paths = [path for identity in _identities(tls) for path in (identity.certificate, identity.key)]
    return {path: _read(path) for path in filter(None, (*paths, tls.trusted))}


def _read(path: str) -> bytes:
    """Raises TlsError."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise TlsError(f"{path}: {error.strerror}") from None


@contextmanager
def _as_file(data: bytes) -> Iterator[str]:
    """A path in memory: Python hands certificates and keys to OpenSSL by file name only."""
    with open(os.memfd_create("pem"), "wb", buffering=0) as file:
        file.write(data)
        yield f"/proc/self/fd/{file.fileno()}"


class _EncryptedKey(Exception):
    pass


def _no_password() -> str:
    """Raises _EncryptedKey: OpenSSL would ask on the terminal and wait."""
    raise _EncryptedKey


def _chooser(
    identities: list[tuple[tuple[str, ...], ssl.SSLContext]],
) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], None]:
    """The SNI callback: the first identity that carries the name asked for, else the first of all."""

    def choose(connection: ssl.SSLObject, server_name: str | None, _: ssl.SSLContext) -> None:
        for names, context in identities:
            if server_name and any_match((server_name,), names, wildcards=True):
                connection.context = context
                return

    return choose


def _fingerprint(
    tls: Tls, files: Mapping[str, bytes], listeners: tuple[Listener, ...], zones: tuple[Zone, ...]
) -> bytes:
    digest = hashlib.sha256(repr([tls, listeners, zones]).encode())
    for data in files.values():
        digest.update(hashlib.sha256(data).digest())
    return digest.digest()


def handshake_reason(error: ssl.SSLError) -> str:
    """Why a handshake has just failed, and whose certificate was refused: its owner has to be told."""
    ders = take_refused()
    whose = f"; it is {in_words(ders)}" if ders and isinstance(error, ssl.SSLCertVerificationError) else ""
    return f"TLS handshake: {openssl_reason(error)}{whose}"


def openssl_reason(error: ssl.SSLError) -> str:
    """OpenSSL's reason in words: "certificate has expired", "wrong version number", "tlsv1 alert unknown ca"."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the peer's certificate was refused: {error.verify_message}"
    reason = (error.reason or "").lower().replace("_", " ")
    _, alert, text = reason.partition(" alert ")
    return f"the peer sent the TLS alert '{text}'" if alert else reason or error.strerror or "TLS error"
