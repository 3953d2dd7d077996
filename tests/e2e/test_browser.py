"""A real browser joins a meeting through a running edge: page, WebSocket, and a candidate from its TURN server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.processes import Program, fresh_address
from support.third_party import require
from support.web_world import JOIN, MEETING, World, until, world

from sipedge.lab.parties.web_bridge import converse

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(90)]

TURN = """\
[turn]
address = "{address}"
realm = "example.com"
ports = [24100, 24131]
[[turn.user]]
username = "guest"
password_file = "password"
"""


def _pin(certificate: Path) -> str:
    """The one key that the browser takes without a CA that it knows."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


async def _web_bridge(here: World, transport: str) -> asyncio.Server:
    """The lab's, with the edge's TURN server in its settings."""
    leaf = here.issue("cms1.example.com")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(leaf.certificate, leaf.key)
    urls = f"turn:{here.address}:3478?transport={transport}"
    turn = [{"urls": urls, "username": "guest", "credential": "secret"}]
    address = fresh_address()
    here.record("cms1.example.com", "A", address)
    here.record(f"_cms-web._tls.{JOIN}", "SRV", "0 0 9443 cms1.example.com.")
    return await asyncio.start_server(lambda r, w: converse(r, w, turn), address, 9443, ssl=tls)


async def _joined(here: World) -> dict[str, str]:
    """What the page shows in the end."""
    from playwright.async_api import async_playwright

    options = [
        "--no-sandbox",
        "--allow-loopback-in-peer-connection",
        f"--host-resolver-rules=MAP {JOIN} {here.address}",
        f"--ignore-certificate-errors-spki-list={_pin(here.folder / 'edge-certificate.pem')}",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(require("chromium")), args=options)
        try:
            page = await browser.new_page()
            await page.goto(f"https://{JOIN}:{here.port}/")
            for part in ("socket", "candidate"):
                await page.wait_for_function(f"document.getElementById('{part}').textContent !== 'none yet'")
            title = await page.title()
            return {"title": title} | {part: await page.inner_text(f"#{part}") for part in ("socket", "candidate")}
        finally:
            await browser.close()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_it_sees_the_page_speaks_on_the_websocket_and_gets_a_relayed_candidate(transport: str) -> None:
    require("chromium")
    require("turnserver")

    async def run() -> None:
        async with world(JOIN) as here:
            (here.folder / "password").write_text("secret\n")
            server = await _web_bridge(here, transport)
            path = here.folder / "edge.toml"
            path.write_text(here.text(MEETING) + TURN.format(address=here.address))
            with Program([sys.executable, "-m", "sipedge", "run", path], here.folder / "edge.log") as edge:
                await until(lambda: "web publishing is Active" in edge.output() and "TURN is Active" in edge.output())
                seen = await asyncio.wait_for(_joined(here), 60)
            server.close()
            assert (seen["title"], seen["socket"]) == ("Join a meeting", "hello")
            words = seen["candidate"].split()
            assert words[4] == here.address and 24100 <= int(words[5]) <= 24131 and words[7] == "relay"

    asyncio.run(run())
