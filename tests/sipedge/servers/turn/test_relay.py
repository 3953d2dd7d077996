"""TURN by a real coturn: who may relay what, over which transport, and what a change does."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from support.third_party import require
from support.turn_world import PORT, World, echo, world
from support.web_world import until

from sipedge.servers.turn import relay

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


async def _relays(here: World, transport: str, port: int = PORT) -> tuple[str, int]:
    """There and back through the server; the relayed address."""
    async with echo(here.peer) as peer, here.client(transport, port=port) as client:
        relayed = await client.allocate()
        assert isinstance(relayed, tuple), relayed
        assert await client.permit(here.peer, peer) == 0
        for number in range(20):
            client.send(here.peer, peer, b"packet %d" % number)
            assert await client.data() == b"packet %d" % number
        await until(lambda: here.state().allocations == 1)  # that of a client before goes a second after its end
        assert await client.release() == 0
        return relayed


def test_it_relays_over_udp_tcp_and_tls_on_all_its_ports_within_the_range() -> None:
    async def run() -> None:
        async with world() as here:
            here.use("further_ports = [3479, 3480]\ntls_port = 5349\n")
            await here.is_active()
            ways = [("udp", PORT), ("tcp", PORT), ("udp", 3479), ("tcp", 3480), ("tls", 5349)]
            for transport, port in ways:
                address, relayed = await _relays(here, transport, port)
                assert address == here.address and 24000 <= relayed <= 24063
            assert here.state().version

    asyncio.run(run())


@pytest.mark.parametrize("option", [(), ("-t",)], ids=["UDP", "TCP"])
def test_coturns_own_client_loses_no_packet(option: tuple[str, ...]) -> None:
    program = require("turnutils_uclient")

    async def run() -> str:
        async with world() as here:
            here.peer = here.address
            here.use()
            await here.is_active()
            words = [*option, "-u", "cms", "-w", "secret", "-y", "-c", "-m", "2", "-n", "20", here.address]
            process = await asyncio.create_subprocess_exec(program, *words, stdout=asyncio.subprocess.PIPE)
            out, _ = await process.communicate()
            return out.decode()

    out = asyncio.run(run())
    assert "tot_send_msgs=40, tot_recv_msgs=40" in out and "Total lost packets 0 " in out, out


def test_a_wrong_password_and_a_stranger_get_nothing() -> None:
    async def run() -> None:
        async with world() as here:
            here.use()
            await here.is_active()
            for transport in ("udp", "tcp"):
                async with here.client(transport, "wrong") as client:
                    assert await client.allocate() == 401
            assert here.state().allocations == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    "peer",
    ["10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "127.0.0.1", "0.0.0.0", "224.0.0.1"],
)
def test_peers_inside_are_denied(peer: str) -> None:
    async def run() -> None:
        async with world() as here:
            here.use()
            await here.is_active()
            async with here.client() as client:
                assert isinstance(await client.allocate(), tuple)
                assert await client.permit(peer, 443) == 403

    asyncio.run(run())


def test_quotas_are_kept() -> None:
    async def run() -> None:
        async with world() as here:
            here.use("user_quota = 2\n")
            await here.is_active()
            async with here.client() as one, here.client() as two, here.client("tcp") as three:
                assert isinstance(await one.allocate(), tuple) and isinstance(await two.allocate(), tuple)
                assert await three.allocate() == 486

    asyncio.run(run())


def test_behind_a_nat_clients_are_told_the_outside_address() -> None:
    async def run() -> None:
        async with world() as here:
            here.use('outside_address = "192.0.2.77"\n')
            await here.is_active()
            async with here.client() as client:
                relayed = await client.allocate()
                assert isinstance(relayed, tuple) and relayed[0] == "192.0.2.77"

    asyncio.run(run())


def test_a_renewed_certificate_ends_no_allocation_and_other_changes_start_it_again() -> None:
    async def run() -> None:
        async with world() as here:
            here.use("tls_port = 5349\n")
            await here.is_active()
            [process] = here.state().processes
            async with echo(here.peer) as peer, here.client() as client:
                assert isinstance(await client.allocate(), tuple)
                assert await client.permit(here.peer, peer) == 0
                here.certify()
                here.use("tls_port = 5349\n")
                await here.is_active()
                client.send(here.peer, peer, b"still there")
                assert await client.data() == b"still there"
            assert here.state().processes == (process,)
            here.use("tls_port = 5349\nuser_quota = 9\n")
            await here.is_active()
            assert here.settings.turn is not None and here.relay.costs(here.settings.turn) == []
            other = replace(here.settings.turn, user_quota=3)
            assert here.relay.costs(other) == ["TURN: coturn is started again, and every allocation ends"]
            assert here.relay.costs(None) == ["TURN: coturn is ended, with every allocation"]
            assert here.state().processes != (process,) and here.state().restarts == 0
            assert "user-quota=9" in (here.folder / "edge.turn/turnserver.conf").read_text()

    asyncio.run(run())


def test_no_password_is_in_the_configuration_and_nobody_else_reads_it() -> None:
    async def run() -> None:
        async with world() as here:
            here.use()
            await here.is_active()
            file = here.folder / "edge.turn/turnserver.conf"
            assert "secret" not in file.read_text()
            assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
            if os.geteuid() == 0:
                assert os.stat(f"/proc/{here.state().processes[0]}").st_uid != 0

    asyncio.run(run())


def test_one_that_is_killed_is_back_and_one_that_is_not_wanted_is_ended() -> None:
    async def run() -> None:
        async with world() as here:
            here.use()
            await here.is_active()
            os.kill(here.state().processes[0], signal.SIGKILL)
            await until(lambda: here.state().restarts == 1)
            await here.is_active()
            [process] = here.state().processes
            here.use(turn=False)
            await until(lambda: here.relay.services() == ())
            assert not Path(f"/proc/{process}").exists()

    asyncio.run(run())


def test_a_port_that_is_taken_is_named() -> None:
    async def run() -> None:
        async with world() as here:
            taken = await asyncio.start_server(lambda reader, writer: None, here.address, PORT)
            here.use()
            reason = f"coturn cannot listen on {here.address}:{PORT}: somebody else does"
            await until(lambda: here.relay.services() != () and here.state().reason == reason)
            taken.close()
            await taken.wait_closed()

    asyncio.run(run())


def test_without_the_program_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "PROGRAM", "turnserver-that-nobody-has")

    async def run() -> None:
        async with world() as here:
            here.use()
            await until(lambda: here.relay.services() != () and here.state().reason == relay.ABSENT)

    asyncio.run(run())
