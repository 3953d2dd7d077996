"""Is a certificate revoked? Asks the OCSP responder that it names (RFC 6960), over HTTP, small and once.

Where the answer comes from is written in the certificate, by somebody else: only http:// and addresses that may be
connected to are asked, the answer is bounded, and its signature must be the issuer's or its delegate's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from sipedge.doctor.checks.result import About, Result
from sipedge.doctor.probes.chain import Chain, responders
from sipedge.sip.uri import UriError, split_host_port
from zones.addresses import canonical_address, may_connect
from zones.names import host_name

if TYPE_CHECKING:
    from .tools import Tools

CHECK = "tls.revocation"
LARGEST_ANSWER = 65536


class NotAsked(Exception):
    """Why nothing is known; ``str()`` is one sentence."""


async def check_revocation(about: About, chain: Chain, tools: Tools) -> Result:
    """Never raises: what cannot be asked or read is not run, with the reason."""
    try:
        if not tools.options.revocation:
            raise NotAsked("not asked for")
        issuer = _issuer(chain)
        response = await _ask(_responder(chain), chain.leaf, issuer, tools)
        return _judge(about, chain.leaf, issuer, response)
    except NotAsked as reason:
        return about.not_run(CHECK, str(reason))


def _issuer(chain: Chain) -> x509.Certificate:
    if len(chain.path) < 2:
        raise NotAsked("the issuer's certificate is not sent, and without it OCSP cannot be asked")
    return chain.path[1]


def _responder(chain: Chain) -> str:
    found = [url for url in responders(chain.leaf) if url.lower().startswith("http://")]
    if not found:
        raise NotAsked("the certificate names no OCSP responder with http; revocation lists (CRL) are not fetched")
    return found[0]


async def _ask(url: str, leaf: x509.Certificate, issuer: x509.Certificate, tools: Tools) -> ocsp.OCSPResponse:
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, SHA1()).build().public_bytes(Encoding.DER)
    parts = urlsplit(url)
    try:
        host, port = split_host_port(parts.netloc)
    except UriError as error:
        raise NotAsked(f"the OCSP responder's address cannot be read: {error}") from None
    address = await _address(host, tools)
    try:
        async with tools.slots, asyncio.timeout(tools.options.bounds.check):
            return ocsp.load_der_ocsp_response(await _post(address, port or 80, host, parts.path or "/", request))
    except (OSError, EOFError) as error:
        raise NotAsked(f"the OCSP responder {ascii(host)} gave no answer: {error or 'in time'}") from None
    except (ValueError, asyncio.LimitOverrunError):
        raise NotAsked(f"the answer of the OCSP responder {ascii(host)} cannot be read") from None


async def _address(host: str, tools: Tools) -> str:
    literal = canonical_address(host)
    if not literal and not host_name(host):
        raise NotAsked("the OCSP responder has no host name")
    found = [literal] if literal else (await tools.dns.ask(host, "A")).addresses
    good = [one for one in found if may_connect(one, allow_loopback=tools.options.allow_loopback)]
    if not good:
        raise NotAsked(f"the OCSP responder {ascii(host)} has no address to connect to")
    return good[0]


async def _post(address: str, port: int, host: str, path: str, body: bytes) -> bytes:
    """HTTP/1.0: the answer ends with the connection. Raises OSError, EOFError, ValueError."""
    if not path.isascii() or not path.isprintable() or " " in path:
        raise ValueError(path)
    reader, writer = await asyncio.open_connection(address, port, limit=LARGEST_ANSWER)
    try:
        head = f"POST {path} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/ocsp-request\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        status, _, _ = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        if b" 200" not in status[:16]:
            raise ValueError(status)
        answer = b""
        while len(answer) <= LARGEST_ANSWER and (data := await reader.read(LARGEST_ANSWER)):
            answer += data
        return answer
    finally:
        writer.close()


def _judge(about: About, leaf: x509.Certificate, issuer: x509.Certificate, response: ocsp.OCSPResponse) -> Result:
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise NotAsked(f"the OCSP responder refused: {response.response_status.name.lower().replace('_', ' ')}")
    if response.serial_number != leaf.serial_number:
        raise NotAsked("the OCSP responder answered about another certificate")
    if not _is_signed(response, issuer):
        raise NotAsked("the OCSP responder's signature is not the issuer's")
    status = response.certificate_status
    if status is ocsp.OCSPCertStatus.REVOKED:
        return about.failed(CHECK, f"revoked on {response.revocation_time_utc:%Y-%m-%d}")
    if status is ocsp.OCSPCertStatus.UNKNOWN:
        return about.warning(CHECK, "the OCSP responder does not know the certificate")
    return about.ok(CHECK, "not revoked (OCSP)")


def _is_signed(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """By the issuer, or by a certificate that the issuer gave out for this (RFC 6960 4.2.2.2)."""
    for signer in (issuer, *response.certificates):
        try:
            if signer != issuer:
                signer.verify_directly_issued_by(issuer)
                if ExtendedKeyUsageOID.OCSP_SIGNING not in _usages(signer):
                    continue
            _verify(response, signer)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            continue
        return True
    return False


def _usages(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return []


def _verify(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    """Raises InvalidSignature, TypeError for other kinds of keys."""
    key, digest = signer.public_key(), response.signature_hash_algorithm
    if digest is None:
        raise TypeError
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(digest))
    else:
        raise TypeError
