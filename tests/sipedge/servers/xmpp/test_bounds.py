"""What a peer can make the engines hold: little, and then it is dropped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

import pytest
from support.processes import fresh_address
from support.xmpp_peer import agreeable
from support.xmpp_world import OURS, PARTNER, THIRD, passes, two_users, until, world

from sipedge.servers.xmpp import contents
from sipedge.servers.xmpp.prosody import CONFIG, Circumstances, outside_files
from sipedge.settings import Xmpp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


Files = Callable[[Xmpp, Circumstances], dict[str, str]]


def _with(option: str) -> Files:
    """The outside process with one more option."""

    def files(xmpp: Xmpp, at: Circumstances) -> dict[str, str]:
        found = outside_files(xmpp, at)
        return found | {CONFIG: f"{option}\n{found[CONFIG]}"}

    return files


def test_a_partner_that_does_not_read_is_dropped_and_nobody_else(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "sipedge.xmpp")
    monkeypatch.setattr(contents, "outside_files", _with("sipedge_waiting_limit = 1000000"))
    address = fresh_address()
    keys = f'security_mode = "tls optional"\nallow = ["{PARTNER}"]\nuse_static_routes = true\n'
    keys += f'[[xmpp.route]]\ndomain = "{THIRD}"\naddress = "{address}"\n'

    def told() -> list[str]:
        return [text for text in caplog.messages if "it does not read what is sent" in text]

    async def run() -> None:
        async with world(keys) as here, agreeable(address, THIRD, OURS, reads=False), two_users(here) as (ours, theirs):
            await passes(ours, theirs)
            for _ in range(60):
                ours.send_message(f"user@{THIRD}", "x" * 100_000, mtype="chat")
            await until(lambda: bool(told()))
            assert all('Event="disconnected" Direction="outgoing"' in text and THIRD in text for text in told())
            assert PARTNER in [stream.domain for stream in here.streams()]

    asyncio.run(run())


def test_streams_that_prove_nothing_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "outside_files", _with("sipedge_unproved_limit_of_address = 5"))

    async def held(stack: AsyncExitStack, address: str) -> bool:
        """Whether a connection that says nothing is kept."""
        with suppress(ConnectionError):
            reader, writer = await asyncio.open_connection(address, 5269)
            stack.callback(writer.close)
            try:
                await asyncio.wait_for(reader.read(1), 1)
            except TimeoutError:
                return True
        return False

    async def run() -> None:
        async with world(f'allow = ["{PARTNER}"]\n') as here, AsyncExitStack() as stack:
            found = await asyncio.gather(*(held(stack, here.outside) for _ in range(12)))
            assert sum(found) == 5

    asyncio.run(run())
