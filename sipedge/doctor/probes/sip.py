"""The requests with which a Microsoft Edge begins: NEGOTIATE, the partner test's OPTIONS, and one with ms-benotify."""

from __future__ import annotations

import asyncio
import secrets
import ssl

from sipedge.doctor.facts.endpoint import Endpoint, EndpointFacts
from sipedge.doctor.facts.sip import SipFacts, SipReply
from sipedge.settings import Limits
from sipedge.sip.framing import Framer, FramingError
from sipedge.sip.message import Message
from sipedge.sip.values import MessageError
from zones.addresses import host_port

from .endpoint import Contexts
from .handshake import Connection, connect

USER_AGENT = "RTCC/6.0.0.0 (federation doctor)"
"""Marks the request as the partner test's, which rules for Microsoft traffic match."""


async def ask_sip(
    facts: EndpointFacts, contexts: Contexts, sender: str, slots: asyncio.Semaphore, seconds: float
) -> SipFacts:
    """NEGOTIATE on a connection of its own: where the answer is 200, what follows on it is compressed."""
    endpoint = facts.endpoint
    context = contexts.newer if facts.main.version == "TLSv1.3" else contexts.main

    async def converse(*requests: bytes) -> list[SipReply]:
        async with slots:
            return await _converse(endpoint, context, requests, seconds)

    first, others = await asyncio.gather(
        converse(negotiate(endpoint.address, endpoint.port)),
        converse(options(endpoint, sender), options(endpoint, sender, "Proxy-Require: ms-benotify\r\n")),
    )
    return SipFacts(endpoint, sender, first[0], others[0], others[1])


def negotiate(address: str, port: int) -> bytes:
    """Hop by hop, no branch, Max-Forwards 0 (MS-SIPCOMP)."""
    lines = [
        f"NEGOTIATE sip:{host_port(address, port)} SIP/2.0",
        "Via: SIP/2.0/TLS doctor.invalid:5061",
        "CSeq: 1 NEGOTIATE",
        f"Call-ID: {secrets.token_hex(16)}",
        f"From: <sip:doctor.invalid>;tag={secrets.token_hex(5)}",
        f"To: <sip:{host_port(address)}>",
        "Compression: LZ77-8K",
        "Max-Forwards: 0",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def options(endpoint: Endpoint, sender: str, more: str = "") -> bytes:
    """As Test-CsFederatedPartner sends it; ``more``: header lines with their ends."""
    lines = [
        f"OPTIONS sip:Options_User@{endpoint.domain} SIP/2.0",
        f"Via: SIP/2.0/TLS doctor.invalid:5061;branch=z9hG4bK{secrets.token_hex(8)}",
        "Max-Forwards: 70",
        f"From: <sip:Options_User@{sender}>;tag={secrets.token_hex(5)};epid={secrets.token_hex(5)}",
        f"To: <sip:Options_User@{endpoint.domain}>",
        f"Call-ID: {secrets.token_hex(16)}",
        "CSeq: 1 OPTIONS",
        "Contact: <sip:doctor.invalid;transport=tls>",
        f"User-Agent: {USER_AGENT}",
    ]
    return ("\r\n".join(lines) + f"\r\n{more}Content-Length: 0\r\n\r\n").encode()


async def _converse(
    endpoint: Endpoint, context: ssl.SSLContext, requests: tuple[bytes, ...], seconds: float
) -> list[SipReply]:
    """Sends the requests one by one on one connection. After one without an answer, no further ones are sent."""
    replies: list[SipReply] = []
    try:
        connection = await connect(endpoint.address, endpoint.port, context, endpoint.server_name, seconds)
    except (OSError, EOFError) as error:
        return [SipReply(problem=f"no connection: {error or type(error).__name__}")] * len(requests)
    framer = Framer(Limits())
    try:
        for request in requests:
            replies.append(await _exchange(connection, framer, request, seconds))
            if replies[-1].problem:
                break
    finally:
        connection.close()
    unsent = SipReply(problem="not sent: the request before it got no answer")
    return replies + [unsent] * (len(requests) - len(replies))


async def _exchange(connection: Connection, framer: Framer, request: bytes, seconds: float) -> SipReply:
    call_id = Message(request).call_id
    try:
        async with asyncio.timeout(seconds):
            await connection.send(request)
            while True:
                data = await connection.receive()
                if not data:
                    return SipReply(problem="the connection was closed instead of an answer")
                for frame in framer.feed(data):
                    if isinstance(frame, FramingError):
                        return SipReply(problem=f"the answer cannot be read: {frame.reason}")
                    if isinstance(frame, Message) and (reply := _final(frame, call_id)) is not None:
                        return reply
    except TimeoutError:
        return SipReply(problem=f"no answer within {seconds:g} s")
    except (OSError, ssl.SSLError, MessageError) as error:
        return SipReply(problem=f"the connection broke: {error}")


def _final(message: Message, call_id: str) -> SipReply | None:
    if message.status < 200 or message.call_id != call_id:
        return None
    server = message.first("server") or message.first("user-agent") or ""
    shown = message.first("ms-diagnostics") or message.first("ms-diagnostics-public") or ""
    return SipReply(message.status, message.reason, server, diagnostics=shown)
