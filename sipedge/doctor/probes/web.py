"""Facts about a published web service, gathered as a browser outside and as the edge inside would."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable

from sipedge.doctor.facts.dns import DnsAnswer
from sipedge.doctor.facts.endpoint import Handshake
from sipedge.doctor.facts.web import WebFacts, WebName, WebServer, addresses
from zones.addresses import Allowed, canonical_address, forbidden
from zones.names import host_name

from .dns_client import DnsClient
from .handshake import connect, os_words, try_handshake, verifying_context

SERVICE = "_cms-web._tls"
MOST = 8
"""Addresses, and web bridges, of one name that are looked at."""
_LONGEST_LINE = 200


async def look_up_web(
    name: WebName,
    dns: DnsClient,
    inside: DnsClient | None,
    verifying: ssl.SSLContext,
    slots: asyncio.Semaphore,
    seconds: float,
    allowed: Allowed,
) -> WebFacts:
    """``inside``: None where there is no inside view; the servers behind are then looked up outside. Raises OSError,
    ssl.SSLError for the CAs of the servers behind."""
    behind_context = await asyncio.to_thread(verifying_context, None, name.trusted)
    outside, seen_inside = await asyncio.gather(_both(dns, name.name), _both_or_none(inside, name.name))
    leak = await dns.ask(f"{SERVICE}.{name.name}", "SRV") if name.is_guest_uri else None
    view = inside or dns
    found = await view.ask(f"{SERVICE}.{name.name}", "SRV") if name.is_guest_uri else None

    async def shake(context: ssl.SSLContext, address: str, port: int, server_name: str) -> Handshake:
        async with slots:
            return await try_handshake(address, port, context, server_name, seconds)

    public = [address for address in addresses(outside) if not forbidden(address, allowed)][:MOST]
    shown = await asyncio.gather(*(shake(verifying, address, name.port, name.name) for address in public))
    servers = name.servers or _web_bridges(name, found)
    places = [(server, address) for server in servers for address in await _addresses(view, server.host)]
    behind = await asyncio.gather(
        *(shake(behind_context, address, server.port, server.certified) for server, address in places)
    )
    asks = name.name.startswith("lyncdiscover.") and public
    return WebFacts(
        name,
        outside,
        seen_inside,
        leak,
        found,
        tuple(zip(public, shown, strict=True)),
        tuple((server, address, each) for (server, address), each in zip(places, behind, strict=True)),
        await _discovered(name, public[0], verifying, slots, seconds) if asks else "",
    )


async def _both(dns: DnsClient, name: str) -> tuple[DnsAnswer, DnsAnswer]:
    a, aaaa = await asyncio.gather(dns.ask(name, "A"), dns.ask(name, "AAAA"))
    return a, aaaa


async def _both_or_none(dns: DnsClient | None, name: str) -> tuple[DnsAnswer, DnsAnswer] | None:
    return await _both(dns, name) if dns is not None else None


def _web_bridges(name: WebName, found: DnsAnswer | None) -> Iterable[WebServer]:
    """Rules (b) and (a) of Cisco's guide: targets of service records, else the guest URI."""
    records = [record for record in found.services if host_name(record.target)] if found is not None else []
    if not records:
        return [WebServer(name.name, name.web_bridge_port, name.name)]
    targets = ((host_name(record.target), record.port) for record in records[:MOST])
    return [WebServer(target, port, target) for target, port in targets]


async def _addresses(dns: DnsClient, host: str) -> tuple[str, ...]:
    return (literal,) if (literal := canonical_address(host)) else addresses(await _both(dns, host))[:MOST]


async def _discovered(
    name: WebName, address: str, context: ssl.SSLContext, slots: asyncio.Semaphore, seconds: float
) -> str:
    """The status line for the root of lyncdiscover, as a mobile client asks for it."""
    request = f"GET / HTTP/1.1\r\nHost: {name.name}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    try:
        async with slots, asyncio.timeout(seconds):
            connection = await connect(address, name.port, context, name.name, seconds)
            try:
                await connection.send(request.encode())
                head = await connection.receive()
            finally:
                connection.close()
    except TimeoutError:
        return f"no answer within {seconds:g} s"
    except (OSError, EOFError) as error:
        return os_words(error) if isinstance(error, OSError) else "closed without an answer"
    return head.partition(b"\r\n")[0][:_LONGEST_LINE].decode("latin-1")
