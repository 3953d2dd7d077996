"""Handshakes with servers that behave, refuse late, say nothing, or are not there."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.doctor_certificates import Issued, ca_file, files, make

from sipedge.doctor.facts.domain import NO_IPV6
from sipedge.doctor.facts.endpoint import Handshake
from sipedge.doctor.probes.handshake import looking_context, reach, try_handshake, verifying_context

pytestmark = pytest.mark.e2e
CA = make(None, "Test CA", ca=True)
LEAF = make(CA, "sip.example.com", names=["sip.example.com"])


def server_context(folder: Path, leaf: Issued = LEAF, **fields: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files(folder, leaf))
    for name, value in fields.items():
        setattr(context, name, value)
    return context


def shake(server: ssl.SSLContext | Callable[..., Any], client: ssl.SSLContext, seconds: float = 2.0) -> Handshake:
    """``server``: its context, or what it does instead of TLS."""

    async def go() -> Handshake:
        ended = asyncio.Event()
        context = server if isinstance(server, ssl.SSLContext) else None

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await (silent if isinstance(server, ssl.SSLContext) else server)(reader, writer)
            ended.set()

        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as listening:
            port = listening.sockets[0].getsockname()[1]
            found = await try_handshake("127.0.0.1", port, client, "sip.example.com", seconds)
            if found.ok or context is None:
                await ended.wait()  # for a handshake that failed asyncio calls nobody
            return found

    return asyncio.run(go())


def test_all_certificates_come(tmp_path: Path) -> None:
    found = shake(server_context(tmp_path), looking_context(None))
    assert found.ok and found.version == "TLSv1.2" and "GCM" in found.suite
    assert len(found.chain) == 2


@pytest.mark.parametrize("version", ["TLS 1.2", "TLS 1.3"])
def test_refused_without_client_certificate_whenever_the_server_says_it(tmp_path: Path, version: str) -> None:
    context = server_context(tmp_path, verify_mode=ssl.CERT_NONE)
    context.load_verify_locations(ca_file(tmp_path, CA))
    context.verify_mode = ssl.CERT_REQUIRED
    found = shake(context, looking_context(None, version, version))
    assert not found.ok and len(found.chain) == 2


def test_verification(tmp_path: Path) -> None:
    trusted, other = ca_file(tmp_path, CA), ca_file(tmp_path, make(None, "Other CA", ca=True))
    assert shake(server_context(tmp_path), verifying_context(None, trusted)).ok
    refused = shake(server_context(tmp_path), verifying_context(None, other))
    assert refused.verify_code in (19, 20) and refused.chain


def test_verification_leaves_dates_and_usage_to_others(tmp_path: Path) -> None:
    old = make(CA, "sip.example.com", names=["sip.example.com"], begins=-9, days=-1, eku=["client"])
    assert shake(server_context(tmp_path, old), verifying_context(None, ca_file(tmp_path, CA))).ok


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.read(-1)
    finally:
        writer.close()


async def closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def test_server_that_says_nothing() -> None:
    found = shake(silent, looking_context(None), 0.2)
    assert found.error == "no answer within 0.2 s" and not found.chain


def test_server_that_closes() -> None:
    error = shake(closing, looking_context(None)).error
    assert error in ("the peer closed the connection without a word", "connection reset by peer")


def test_reaching() -> None:
    async def go() -> tuple[str, str]:
        listening = await asyncio.start_server(closing, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            there = await reach("127.0.0.1", port, 2)
        return there, await reach("127.0.0.1", port, 2)

    assert asyncio.run(go()) == ("", "connection refused")


def test_no_way_to_ipv6_is_no_fault_of_the_other_side(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_route(*_: Any) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(asyncio, "open_connection", no_route)
    assert asyncio.run(reach("2001:db8::1", 5061, 1)) == NO_IPV6
    assert asyncio.run(reach("192.0.2.1", 5061, 1)) == "network is unreachable"
