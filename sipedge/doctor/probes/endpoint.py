"""All that handshakes with one address show: with and without certificate and SNI, old versions, verified or not."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from .options import Options
from .probe import VERSIONS, Handshake, edge_context, looking_context, try_handshake, verifying_context


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with port, and the names of which its certificate must carry one."""

    domain: str
    """The SIP domain or the zone that led here."""
    address: str
    port: int
    server_name: str
    """What SNI asks for; '' for none."""
    names: tuple[str, ...] = ()
    """(): any name will do."""
    wildcards: bool = False


@dataclass(frozen=True, slots=True)
class EndpointFacts:
    endpoint: Endpoint
    main: Handshake
    """As an Edge comes: TLS 1.2, with the client certificate where there is one; TLS 1.3 where 1.2 is not spoken."""
    bare: Handshake
    """The same without a client certificate."""
    without_sni: Handshake
    suites: Handshake
    """With nothing but the edge's own suites of TLS 1.2."""
    verified: Handshake
    versions: dict[str, bool]


@dataclass(frozen=True, slots=True)
class Contexts:
    """Made once for an examination: reading the system's CAs takes longer than a handshake."""

    versions: dict[str, ssl.SSLContext]
    main: ssl.SSLContext
    newer: ssl.SSLContext
    bare: ssl.SSLContext
    bare_newer: ssl.SSLContext
    suites: ssl.SSLContext
    verifying: ssl.SSLContext
    has_certificate: bool


def make_contexts(options: Options) -> Contexts:
    """Raises OSError and ssl.SSLError for the files of certificate, key and trusted CAs."""
    client = options.client
    return Contexts(
        {name: looking_context(client, name, name) for name in VERSIONS},
        looking_context(client),
        looking_context(client, "TLS 1.3", "TLS 1.3"),
        looking_context(None),
        looking_context(None, "TLS 1.3", "TLS 1.3"),
        edge_context(client),
        verifying_context(client, options.trusted),
        client is not None,
    )


async def examine_endpoint(
    endpoint: Endpoint, contexts: Contexts, slots: asyncio.Semaphore, seconds: float
) -> EndpointFacts:
    async def shake(context: ssl.SSLContext, server_name: str, *, patient: bool = False) -> Handshake:
        async with slots:
            return await try_handshake(endpoint.address, endpoint.port, context, server_name, seconds, patient=patient)

    async def main(context: ssl.SSLContext, newer: ssl.SSLContext, server_name: str) -> Handshake:
        found = await shake(context, server_name)
        if found.ok or found.chain:
            return found
        other = await shake(newer, server_name, patient=True)
        return other if other.ok or other.chain else found

    name = endpoint.server_name
    first, without_sni, suites, verified, *versions = await asyncio.gather(
        main(contexts.main, contexts.newer, name),
        main(contexts.main, contexts.newer, ""),
        shake(contexts.suites, name),
        shake(contexts.verifying, name),
        *(shake(context, name) for context in contexts.versions.values()),
    )
    bare = await main(contexts.bare, contexts.bare_newer, name) if contexts.has_certificate else first
    spoken = {name: found.ok or bool(found.chain) for name, found in zip(contexts.versions, versions, strict=True)}
    return EndpointFacts(endpoint, first, bare, without_sni, suites, verified, spoken)
