"""One TLS connection as somebody else's Edge would open it: how far it gets, and every certificate that is shown.

Most of these handshakes verify nothing: a wrong certificate is to be looked at, not to be refused. The one that
verifies tells what OpenSSL says. Certificates are kept also when the handshake fails after they came.
"""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
import warnings
from dataclasses import dataclass, field, replace

from sipedge.doctor.facts.domain import NO_IPV6
from sipedge.doctor.facts.endpoint import Handshake
from sipedge.network.openssl import tolerate_key_usage
from sipedge.network.tls import CIPHERS, openssl_reason
from sipedge.network.tls_stream import WANT_MORE, TlsStream
from sipedge.settings import Certificate

ANY_SUITE = "ALL:!aNULL:@SECLEVEL=0"
"""However weak, so that all is seen that the other side can do; but with a certificate."""
MAX_CERTIFICATES = 16
_NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: dates are a check of their own."""
LATE = 0.5
"""Seconds in which a server of TLS 1.3 refuses a certificate, or has taken it."""
_DER = 2
_SPACE = 16384
VERSIONS = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
    "TLS 1.3": ssl.TLSVersion.TLSv1_3,
}


@dataclass(slots=True)
class Connection:
    """An open TLS connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tls: TlsStream
    _space: memoryview = field(default_factory=lambda: memoryview(bytearray(_SPACE)))

    async def handshake(self) -> None:
        """Raises ssl.SSLError, OSError; EOFError when the peer closes without an alert."""
        while not self._step():
            await self._flush()
            data = await self.reader.read(_SPACE)
            if not data:
                raise EOFError
            self.tls.receive(memoryview(data))
        await self._flush()

    def _step(self) -> bool:
        try:
            return self.tls.handshake()
        except ssl.SSLError:
            self.writer.write(self.tls.output())  # the alert
            raise

    async def send(self, data: bytes) -> None:
        self.tls.write(data)
        await self._flush()

    async def receive(self) -> bytes:
        """Some bytes; b"" at the end."""
        while (count := self.tls.read_into(lambda: self._space)) == WANT_MORE:
            data = await self.reader.read(_SPACE)
            if not data:
                return b""
            self.tls.receive(memoryview(data))
        return bytes(self._space[:count])

    async def _flush(self) -> None:
        self.writer.write(self.tls.output())
        await self.writer.drain()

    def close(self) -> None:
        self.tls.close()
        self.writer.write(self.tls.output())
        self.writer.close()

    @property
    def facts(self) -> Handshake:
        cipher = self.tls.object.cipher()
        return Handshake("", shown(self.tls), self.tls.object.version() or "", cipher[0] if cipher else "")


def shown(tls: TlsStream) -> tuple[bytes, ...]:
    """The certificates that came. Python 3.11 and 3.12 offer them on the inner object only."""
    inner = tls.object._sslobj  # type: ignore[attr-defined]
    chain = inner.get_unverified_chain() or ()
    return tuple(certificate.public_bytes(_DER) for certificate in chain[:MAX_CERTIFICATES])


async def reach(address: str, port: int, seconds: float) -> str:
    """'' when a TCP connection comes about, else why not."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except OSError as error:
        if ":" in address and error.errno in (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return NO_IPV6
        return os_words(error)
    writer.close()
    return ""


async def connect(address: str, port: int, context: ssl.SSLContext, server_name: str, seconds: float) -> Connection:
    """A connection after its handshake. Raises OSError (ssl.SSLError, TimeoutError among them), EOFError."""
    opened, _ = await _connect(address, port, context, server_name, seconds)
    return opened


async def try_handshake(
    address: str, port: int, context: ssl.SSLContext, server_name: str, seconds: float, *, patient: bool = True
) -> Handshake:
    """Connect, shake hands, close; never raises. ``patient``: wait for what a server of TLS 1.3 says afterwards."""
    stream = TlsStream(context, server_side=False, server_name=server_name or None)
    try:
        connection, _ = await _connect(address, port, context, server_name, seconds, stream)
    except TimeoutError:
        return Handshake(f"no answer within {seconds:g} s", shown(stream))
    except ssl.SSLCertVerificationError as error:
        return Handshake(openssl_reason(error), shown(stream), verify_code=error.verify_code)
    except ssl.SSLError as error:
        return Handshake(openssl_reason(error), shown(stream))
    except EOFError:
        return Handshake("the peer closed the connection without a word", shown(stream))
    except OSError as error:
        return Handshake(os_words(error), shown(stream))
    facts = connection.facts
    if patient and facts.version == "TLSv1.3" and (refusal := await _late_refusal(connection, seconds)):
        facts = replace(facts, error=refusal)
    connection.close()
    return facts


async def _late_refusal(connection: Connection, seconds: float) -> str:
    """In TLS 1.3 the client is done before the server has judged its certificate: wait a moment for the alert."""
    try:
        async with asyncio.timeout(min(seconds, LATE)):
            await connection.receive()
    except TimeoutError:
        return ""
    except ssl.SSLError as error:
        return openssl_reason(error)
    except OSError as error:
        return os_words(error)
    return "the peer closed the connection without a word"


def os_words(error: OSError) -> str:
    """asyncio puts the address where the reason should be."""
    return os.strerror(error.errno).lower() if error.errno else str(error).lower()


async def _connect(
    address: str, port: int, context: ssl.SSLContext, server_name: str, seconds: float, stream: TlsStream | None = None
) -> tuple[Connection, TlsStream]:
    tls = stream or TlsStream(context, server_side=False, server_name=server_name or None)
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(address, port)
        connection = Connection(reader, writer, tls)
        try:
            await connection.handshake()
        except BaseException:
            writer.close()
            raise
    return connection, tls


def looking_context(
    client: Certificate | None, oldest: str = "TLS 1.2", newest: str = "TLS 1.2", suites: str = ANY_SUITE
) -> ssl.SSLContext:
    """Verifies nothing. Raises OSError and ssl.SSLError for the client certificate's files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(suites)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are asked for to see that they are off
        context.minimum_version = VERSIONS[oldest]
        context.maximum_version = VERSIONS[newest]
    if client is not None:
        context.load_cert_chain(client.certificate, client.key, password="")
    return context


def edge_context(client: Certificate | None) -> ssl.SSLContext:
    """The suites of this edge, TLS 1.2 only."""
    return looking_context(client, suites=f"{CIPHERS}:@SECLEVEL=0")


def verifying_context(client: Certificate | None, trusted: str) -> ssl.SSLContext:
    """Verifies the chain as the edge does, but for dates and usage, which are checks of their own."""
    context = looking_context(client, newest="TLS 1.3")
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
    load_trusted(context, trusted)
    tolerate_key_usage(context)
    return context


def load_trusted(context: ssl.SSLContext, trusted: str) -> None:
    """``trusted``: a PEM file, '' for the system's own CAs. Raises OSError, ssl.SSLError."""
    if trusted:
        context.load_verify_locations(cafile=trusted)
    else:
        context.set_default_verify_paths()
