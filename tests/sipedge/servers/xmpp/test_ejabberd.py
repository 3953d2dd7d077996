"""Chat with a partner that is no Prosody."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from support.certificates import issue
from support.dns_server import DnsServer
from support.ejabberd import ejabberd
from support.processes import fresh_address
from support.prosody import logged_in
from support.xmpp_world import OURS, THIRD, passes, records, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_messages_go_both_ways() -> None:
    place, address = fresh_address(), fresh_address()
    keys = f'allow = ["{THIRD}"]\nuse_static_routes = true\n[[xmpp.route]]\ndomain = "{THIRD}"\naddress = "{address}"\n'

    async def run() -> None:
        async with world(keys) as here, AsyncExitStack() as stack:
            await stack.enter_async_context(DnsServer(records({OURS: here.outside}), place=(place, 53)))
            leaf = issue(here.ca, names=[THIRD])
            program = ejabberd(here.folder / "ejabberd", address, THIRD, place, leaf, here.ca.certificate)
            await asyncio.to_thread(stack.enter_context, program)
            async with logged_in(f"user@{OURS}", here.behind) as ours, logged_in(f"user@{THIRD}", address) as theirs:
                await passes(theirs, ours)
                await passes(ours, theirs)

    asyncio.run(run())
