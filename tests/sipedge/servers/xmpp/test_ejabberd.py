"""Chat with a partner that is no Prosody."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from support.dns_server import DnsServer
from support.ejabberd import ejabberd
from support.processes import fresh_address
from support.prosody import logged_in
from support.xmpp_world import OURS, THIRD, passes, records, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_messages_and_presence_go_both_ways() -> None:
    place, address = fresh_address(), fresh_address()
    dns = [f"_xmpp-server._tcp.{THIRD}. SRV 0 0 5269 ejabberd.example.com.", f"ejabberd.example.com. A {address}"]

    async def run() -> None:
        async with world(f'allow = ["{THIRD}"]\n', dns=dns) as here, AsyncExitStack() as stack:
            await stack.enter_async_context(DnsServer(records({OURS: here.outside}), place=(place, 53)))
            program = ejabberd(
                here.folder / "ejabberd", address, THIRD, place, here.issue([THIRD]), here.ca.certificate
            )
            await asyncio.to_thread(stack.enter_context, program)
            async with logged_in(f"user@{OURS}", here.behind) as ours, logged_in(f"user@{THIRD}", address) as theirs:
                await passes(theirs, ours)
                await passes(ours, theirs)
                ours.send_presence_subscription(theirs.boundjid.bare, ptype="subscribe")
                await theirs.next_presence("subscribe", OURS)
                await ours.next_presence("available", THIRD)
                theirs.send_presence(pshow="dnd")
                await ours.next_presence("dnd", THIRD)

    asyncio.run(run())
