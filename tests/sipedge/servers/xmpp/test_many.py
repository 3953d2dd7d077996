"""Fifty partners and a thousand messages: nothing is lost, nothing changes places, and memory stays bounded."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from support.processes import fresh_address
from support.prosody import LIMIT, Server
from support.xmpp_world import World, two_users, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PARTNERS = [f"p{number}.example.com" for number in range(50)]
MESSAGES = 1000
MOST = 64 * 1024
"""KiB of each process: 19 MB were seen at rest, and 30 MB with all this."""


def test_fifty_partners_are_served_and_a_thousand_messages_arrive_in_their_order() -> None:
    address = fresh_address()
    records = [f"_xmpp-server._tcp.{name}. SRV 0 0 5269 many.example.com." for name in PARTNERS]

    async def run() -> None:
        async with world(
            'privacy_mode = "off"\n', dns=[*records, f"many.example.com. A {address}"], found=PARTNERS
        ) as here:
            leaf = here.issue(PARTNERS)
            many = Server(here.folder / "many", address, PARTNERS, here.dns, leaf, here.ca.certificate, users=())
            async with AsyncExitStack() as stack:
                await asyncio.to_thread(stack.enter_context, many.program())
                await _fifty_answers(here)
            await _in_their_order(here)
            assert max(map(_memory, here.processes())) < MOST

    asyncio.run(run())


async def _fifty_answers(here: World) -> None:
    """Nobody is logged in there, so each partner answers over a stream of its own that it does not know the user."""
    async with two_users(here) as (ours, _):
        for name in PARTNERS:
            ours.send_message(f"user@{name}", "hello", mtype="chat")
        answers = {message["from"].domain: message for message in [await ours.next_message() for _ in PARTNERS]}
        assert set(answers) == set(PARTNERS)
        assert {message["error"]["condition"] for message in answers.values()} == {"service-unavailable"}


async def _in_their_order(here: World) -> None:
    async with two_users(here) as (ours, theirs):
        for sender, receiver in ((ours, theirs), (theirs, ours)):
            for number in range(MESSAGES // 2):
                sender.send_message(receiver.boundjid.bare, str(number), mtype="chat")
        for receiver in (ours, theirs):
            async with asyncio.timeout(LIMIT):
                bodies = [(await receiver.next_message())["body"] for _ in range(MESSAGES // 2)]
            assert bodies == list(map(str, range(MESSAGES // 2)))


def _memory(process: int) -> int:
    """KiB that are in use."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
