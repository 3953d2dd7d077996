"""The outside end of a pair's link alone: a real HAProxy, and who gets through it to where Prosody would be."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from support.certificates import Leaf, issue, make_ca
from support.processes import fresh_address
from support.settings import make_settings
from support.third_party import require

from sipedge.servers.haproxy.process import Haproxy
from sipedge.servers.xmpp.events import link_line
from sipedge.servers.xmpp.pair import SPARE, link_of
from sipedge.settings import Certificate, Tls, Xmpp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

INSIDE = "expc.example.com"
GREETING = b"<stream>"
NAMES: dict[str, Sequence[str]] = {
    "its name": [INSIDE],
    "its name in other letters, among others": ["a.example.com", "ExpC.example.COM"],
    "a longer name": [f"x{INSIDE}"],
    "its name with more behind": [f"{INSIDE}.net"],
    "a wildcard": ["*.example.com"],
}


class End:
    """``outside`` listens; behind it somebody greets whoever comes through."""

    def __init__(self, folder: Path) -> None:
        self.ca = make_ca(folder)
        self.folder, self.address = str(folder / "link"), fresh_address()
        own = issue(self.ca, names=["expe.example.com"])
        pair = Certificate(str(own.certificate), str(own.key))
        self.settings = make_settings(tls=Tls((pair,), trusted=str(self.ca.certificate)))
        self.xmpp = Xmpp(
            ("example.com",),
            role="outside",
            peer_address=self.address,
            peer_subject_name=INSIDE,
            link_address=self.address,
        )

    async def greeted(self, leaf: Leaf | None) -> bool:
        """Whether a new connection comes through."""
        context = ssl.create_default_context(cafile=self.ca.certificate)
        if leaf is not None:
            context.load_cert_chain(leaf.certificate, leaf.key)
        try:
            reader, writer = await asyncio.open_connection(
                self.address, self.xmpp.peer_port, ssl=context, server_hostname="expe.example.com"
            )
            found = await reader.read(100)
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()
        except OSError:  # ssl.SSLError and ConnectionError are some
            return False
        return found == GREETING


@asynccontextmanager
async def outside() -> AsyncIterator[End]:
    require("haproxy")
    folder = Path(tempfile.mkdtemp(prefix="sipedge-link-"))
    folder.chmod(0o755)  # the engine is another user than root, under which tests may run
    haproxy = Haproxy("HAProxy (link)", on_log=link_line)

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        writer.close()
        await writer.wait_closed()

    end = End(folder)
    try:
        async with await asyncio.start_server(greet, end.address, end.xmpp.link_port):
            await haproxy.bring(end.folder, link_of(end.settings, end.xmpp))
            async with asyncio.timeout(20):
                while not haproxy.is_current:
                    await asyncio.sleep(0.02)
            yield end
            await haproxy.aclose()  # first, so that no connection to the server is open any more
    finally:
        await haproxy.aclose()
        shutil.rmtree(folder)


def test_only_an_alternative_name_of_a_trusted_certificate_opens_the_link(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "sipedge.xmpp")

    def told(detail: str) -> int:
        return sum('Event="link refused"' in text and detail in text for text in caplog.messages)

    async def run() -> None:
        async with outside() as end:
            answers = {case: await end.greeted(issue(end.ca, names=names, cn="")) for case, names in NAMES.items()}
            assert [case for case, through in answers.items() if through] == list(NAMES)[:2]
            assert not await end.greeted(issue(end.ca, names=["other.example.com"], cn=INSIDE))
            assert not await end.greeted(issue(make_ca(Path(end.folder).parent / "other"), names=[INSIDE]))
            assert not await end.greeted(None)
            async with asyncio.timeout(20):
                while (told(": PR"), told("not trusted"), told("handshake failure")) != (4, 1, 1):
                    await asyncio.sleep(0.02)

    asyncio.run(run())


def test_one_address_cannot_take_all_connections() -> None:
    async def held(end: End, stack: AsyncExitStack) -> bool:
        """Whether a connection that says nothing is kept."""
        try:
            reader, writer = await asyncio.open_connection(end.address, end.xmpp.peer_port)
            stack.callback(writer.close)
            await asyncio.wait_for(reader.read(1), 1)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        return False

    async def run() -> None:
        async with outside() as end, AsyncExitStack() as stack:
            found = await asyncio.gather(*(held(end, stack) for _ in range(SPARE + 6)))
            assert sum(found) == SPARE + 1

    asyncio.run(run())
