"""A real HAProxy under the edge: started, reloaded, asked, refused, killed and ended."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from support.processes import fresh_address
from support.third_party import require

from sipedge.servers.engine import as_child
from sipedge.servers.haproxy import program
from sipedge.servers.haproxy.process import Haproxy
from sipedge.servers.haproxy.syntax import line, section
from sipedge.servers.haproxy.wanted import SOCKET, Wanted

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]
LIMIT = 20.0
PORT = 8443


class Ground:
    """One engine in a folder of its own, in front of servers that say their name."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder / "engine")
        self.address = fresh_address()
        self.haproxy = Haproxy("HAProxy (test)")
        self.servers: dict[str, str] = {}
        self._listening: list[asyncio.Server] = []

    def wanted(self, server: str, further: str = "") -> Wanted:
        defaults = [line("mode", "tcp"), *(line("timeout", kind, "20s") for kind in ("connect", "client", "server"))]
        front = [line("bind", f"{self.address}:{PORT}"), line("server", "s", f"{self.servers[server]}:{PORT}")]
        return Wanted(section("defaults", defaults) + section("listen front", front) + further, {})

    async def serve(self, name: str) -> None:
        """A server that says its name for each line that it gets."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.readline():
                writer.write(f"{name}\n".encode())
            writer.close()
            await writer.wait_closed()

        self.servers[name] = fresh_address()
        self._listening.append(await asyncio.start_server(handle, self.servers[name], PORT))

    async def aclose(self) -> None:
        await self.haproxy.aclose()  # first, so that no connection to the servers is open any more
        for server in self._listening:
            server.close()
            await server.wait_closed()

    async def is_current(self) -> None:
        await _until(lambda: self.haproxy.is_current)

    async def connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.address, PORT)

    async def said(self) -> str:
        """What a new connection is told."""
        ends = await self.connected()
        try:
            return await _said(*ends)
        finally:
            await _close(ends[1])


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    writer.write(b"\n")
    return (await asyncio.wait_for(reader.readline(), LIMIT)).decode().strip()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not true():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    require("haproxy")
    folder = Path(tempfile.mkdtemp(prefix="sipedge-ha-"))
    folder.chmod(0o755)  # the engine is another user than root, under which tests may run
    here = Ground(folder)
    try:
        for name in ("one", "two"):
            await here.serve(name)
        yield here
    finally:
        await here.aclose()
        shutil.rmtree(folder)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _runs(pid: int) -> bool:
    """One whose parent does not look is left as a zombie."""
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_its_user_need_not_see_where_the_edge_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.chdir(tmp_path)

    async def run() -> None:
        async with ground() as here:
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await here.is_current()
            assert await here.said() == "one"

    asyncio.run(run())


def test_it_is_started_asked_and_ended() -> None:
    async def run() -> None:
        async with ground() as here:
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await here.is_current()
            assert await here.said() == "one"
            assert here.haproxy.answer is not None
            assert here.haproxy.answer.info["Version"] == await program.version(program.find())
            names = {row["svname"]: row["status"] for row in here.haproxy.answer.rows}
            assert names == {"FRONTEND": "OPEN", "s": "no check", "BACKEND": "UP"}
            master = here.haproxy.pid
            engines = [master, *_children(master)]
            assert len(engines) == 2
            await here.haproxy.aclose()
            assert not any(map(_runs, engines))
            assert here.haproxy.pid == 0 and here.haproxy.answer is None

    asyncio.run(run())


def test_where_the_edge_is_root_the_engine_is_not() -> None:
    if os.geteuid() != 0:
        pytest.skip("the edge is not root here")

    async def run() -> None:
        async with ground() as here:
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await here.is_current()
            assert os.stat(f"/proc/{here.haproxy.pid}").st_uid != 0
            assert os.stat(here.folder).st_mode & 0o777 == 0o700

    asyncio.run(run())


def test_a_port_below_1024_can_be_had_all_the_same() -> None:
    command = as_child(["sh"], None, low_ports=True)
    assert not any("caps" in word for word in command)

    async def run() -> None:
        if os.geteuid() != 0:
            pytest.skip("the edge is not root here")
        async with ground() as here:
            text = section("listen low", [line("bind", f"{here.address}:443"), line("server", "s", "127.0.0.1:1")])
            await here.haproxy.bring(here.folder, here.wanted("one", text))
            await here.is_current()
            await _close((await asyncio.open_connection(here.address, 443))[1])

    asyncio.run(run())


def test_a_change_reaches_new_connections_and_leaves_open_ones_alone() -> None:
    async def run() -> None:
        async with ground() as here:
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await here.is_current()
            ends, master = await here.connected(), here.haproxy.pid
            assert await _said(*ends) == "one"
            await here.haproxy.bring(here.folder, here.wanted("two"))
            assert not here.haproxy.is_current
            await here.is_current()
            assert (await here.said(), await _said(*ends)) == ("two", "one")
            assert (here.haproxy.pid, here.haproxy.restarts) == (master, 0)
            await _close(ends[1])

    asyncio.run(run())


def test_a_change_right_after_the_start_ends_nothing() -> None:
    async def run() -> None:
        async with ground() as here:
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await here.haproxy.bring(here.folder, here.wanted("two"))
            await here.is_current()
            assert await here.said() == "two"
            assert here.haproxy.restarts == 0

    asyncio.run(run())


def test_what_it_refuses_is_said_in_its_words_and_not_used() -> None:
    async def run() -> None:
        async with ground() as here:
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await here.is_current()
            broken = here.wanted("two", section("backend b", [line("balance", "nonsense")]))
            with pytest.raises(OSError, match=r"refuses its configuration: parsing .*cfg:20] : balance only"):
                await here.haproxy.bring(here.folder, broken)
            assert here.haproxy.is_current
            assert await here.said() == "one"
            assert not os.path.exists(here.folder + ".next")

    asyncio.run(run())


def test_a_port_that_is_taken_is_named_and_taken_over_when_it_is_free() -> None:
    async def run() -> None:
        async with ground() as here:
            taken = await asyncio.start_server(lambda reader, writer: None, here.address, PORT)
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await _until(lambda: bool(here.haproxy.alert))
            assert f"{here.address}:{PORT}" in here.haproxy.alert
            taken.close()
            await taken.wait_closed()
            await here.is_current()
            assert here.haproxy.alert == ""

    asyncio.run(run())


@pytest.mark.parametrize("victim", ["master", "worker"])
def test_one_that_is_killed_is_back_within_seconds(victim: str) -> None:
    async def run() -> None:
        async with ground() as here:
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await here.is_current()
            master = here.haproxy.pid
            engines = [master, *_children(master)]
            os.kill(engines[victim == "worker"], signal.SIGKILL)
            await _until(lambda: here.haproxy.restarts == 1 and here.haproxy.is_current)
            assert await here.said() == "one"
            assert not any(map(_runs, engines))

    asyncio.run(run())


def test_a_command_is_answered_by_the_worker() -> None:
    async def run() -> None:
        async with ground() as here:
            await here.haproxy.bring(here.folder, here.wanted("one"))
            await here.is_current()
            assert "No such server" in await here.haproxy.ask("set server front/none state drain")
            assert await here.haproxy.ask(f"set server front/s addr {here.servers['two']}") != ""
            assert await here.said() == "two"

    asyncio.run(run())


def test_a_folder_whose_path_is_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with ground() as here:
            with pytest.raises(OSError, match="too long for a socket"):
                await here.haproxy.bring(f"{here.folder}/{'x' * 90}", here.wanted("one"))

    asyncio.run(run())


def test_without_the_program_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "PROGRAM", "haproxy-that-nobody-has")

    async def run() -> None:
        with pytest.raises(OSError, match="not installed: install the Debian package haproxy"):
            await Haproxy("x").bring("/nowhere", Wanted("", {}))

    asyncio.run(run())


def test_the_socket_is_in_the_folder() -> None:
    assert f"/x/{SOCKET}" in Wanted("", {}).in_folder("/x")["haproxy.cfg"].decode()
