"""Chat through both Prosody processes of the edge, between a server behind and a partner's."""

from __future__ import annotations

import asyncio

import pytest
from support.prosody import needs_prosody
from support.xmpp_world import OURS, PARTNER, two_users, world

pytestmark = [pytest.mark.e2e, needs_prosody, pytest.mark.timeout(120)]

ALLOWED = f'allow = ["{PARTNER}"]\n'


def test_messages_go_both_ways_with_their_addresses_unchanged() -> None:
    async def run() -> None:
        async with world(ALLOWED) as here, two_users(here) as (ours, theirs):
            ours.send_message(theirs.boundjid.bare, "out")
            message = await theirs.next_message()
            assert (message["body"], message["from"].bare) == ("out", f"user@{OURS}")
            theirs.send_message(ours.boundjid.bare, "in")
            message = await ours.next_message()
            assert (message["body"], message["from"].bare) == ("in", f"user@{PARTNER}")

    asyncio.run(run())
