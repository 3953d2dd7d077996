"""Both processes under the edge: found dead, started again, changed with and without a restart."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from contextlib import AsyncExitStack

import pytest
from support.processes import fresh_address
from support.xmpp_peer import closing_at_once
from support.xmpp_world import PARTNER, THIRD, bounces, passes, two_users, until, world

from sipedge.servers import engine
from sipedge.servers.xmpp import contents, federation
from sipedge.servers.xmpp.prosody import CONFIG, Circumstances, inside_files
from sipedge.settings import Xmpp

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ALLOWED = f'allow = ["{PARTNER}"]\n'
ROUTE = '[[xmpp.route]]\ndomain = "{}"\naddress = "{}"\n'


def test_static_routes_are_tried_one_after_the_other_and_the_dns_is_never_asked() -> None:
    async def run() -> None:
        async with world("use_static_routes = true\n" + ROUTE.format(PARTNER, fresh_address())) as here:
            async with two_users(here) as (ours, theirs):
                await bounces(ours, theirs)
                routes = ROUTE.format(PARTNER, fresh_address()) + ROUTE.format(PARTNER, here.partner)
                await here.change("use_static_routes = true\n" + routes)
                await passes(ours, theirs)
                await passes(theirs, ours)
                assert not [question for question in here.asked if PARTNER in question]

    asyncio.run(run())


def test_every_static_route_of_a_domain_is_used() -> None:
    routes = [fresh_address() for _ in range(3)]
    used: set[str] = set()

    async def run() -> None:
        async with world(
            "use_static_routes = true\n" + "".join(ROUTE.format(PARTNER, each) for each in routes)
        ) as here:
            async with AsyncExitStack() as stack, two_users(here) as (ours, theirs):
                for address in routes:
                    await stack.enter_async_context(closing_at_once(address, used))
                for _ in range(60):  # each stream begins with one of them, by chance
                    await bounces(ours, theirs)
                    if len(used) == len(routes):
                        return
                raise AssertionError(used)

    asyncio.run(run())


def test_targets_of_equal_priority_are_taken_by_their_weights() -> None:
    dead = [f"_xmpp-server._tcp.{PARTNER}. SRV 0 0 5269 dead{number}.example.com." for number in range(9)]

    async def run() -> None:
        async with world(ALLOWED, dns=dead) as here, two_users(here) as (ours, theirs):
            await passes(ours, theirs)
            assert any(PARTNER in question for question in here.asked)
            assert not [question for question in here.asked if "dead" in question]

    asyncio.run(run())


def test_an_engine_that_dies_is_started_again_and_says_meanwhile_that_one_may_try_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "FIRST_PAUSE", 4.0)

    async def run() -> None:
        async with world(ALLOWED) as here, two_users(here) as (ours, theirs):
            await passes(theirs, ours)
            outside, inside = (await here.is_active()).processes
            os.kill(inside, signal.SIGKILL)
            assert (await here.is_active(False)).reason == "Prosody (inside) does not answer"
            assert await bounces(theirs, ours) == "remote-server-timeout"
            state = await here.is_active()
            assert state.restarts == 1 and state.processes[0] == outside
            await passes(theirs, ours)
            os.kill(outside, signal.SIGKILL)
            await here.is_active(False)
            await here.is_active()
            await passes(ours, theirs)

    asyncio.run(run())


def test_changes_that_need_a_restart_wait_for_their_time_and_take_one_restart() -> None:
    async def run() -> None:
        async with world(ALLOWED) as here:
            before = (await here.is_active()).processes
            for seconds in range(60, 70):
                here.use(ALLOWED + f'idle = {seconds}.0\nrestart_time = "00:00"\n')
            await until(here.pending)
            assert (await here.is_active()).processes == before
            here.use(ALLOWED + "idle = 69.0\n")
            await until(lambda: not here.pending() and here.processes()[0] not in (0, before[0]))
            await here.is_active()
            assert 0 not in here.processes() and here.processes()[1] != before[1]

    asyncio.run(run())


def test_changes_wait_for_a_restart_by_hand() -> None:
    by_hand = ALLOWED + 'restart_time = "by hand"\n'

    async def run() -> None:
        async with world(by_hand) as here:
            before = (await here.is_active()).processes
            assert here.federation.restart() == []
            here.use(by_hand + 'security_mode = "tls optional"\n')
            await until(lambda: bool(here.waits_for()))
            assert here.waits_for() == 'by hand ("sipedge restart")' and here.processes() == before
            assert here.federation.restart() == ["XMPP federation (outside)"]
            await until(lambda: not here.pending() and here.processes()[0] not in (0, before[0]))
            assert here.processes()[1] == before[1] and not here.waits_for()

    asyncio.run(run())


CHANGES = (
    (f'allow = ["{THIRD}"]\n', []),
    ('privacy_mode = "off"\n', []),
    ('privacy_mode = "off"\nrequire_client_certificates = false\n', []),
    ('privacy_mode = "off"\nsecurity_mode = "tls optional"\n', ["outside"]),
    ('privacy_mode = "off"\nsecurity_mode = "tls optional"\ninside_security_mode = "no tls"\n', ["inside"]),
    ('privacy_mode = "off"\nidle = 60.0\n', ["outside", "inside"]),
    ('privacy_mode = "off"\nidle = 60.0\nrestart_time = "by hand"\n', []),
)
"""Keys one after the other, and the processes that are restarted for them."""


def test_what_a_change_costs_is_told_before_it_happens() -> None:
    async def run() -> None:
        async with world("") as here:
            before = (await here.is_active()).processes
            for keys, restarted in CHANGES:
                told = await here.costs(keys)
                assert [side for side in ("outside", "inside") if f" {side} " in " ".join(told)] == restarted, keys
                await here.change(keys)
                await here.is_active()
                changed = [now != then for now, then in zip(here.processes(), before, strict=True)]
                assert changed == ["outside" in restarted, "inside" in restarted], keys
                before = here.processes()
                assert await here.costs(keys) == []

    asyncio.run(run())


def test_a_stream_that_carries_nothing_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sipedge.xmpp")

    async def run() -> None:
        async with world(ALLOWED + "idle = 1.0\n") as here, two_users(here) as (ours, theirs):
            await passes(ours, theirs)
            await until(lambda: sum('Event="disconnected"' in text for text in caplog.messages) == 2)

    asyncio.run(run())


def test_without_prosody_the_federation_is_inactive_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(federation, "PROGRAM", "no-such-prosody")

    async def run() -> None:
        async with world(ALLOWED, waits=False) as here:
            await until(lambda: here.federation.state() is not None)
            assert (await here.is_active(False)).reason == federation.ABSENT

    asyncio.run(run())


def test_nothing_is_started_while_there_is_no_xmpp_table() -> None:
    async def run() -> None:
        async with world(ALLOWED) as here:
            processes = (await here.is_active()).processes
            here.use("", xmpp=False)
            await until(lambda: here.federation.state() is None)
            await until(lambda: not any(os.path.exists(f"/proc/{number}") for number in processes))

    asyncio.run(run())


def test_a_configuration_that_the_engines_checker_refuses_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with world(ALLOWED) as here, two_users(here) as (ours, theirs):
            monkeypatch.setattr(contents, "outside_files", lambda *_: {"prosody.cfg.lua": "(", "policy.cfg.lua": ""})
            here.use(ALLOWED + "idle = 60.0\n")
            assert "refuses its configuration" in (await here.is_active(False)).reason
            await passes(ours, theirs)

    asyncio.run(run())


def test_a_partner_that_is_not_in_use_makes_room_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def room_for_one(xmpp: Xmpp, at: Circumstances) -> dict[str, str]:
        files = inside_files(xmpp, at)
        return files | {CONFIG: "sipedge_partner_limit = 1\n" + files[CONFIG]}

    monkeypatch.setattr(contents, "inside_files", room_for_one)

    async def run() -> None:
        async with world(ALLOWED + "idle = 1.0\n") as here, two_users(here) as (ours, theirs):
            await passes(ours, theirs)
            conditions = set()
            async with asyncio.timeout(40):  # the first one is in use until its streams are idle
                while "not-allowed" not in conditions:
                    ours.send_message(f"user@{THIRD}", "hello", mtype="chat")
                    conditions.add((await ours.next_message())["error"]["condition"])
                    await asyncio.sleep(0.5)
            assert conditions == {"remote-server-timeout", "not-allowed"}
            assert (await here.is_active()).restarts == 0

    asyncio.run(run())


def test_a_port_that_somebody_else_has_is_the_reason_for_inactive() -> None:
    async def run() -> None:
        async with world(None, waits=False) as here:
            with socket.create_server((here.outside, 5269)):
                here.use(ALLOWED)
                reason = f"Prosody (outside) cannot listen on {here.outside}:5269"
                await until(lambda: (state := here.federation.state()) is not None and state.reason == reason)

    asyncio.run(run())
