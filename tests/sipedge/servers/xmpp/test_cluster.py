"""Two edges of a cluster towards partners: streams come in at one and go out at the other."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from support.processes import fresh_address
from support.xmpp_world import PARTNER, bounces, passes, two_users, world

from sipedge.servers.xmpp.federation import Federation

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

KEYS = f'allow = ["{PARTNER}"]\ndialback_secret_file = "{{}}"\n'


@pytest.mark.parametrize("one_secret", [True, False])
def test_each_verifies_the_keys_of_the_other_where_they_have_one_secret(one_secret: bool) -> None:
    async def run() -> None:
        async with world(None, waits=False) as here, two_users(here) as (ours, theirs):
            (here.folder / "one").write_text("of the cluster\n")
            (here.folder / "two").write_text("of the cluster\n" if one_secret else "another\n")
            # The SRV record of our domain leads to the first; the server behind sends to the second.
            other = replace(here, federation=Federation(), outside=fresh_address(), name="other")
            here.inside, inside = fresh_address(), here.inside
            other.inside = inside
            try:
                here.use(KEYS.format("one"))
                other.use(KEYS.format("two"))
                await here.is_active()
                await other.is_active()
                if one_secret:
                    await passes(ours, theirs)
                    await passes(theirs, ours)
                    assert {stream.direction for stream in other.streams()} <= {"outgoing"}
                else:
                    await bounces(ours, theirs)
            finally:
                await other.federation.aclose()

    asyncio.run(run())
