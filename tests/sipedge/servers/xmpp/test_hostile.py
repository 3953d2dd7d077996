"""Peers that lie, and stanzas that are too large: what they cost, and whom."""

from __future__ import annotations

import asyncio
import logging

import pytest
from cryptography import x509
from support.certificates import issue
from support.processes import fresh_address
from support.prosody import logged_in
from support.xmpp_peer import Peer, agreeable
from support.xmpp_world import (
    OUR_LOUNGE,
    OUR_ROOMS,
    OURS,
    PARTNER,
    PARTNER_ROOMS,
    THIRD,
    passes,
    two_users,
    until,
    world,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ALLOWED = f'allow = ["{PARTNER}", "{PARTNER_ROOMS}", "{THIRD}"]\n'
ROUTE = '[[xmpp.route]]\ndomain = "{}"\naddress = "{}"\n'
RESULT = "<db:result from='{}' to='{}'>0123456789abcdef</db:result>"
MESSAGE = f"<message from='user@{PARTNER}' to='user@{OURS}' type='chat'><body>forged</body></message>"


def test_dialback_is_offered_and_sasl_is_not() -> None:
    async def run() -> None:
        async with world(ALLOWED) as here, Peer(here.outside, PARTNER, OURS, here.leaf) as peer:
            plain, over_tls = peer.features
            assert "starttls" in plain and "dialback" in over_tls
            assert "sasl" not in (plain + over_tls).lower() and "EXTERNAL" not in plain + over_tls

    asyncio.run(run())


def test_a_wrong_dialback_key_is_refused_and_nothing_is_delivered_without_a_right_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "sipedge.xmpp")

    async def run() -> None:
        async with world(ALLOWED) as here, two_users(here) as (ours, theirs):
            async with Peer(here.outside, PARTNER, OURS, here.leaf) as peer:
                peer.send(RESULT.format(PARTNER, OURS))
                assert "invalid" in await peer.until("db:result")
                peer.send(MESSAGE)
                assert "not-authorized" in await peer.until("</stream:error>")
                refused = 'Detail="it sends a stanza before dialback"'
                await until(lambda: any(refused in text for text in caplog.messages))
                await passes(theirs, ours)  # the first message that arrives is the honest one
                assert ours.received.empty()

    asyncio.run(run())


def test_a_further_domain_on_a_stream_must_be_in_the_certificate_too() -> None:
    async def run() -> None:
        async with world(ALLOWED) as here, Peer(here.outside, PARTNER, OURS, here.leaf) as peer:
            peer.send(RESULT.format(THIRD, OURS))
            assert "policy-violation" in await peer.until("</stream:error>")

    asyncio.run(run())


def test_a_dialback_that_cannot_be_is_answered_and_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sipedge.xmpp")

    async def run() -> None:
        async with world(ALLOWED) as here:
            leaf = issue(here.ca, names=[THIRD])  # a domain that the edge's DNS does not know
            async with Peer(here.outside, THIRD, OURS, leaf) as peer:
                peer.send(RESULT.format(THIRD, OURS))
                assert "remote-connection-failed" in await peer.until("</stream:error>")
            async with Peer(here.outside, PARTNER, OURS, here.leaf) as peer:
                peer.send(RESULT.format(PARTNER, "not-ours.example.com"))
                assert "unsupported-stanza-type" in await peer.until("</stream:error>")
            failed = 'Event="failed" Direction="incoming" Domain="{}"'
            await until(
                lambda: all(any(failed.format(name) in text for text in caplog.messages) for name in (THIRD, PARTNER))
            )

    asyncio.run(run())


def test_new_streams_have_a_new_certificate_and_open_ones_go_on() -> None:
    async def run() -> None:
        async with world(ALLOWED) as here, two_users(here) as (ours, theirs):
            await passes(ours, theirs)
            await until(lambda: len(here.streams()) == 2)
            before, here.own = here.own, issue(here.ca, names=[OURS, OUR_ROOMS, OUR_LOUNGE])
            await here.change(ALLOWED)
            async with Peer(here.outside, PARTNER, OURS, here.leaf) as peer:
                assert x509.load_der_x509_certificate(peer.certificate).serial_number == here.own.serial
            assert before.serial != here.own.serial and len(here.streams()) == 2

    asyncio.run(run())


def test_a_stanza_that_is_too_large_costs_the_stream_of_its_partner_and_nobody_elses(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "sipedge.xmpp")

    def closed(domain: str) -> list[str]:
        return [text for text in caplog.messages if 'Event="disconnected"' in text and f'Domain="{domain}"' in text]

    async def run() -> None:
        async with world(ALLOWED, partner={"c2s_stanza_size_limit": "4000000"}) as here:
            async with two_users(here) as (ours, theirs):
                await ours.plugin["xep_0045"].join_muc_wait(f"room@{PARTNER_ROOMS}", "ours", maxstanzas=0, timeout=20)
                theirs.send_message(ours.boundjid.bare, "x" * 512 * 1024, mtype="chat")
                await until(lambda: bool(closed(PARTNER)))
                await passes(theirs, ours)
                assert not closed(PARTNER_ROOMS) and not any("link down" in text for text in caplog.messages)

    asyncio.run(run())


def test_a_stanza_that_grows_too_large_when_it_is_written_again_goes_back() -> None:
    address = fresh_address()
    keys = f'security_mode = "no tls"\nuse_static_routes = true\n{ROUTE.format(THIRD, address)}'

    async def run() -> None:
        async with world(keys) as here, agreeable(address, THIRD, OURS), Peer(here.outside, THIRD, OURS, None) as peer:
            peer.send(RESULT.format(THIRD, OURS))
            await peer.until("valid")
            message = f"<message from='user@{THIRD}' to='user@{OURS}'><body>{{}}</body></message>"
            async with logged_in(f"user@{OURS}", here.behind) as ours:
                peer.send(message.format('"' * 60_000) + message.format("small"))
                assert (await ours.next_message())["body"] == "small"
                await here.is_active()

    asyncio.run(run())
