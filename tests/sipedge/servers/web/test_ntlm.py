"""NTLM logs in a connection, not a request: no client is ever answered as another, whatever happens in between."""

from __future__ import annotations

import asyncio

import pytest
from support.web_client import Answer, Connection
from support.web_world import FRONT, World, rule, world

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

CLIENTS = ("alice", "bob", "carol")
ROUNDS = 340
"""So that it is more than a thousand requests."""


async def _log_in(connection: Connection, user: str) -> None:
    for step in ("negotiate", "authenticate"):
        answer = await connection.get(FRONT, "/ntlm", Authorization=f"NTLM {step}:{user}")
    assert (answer.status, answer.body.decode()) == (200, user)


def _is_own(answer: Answer, user: str) -> bool:
    return (answer.status, answer.body.decode()) == (200, user)


async def _interleaved(here: World, rounds: int) -> int:
    """Three clients in turns and at the same time; how many answers were their own."""
    own = 0
    connections = {user: here.connection(FRONT) for user in CLIENTS}
    try:
        for user, connection in connections.items():
            await connection.__aenter__()
            await _log_in(connection, user)
        for number in range(rounds):
            if number % 2:
                answers = [await each.get(FRONT, f"/ntlm/{number}") for each in connections.values()]
            else:
                answers = await asyncio.gather(*(each.get(FRONT, f"/ntlm/{number}") for each in connections.values()))
            own += sum(map(_is_own, answers, connections))
    finally:
        for connection in connections.values():
            await connection.__aexit__(None, None, None)
    return own


@pytest.mark.parametrize("servers", [1, 2])
def test_three_clients_are_answered_as_themselves_a_thousand_times_and_after_a_reload(servers: int) -> None:
    async def run() -> None:
        async with world(FRONT) as here:
            pool = [await here.serve(f"fe{n}", 4443, names=["pool.inside.example.com"]) for n in range(servers)]
            tables = rule("FE", [FRONT], pool, 'verify_name = "pool.inside.example.com"')
            here.use(tables)
            await here.is_active()
            assert await _interleaved(here, ROUNDS) == len(CLIENTS) * ROUNDS
            here.use(tables + "read_timeout = 299\n")
            await here.is_active()
            assert await _interleaved(here, 20) == len(CLIENTS) * 20

    asyncio.run(run())


def test_one_that_has_not_logged_in_gets_nobody_elses_connection() -> None:
    async def run() -> None:
        async with world(FRONT) as here:
            server = await here.serve("fe", 4443, names=["pool.inside.example.com"])
            here.use(rule("FE", [FRONT], [server], 'verify_name = "pool.inside.example.com"'))
            await here.is_active()
            async with here.connection(FRONT) as alice, here.connection(FRONT) as stranger:
                await _log_in(alice, "alice")
                statuses = {(await stranger.get(FRONT, "/ntlm")).status for _ in range(50)}
                assert statuses == {401}
                assert _is_own(await alice.get(FRONT, "/ntlm"), "alice")
            for _ in range(20):
                assert (await here.get(FRONT, "/ntlm")).status == 401

    asyncio.run(run())
