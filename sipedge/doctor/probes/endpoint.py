"""All that handshakes with one address show: with and without certificate and SNI, old versions, verified or not."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from sipedge.doctor.facts.endpoint import Endpoint, EndpointFacts, Handshake
from sipedge.doctor.facts.options import Options

from .handshake import VERSIONS, edge_context, looking_context, try_handshake, verifying_context


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
    any_version: ssl.SSLContext
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
        looking_context(client, newest="TLS 1.3"),
        client is not None,
    )


async def examine_endpoint(
    endpoint: Endpoint, contexts: Contexts, slots: asyncio.Semaphore, seconds: float
) -> EndpointFacts:
    async def shake(context: ssl.SSLContext, server_name: str, *, patient: bool = False) -> Handshake:
        async with slots:
            return await try_handshake(endpoint.address, endpoint.port, context, server_name, seconds, patient=patient)

    async def main(context: ssl.SSLContext, newer: ssl.SSLContext, server_name: str) -> Handshake:
        first = await shake(context, server_name)
        if first.understood:
            return first
        second = await shake(newer, server_name, patient=True)
        return second if second.understood else first

    name = endpoint.server_name
    first, without_sni, suites, verified, *versions = await asyncio.gather(
        main(contexts.main, contexts.newer, name),
        main(contexts.main, contexts.newer, ""),
        shake(contexts.suites, name),
        shake(contexts.verifying, name),
        *(shake(context, name) for context in contexts.versions.values()),
    )
    bare = await main(contexts.bare, contexts.bare_newer, name) if contexts.has_certificate else first
    spoken = {name: each.understood for name, each in zip(contexts.versions, versions, strict=True)}
    return EndpointFacts(endpoint, first, bare, without_sni, suites, verified, spoken)
