"""Every refusal of the outside process, seen by the sender on either side and in the event log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from support.certificates import revoke
from support.xmpp_world import PARTNER, PARTNER_ROOMS, bounces, passes, two_users, until, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ALLOWED = f'allow = ["{PARTNER}"]\n'


@pytest.fixture
def refusals(caplog: pytest.LogCaptureFixture) -> Callable[[str], int]:
    """How many refusals the event log has whose reason contains a text."""
    caplog.set_level(logging.INFO, "sipedge.xmpp")

    def count(reason: str) -> int:
        return sum('Event="refused"' in text and reason in text for text in map(str, caplog.messages))

    return count


@pytest.fixture
def failures(caplog: pytest.LogCaptureFixture) -> Callable[[str], int]:
    """How many streams in one direction the event log tells of that never came to be, refused or failed."""
    caplog.set_level(logging.INFO, "sipedge.xmpp")
    events = ("refused", "failed")

    def count(direction: str) -> int:
        wanted = [f'Event="{event}" Direction="{direction}"' for event in events]
        return sum(any(words in text for words in wanted) for text in map(str, caplog.messages))

    return count


def test_a_domain_is_refused_until_it_is_allowed_and_closed_when_it_no_longer_is(
    refusals: Callable[[str], int],
) -> None:
    async def run() -> None:
        async with world("") as here, two_users(here) as (ours, theirs):
            assert await bounces(ours, theirs) == "not-allowed"
            await bounces(theirs, ours)
            assert refusals("privacy") == 2
            await here.change(ALLOWED)
            await passes(ours, theirs)
            await passes(theirs, ours)
            await until(lambda: len(here.streams()) == 2)
            await here.change("")
            await until(lambda: not here.streams())
            assert refusals("no longer") == 2
            assert await bounces(ours, theirs) == "not-allowed"
            await bounces(theirs, ours)

    asyncio.run(run())


def test_a_deny_list_refuses_its_names_only() -> None:
    async def run() -> None:
        deny = 'privacy_mode = "deny list"\ndeny = ["{}"]\n'
        async with world(deny.format(PARTNER)) as here, two_users(here) as (ours, theirs):
            assert await bounces(ours, theirs) == "not-allowed"
            await bounces(theirs, ours)
            await here.change(deny.format(PARTNER_ROOMS))
            await passes(theirs, ours)
            await passes(ours, theirs)

    asyncio.run(run())


@pytest.mark.parametrize("require", [True, False])
def test_a_certificate_that_does_not_name_the_domain_is_refused_whatever_the_setting(
    require: bool, refusals: Callable[[str], int]
) -> None:
    async def run() -> None:
        keys = ALLOWED + f"require_client_certificates = {str(require).lower()}\n"
        async with world(keys, names=["other.example.com"]) as here, two_users(here) as (ours, theirs):
            await bounces(ours, theirs)
            await bounces(theirs, ours)
            assert refusals("does not name the domain") == 2

    asyncio.run(run())


def test_a_certificate_of_another_ca_is_refused_only_when_certificates_are_required(
    refusals: Callable[[str], int],
) -> None:
    async def run() -> None:
        async with world(ALLOWED, other_ca=True) as here, two_users(here) as (ours, theirs):
            await bounces(ours, theirs)
            await bounces(theirs, ours)
            assert refusals("its certificate is refused") == 2
            await here.change(ALLOWED + "require_client_certificates = false\n")
            await passes(ours, theirs)
            await passes(theirs, ours)

    asyncio.run(run())


def test_a_revoked_certificate_is_refused(refusals: Callable[[str], int]) -> None:
    async def run() -> None:
        async with world(ALLOWED) as here, two_users(here) as (ours, theirs):
            crl = revoke(here.ca, here.leaf.serial)
            await here.change(ALLOWED + f'crl = "{crl}"\n')
            await bounces(ours, theirs)
            await bounces(theirs, ours)
            assert refusals("revoked") == 2
            await here.change(ALLOWED)
            await passes(ours, theirs)
            await passes(theirs, ours)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("mode", "partner", "works"),
    [
        ("tls required", {"s2s_allow_encryption": "false", "s2s_require_encryption": "false"}, False),
        ("tls optional", {"s2s_allow_encryption": "false", "s2s_require_encryption": "false"}, True),
        ("tls optional", {"s2s_require_encryption": "true"}, True),
        ("no tls", {"s2s_require_encryption": "false"}, True),
        ("no tls", {"s2s_require_encryption": "true"}, False),
    ],
)
def test_security_modes_meet_those_of_partners(
    mode: str, partner: dict[str, str], works: bool, failures: Callable[[str], int]
) -> None:
    async def run() -> None:
        keys = ALLOWED + f'security_mode = "{mode}"\n'
        async with world(keys, partner=partner) as here, two_users(here) as (ours, theirs):
            for sender, receiver in ((ours, theirs), (theirs, ours)):
                if works:
                    await passes(sender, receiver)
                else:
                    await bounces(sender, receiver)
            if not works:
                await until(lambda: (failures("outgoing"), failures("incoming")) == (1, 1))
                await here.change(ALLOWED + 'security_mode = "tls optional"\n')
                await here.is_active()
                await passes(ours, theirs)
                await passes(theirs, ours)

    asyncio.run(run())
