"""Chat through both Prosody processes of the edge, between a server behind and a partner's."""

from __future__ import annotations

import asyncio

import pytest
from support.xmpp_world import OUR_LOUNGE, OUR_ROOMS, OURS, PARTNER, PARTNER_ROOMS, passes, two_users, until, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ALLOWED = f'allow = ["{PARTNER}", "{PARTNER_ROOMS}"]\n'


def test_messages_and_presence_go_both_ways_with_their_addresses_unchanged() -> None:
    async def run() -> None:
        async with world(ALLOWED) as here, two_users(here) as (ours, theirs):
            await passes(ours, theirs)
            await passes(theirs, ours)
            ours.send_presence_subscription(theirs.boundjid.bare, ptype="subscribe")
            await theirs.next_presence("subscribe", OURS)
            await ours.next_presence("available", PARTNER)
            theirs.send_presence(pshow="dnd")
            await ours.next_presence("dnd", PARTNER)
            await until(lambda: len(here.streams()) == 2)
            assert {(stream.domain, stream.own, stream.direction, stream.secure) for stream in here.streams()} == {
                (PARTNER, OURS, "incoming", True),
                (PARTNER, OURS, "outgoing", True),
            }

    asyncio.run(run())


def test_users_of_each_side_talk_in_the_rooms_of_the_other() -> None:
    async def run() -> None:
        async with world(ALLOWED) as here, two_users(here) as (ours, theirs):
            for room in (f"one@{OUR_ROOMS}", f"two@{OUR_LOUNGE}", f"three@{PARTNER_ROOMS}"):
                for user, nick in ((ours, "ours"), (theirs, "theirs")):
                    await user.plugin["xep_0045"].join_muc_wait(room, nick, maxstanzas=0, timeout=20)
                for sender, reader in ((ours, theirs), (theirs, ours)):
                    text = f"from {sender.boundjid.domain} in {room}"
                    sender.send_message(room, text, mtype="groupchat")
                    while (await reader.next_message())["body"] != text:
                        pass

    asyncio.run(run())
