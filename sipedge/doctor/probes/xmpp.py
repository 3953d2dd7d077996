"""A stream to somebody's XMPP server as a federated server opens it: features, STARTTLS, features again.

What comes is searched for the namespaces that tell, in a bounded number of bytes, and never parsed as XML.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from xml.sax.saxutils import quoteattr

from sipedge.doctor.facts.endpoint import Handshake
from sipedge.doctor.facts.xmpp import Dialback, StreamFacts
from sipedge.network.tls import openssl_reason
from sipedge.network.tls_stream import TlsStream

from .endpoint import Contexts
from .handshake import Connection, os_words, shown

LONGEST = 65536
"""Bytes that a server may take to say what it offers."""
_HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
    "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from={} to={}>"
)
_STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
_TLS = "urn:ietf:params:xml:ns:xmpp-tls"
_FEATURES = re.compile(r"<(?:\w+:)?features\s*/>|</(?:\w+:)?features>")
_END = re.compile(r"</(?:\w+:)?(?:error|stream)>")
_REQUIRED = re.compile(rf"{_TLS}['\"][^<]*>\s*<(?:\w+:)?required")
_CONDITION = re.compile(r"<([a-z-]+)\s+xmlns=['\"]urn:ietf:params:xml:ns:xmpp-streams")
_PROCEED = re.compile(r"<(?:\w+:)?proceed[^>]*>")
Read = Callable[[], Awaitable[bytes]]


class _Refused(Exception):
    """The server said something else than what was waited for; ``str()`` says what."""


async def ask_stream(
    address: str, port: int, domain: str, sender: str, contexts: Contexts, slots: asyncio.Semaphore, seconds: float
) -> StreamFacts:
    """Never raises. ``sender``: the domain that the stream comes from."""
    header = _HEADER.format(quoteattr(sender), quoteattr(domain)).encode()

    async def ask(context: ssl.SSLContext) -> StreamFacts:
        facts = StreamFacts(address, port, f"no answer within {seconds:g} s")
        try:
            async with slots, asyncio.timeout(seconds):
                tls = TlsStream(context, server_side=False, server_name=domain)
                facts = await _plain(facts, header, tls)
        except TimeoutError:
            pass
        except OSError as error:
            facts = replace(facts, problem=os_words(error))
        return facts

    facts = await ask(contexts.verifying)
    if facts.verified is not None and facts.verified.verify_code:  # what it offers to who is less strict
        looked = await ask(contexts.any_version)
        facts = replace(facts, dialback=looked.dialback, external=looked.external, refusal=looked.refusal)
    return facts


async def _plain(facts: StreamFacts, header: bytes, tls: TlsStream) -> StreamFacts:
    reader, writer = await asyncio.open_connection(facts.address, facts.port)
    try:
        writer.write(header)
        try:
            text = await _until(_FEATURES, lambda: reader.read(4096))
        except _Refused as refused:
            return replace(facts, problem=str(refused))
        starttls = _TLS in text
        facts = replace(
            facts, problem="", starttls=starttls, required=bool(_REQUIRED.search(text)), dialback=_dialback(text)
        )
        return await _over_tls(facts, header, Connection(reader, writer, tls)) if starttls else facts
    finally:
        writer.close()


async def _over_tls(facts: StreamFacts, header: bytes, connection: Connection) -> StreamFacts:
    connection.writer.write(_STARTTLS)
    try:
        await _until(_PROCEED, lambda: connection.reader.read(4096))
        await connection.handshake()
    except _Refused as refused:
        return replace(facts, verified=Handshake(str(refused)))
    except ssl.SSLCertVerificationError as error:
        failed = Handshake(openssl_reason(error), shown(connection.tls), verify_code=error.verify_code)
        return replace(facts, verified=failed)
    except (ssl.SSLError, EOFError) as error:
        words = openssl_reason(error) if isinstance(error, ssl.SSLError) else "the server closed the connection"
        return replace(facts, verified=Handshake(words, shown(connection.tls)))
    facts = replace(facts, verified=connection.facts)
    await connection.send(header)
    try:
        text = await _until(_FEATURES, connection.receive)
    except (_Refused, ssl.SSLError) as refused:
        return replace(facts, refusal=str(refused) if isinstance(refused, _Refused) else openssl_reason(refused))
    return replace(facts, dialback=_dialback(text), external=">EXTERNAL<" in text)


async def _until(wanted: re.Pattern[str], read: Read) -> str:
    """What came until this came. Raises _Refused where the stream ends before, or too much comes."""
    text = ""
    while not wanted.search(text):
        if _END.search(text):
            condition = _CONDITION.search(text)
            raise _Refused(f"the server ends the stream: {condition[1] if condition else 'no reason given'}")
        part = await read()
        if not part:
            raise _Refused("the server closed the connection")
        text += part.decode(errors="replace")
        if len(text) > LONGEST:
            raise _Refused("the server says too much before it offers anything")
    return text


def _dialback(text: str) -> Dialback:
    """XEP-0220 2.2 and 2.3: the namespace in the header, or a feature of its own."""
    if "urn:xmpp:features:dialback" in text:
        return "offered"
    return "declared" if "jabber:server:dialback" in text else "no"
