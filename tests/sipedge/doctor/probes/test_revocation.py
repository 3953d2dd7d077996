"""OCSP against a responder that says good, revoked, nothing, nonsense, or signs with the wrong key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from support.doctor_certificates import OCSP, Issued, make
from support.doctor_world import World

from sipedge.doctor import CheckVerdict, Result, examine

pytestmark = pytest.mark.e2e
Body = Callable[[Issued, Issued], bytes]
"""The certificate asked about and its issuer -> the answer's body."""
_NOW = datetime.now(UTC).replace(tzinfo=None)


def answer(
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD, signer: Issued | None = None, about: Issued | None = None
) -> Body:
    def body(leaf: Issued, issuer: Issued) -> bytes:
        by = signer or issuer
        revoked = _NOW - timedelta(days=2) if status is ocsp.OCSPCertStatus.REVOKED else None
        builder = ocsp.OCSPResponseBuilder().add_response(
            (about or leaf).certificate, issuer.certificate, SHA1(), status, _NOW, None, revoked, None
        )
        if signer is not None:
            builder = builder.certificates([signer.certificate])
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate)
        return builder.sign(by.key, SHA256()).public_bytes(Encoding.DER)

    return body


def refused(_: Issued, __: Issued) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER)


@dataclass
class Responder:
    body: bytes = b""
    head: bytes = b"HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\n\r\n"
    asked: bytes = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        self.asked = head + await reader.readexactly(length)
        writer.write(self.head + self.body)
        writer.close()


def ask(world: World, responder: Responder, body: Body | None, url: str = "", sends_issuer: bool = True) -> Result:
    """The verdict on a certificate that names ``url``, by default the responder's."""
    host = world.block.dns
    leaf = world.leaf(access=[(OCSP, url or f"http://{host}:8080/ocsp")])
    world.servers = world.servers[:1]
    world.records["sip.example.com A"] = [world.servers[0].address]
    world.show(leaf, chain=(world.authority.certificate,))
    if not sends_issuer:
        world.show(leaf, chain=(), mutual=False)
    responder.body = body(leaf, world.authority) if body else b""

    async def go() -> list[Result]:
        async with AsyncExitStack() as stack:
            server = await asyncio.start_server(responder.serve, host, 8080)
            stack.callback(server.close)
            report = await examine(await world.start(stack))
            return [one for one in report.results if one.id == "tls.revocation"]

    (result,) = asyncio.run(go())
    return result


def delegate(world: World, usage: str) -> Issued:
    return make(world.authority, "responder", eku=[usage])


def test_good(world: World) -> None:
    responder = Responder()
    result = ask(world, responder, answer())
    assert (result.verdict, result.seen) == (CheckVerdict.OK, "not revoked (OCSP)")
    assert responder.asked.startswith(b"POST /ocsp HTTP/1.1\r\n")


def test_revoked(world: World) -> None:
    result = ask(world, Responder(), answer(ocsp.OCSPCertStatus.REVOKED))
    assert result.verdict is CheckVerdict.FAILED and "revoked on" in result.seen
    assert result.to_json()["hresult"] == "0x80092010 CRYPT_E_REVOKED"


def test_unknown_to_the_responder(world: World) -> None:
    assert ask(world, Responder(), answer(ocsp.OCSPCertStatus.UNKNOWN)).verdict is CheckVerdict.WARNING


def test_delegated_responder(world: World) -> None:
    signer = delegate(world, "ocsp")
    assert ask(world, Responder(), answer(signer=signer)).verdict is CheckVerdict.OK


def test_signer_without_the_right_to_sign(world: World) -> None:
    result = ask(world, Responder(), answer(signer=delegate(world, "server")))
    assert result.reason == "the OCSP responder's signature is not the issuer's"


def test_strange_signer(world: World) -> None:
    result = ask(world, Responder(), answer(signer=make(None, "stranger")))
    assert result.reason == "the OCSP responder's signature is not the issuer's"


def test_answer_about_another_certificate(world: World) -> None:
    result = ask(world, Responder(), answer(about=world.ours))
    assert result.reason == "the OCSP responder answered about another certificate"


@pytest.mark.parametrize(
    ("responder", "body", "reason"),
    [
        (Responder(), refused, "the OCSP responder refused: try later"),
        (Responder(), lambda *_: b"nonsense", "cannot be read"),
        (Responder(), lambda *_: b"x" * 200_000, "sends more than 65536 bytes"),
        (Responder(head=b"HTTP/1.0 404 Not Found\r\n\r\n"), None, "answers 404"),
        (Responder(head=b""), None, "gave no answer"),
        (Responder(head=b"x" * 100_000), None, "gave no answer"),
    ],
)
def test_nothing_is_known_then(world: World, responder: Responder, body: Body | None, reason: str) -> None:
    result = ask(world, responder, body)
    assert result.verdict is CheckVerdict.NOT_RUN and reason in result.reason


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://0.0.0.0/", "has no address to connect to"),
        ("http://ocsp.nowhere.example/", "has no address to connect to"),
        ("http://sip.example.com:99999/", "cannot be read"),
        ("http://a b/", "has no host name"),
        ("http://[::1/", "cannot be read"),
        ("ldap://ca.example/", "names no OCSP responder with http"),
    ],
)
def test_addresses_that_are_not_asked(world: World, url: str, reason: str) -> None:
    result = ask(world, Responder(), None, url)
    assert result.verdict is CheckVerdict.NOT_RUN and reason in result.reason


def test_issuer_is_needed(world: World) -> None:
    result = ask(world, Responder(), answer(), sends_issuer=False)
    assert "the issuer's certificate is not sent" in result.reason


def test_switched_off(world: World) -> None:
    world.options["revocation"] = False
    assert ask(world, Responder(), answer()).reason == "not asked for"
