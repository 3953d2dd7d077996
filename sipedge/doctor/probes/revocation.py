"""Asks the OCSP responder that a certificate names (RFC 6960), over HTTP, small and once.

A stranger's certificate names the responder. So only http:// and addresses that may be connected to are asked, and the
answer is bounded.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from sipedge.certificates.chain import Chain, responders
from sipedge.doctor.facts.options import Options
from sipedge.doctor.facts.revocation import OcspAnswer, RevocationFacts, Unasked
from sipedge.sip.uri import split_host_port
from zones.addresses import Allowed, canonical_address, forbidden
from zones.names import host_name

from .dns_client import DnsClient

LARGEST_ANSWER = 65536


class NotAsked(Exception):
    """Why nothing is known; ``str()`` is one sentence."""


async def ask_revocation(chain: Chain, options: Options, dns: DnsClient, slots: asyncio.Semaphore) -> RevocationFacts:
    """Never raises."""
    if not options.revocation:
        return Unasked("not asked for")
    try:
        issuer = _issuer(chain)
        host, port, path = _place(_responder(chain))
        address = await _address(host, dns, options.allowed)
        request = ocsp.OCSPRequestBuilder().add_certificate(chain.leaf, issuer, SHA1()).build()
        body = request.public_bytes(Encoding.DER)
        async with slots:
            answer = await _exchange(address, port, host, path, body, options.bounds.check)
        return OcspAnswer(chain.leaf, issuer, answer)
    except NotAsked as reason:
        return Unasked(str(reason))


def _issuer(chain: Chain) -> x509.Certificate:
    if len(chain.path) < 2:
        raise NotAsked("the issuer's certificate is not sent, and without it OCSP cannot be asked")
    return chain.path[1]


def _responder(chain: Chain) -> str:
    urls = [url for url in responders(chain.leaf) if url.lower().startswith("http://")]
    if not urls:
        raise NotAsked("the certificate names no OCSP responder with http; revocation lists (CRL) are not fetched")
    return urls[0]


def _place(url: str) -> tuple[str, int, str]:
    """Host, port and path."""
    try:
        parts = urlsplit(url)
        host, port = split_host_port(parts.netloc)
    except ValueError as error:  # UriError is one
        raise NotAsked(f"the OCSP responder's address cannot be read: {error}") from None
    return host, port or 80, parts.path or "/"


async def _address(host: str, dns: DnsClient, allowed: Allowed) -> str:
    literal = canonical_address(host)
    if not literal and not host_name(host):
        raise NotAsked("the OCSP responder has no host name")
    addresses = (literal,) if literal else (await dns.ask(host, "A")).addresses
    good = [address for address in addresses if not forbidden(address, allowed)]
    if not good:
        raise NotAsked(f"the OCSP responder {ascii(host)} has no address to connect to")
    return good[0]


async def _exchange(address: str, port: int, host: str, path: str, body: bytes, seconds: float) -> ocsp.OCSPResponse:
    try:
        async with asyncio.timeout(seconds):
            return ocsp.load_der_ocsp_response(await _post(address, port, host, path, body))
    except (OSError, EOFError) as error:
        raise NotAsked(f"the OCSP responder {ascii(host)} gave no answer: {error or 'in time'}") from None
    except (ValueError, asyncio.LimitOverrunError):
        raise NotAsked(f"the answer of the OCSP responder {ascii(host)} cannot be read") from None


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
