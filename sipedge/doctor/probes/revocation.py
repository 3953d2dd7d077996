"""Asks the OCSP responder that a certificate names (RFC 6960), over HTTP, small and once.

A stranger's certificate names the responder. So only http:// and addresses that may be connected to are asked, and the
answer is bounded.
"""

from __future__ import annotations

import asyncio

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from sipedge.certificates.chain import Chain, responders
from sipedge.doctor.facts.options import Options
from sipedge.doctor.facts.revocation import OcspAnswer, RevocationFacts, Unasked
from sipedge.network.http import HttpError, Url, addresses_to_ask, exchange, parse_url
from zones.addresses import Allowed, canonical_address

from .dns_client import DnsClient

LARGEST_ANSWER = 65536
KIND = "application/ocsp-request"


class NotAsked(Exception):
    """Why nothing is known; ``str()`` is one sentence."""


async def ask_revocation(chain: Chain, options: Options, dns: DnsClient, slots: asyncio.Semaphore) -> RevocationFacts:
    """Never raises."""
    if not options.revocation:
        return Unasked("not asked for")
    try:
        issuer = _issuer(chain)
        url = _place(_responder(chain))
        address = await _address(url, dns, options.allowed)
        request = ocsp.OCSPRequestBuilder().add_certificate(chain.leaf, issuer, SHA1()).build()
        body = request.public_bytes(Encoding.DER)
        async with slots:
            answer = await _exchange(url, address, body, options.bounds.check)
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


def _place(url: str) -> Url:
    try:
        return parse_url(url)
    except ValueError as error:
        raise NotAsked(f"the OCSP responder's address cannot be read: {error}") from None


async def _address(url: Url, dns: DnsClient, allowed: Allowed) -> str:
    if not url.host:
        raise NotAsked("the OCSP responder has no host name")
    literal = canonical_address(url.host)
    found = (literal,) if literal else (await dns.ask(url.host, "A")).addresses
    good = addresses_to_ask(url, found, allowed)
    if not good:
        raise NotAsked(f"the OCSP responder {ascii(url.host)} has no address to connect to")
    return good[0]


async def _exchange(url: Url, address: str, body: bytes, seconds: float) -> ocsp.OCSPResponse:
    try:
        answer = await exchange(url, address, seconds=seconds, largest=LARGEST_ANSWER, body=body, kind=KIND)
    except HttpError as error:
        raise NotAsked(f"the OCSP responder {ascii(url.host)} {error}") from None
    try:
        return ocsp.load_der_ocsp_response(answer)
    except ValueError:
        raise NotAsked(f"the answer of the OCSP responder {ascii(url.host)} cannot be read") from None
