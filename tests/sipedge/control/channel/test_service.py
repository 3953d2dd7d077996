"""The control socket served and asked, with clumsy and hostile clients, on both kinds of event loop."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop

from sipedge.control.answers import Done, Item
from sipedge.control.channel import service as module
from sipedge.control.channel.client import Asking, Unreachable
from sipedge.control.channel.place import connect_to, open_place
from sipedge.control.channel.service import Client, Service
from sipedge.control.refusal import NOT_FOUND, Refused
from sipedge.control.requests import Close, Confirm, History, Probe, Request, Status

pytestmark = pytest.mark.e2e

Talk = Callable[[Path], None]


async def answer(request: Request, client: Client) -> object:
    """An edge with little to say."""
    if isinstance(request, History):
        for number in range(request.last):
            await client.item("x" * 1000 + str(number))
        while request.follow and not client.is_gone:
            await asyncio.sleep(0.01)
    if isinstance(request, Close):
        raise Refused(NOT_FOUND, f"there is no connection {request.connection}")
    if isinstance(request, Probe):
        raise RuntimeError("broken")
    return type(request).__name__


def serve(path: Path, talk: Talk, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Serve until ``talk`` has returned, which runs in a thread."""

    async def run() -> None:
        service = Service(answer)
        await service.use(open_place(str(path)))
        try:
            await asyncio.to_thread(talk, path)
        finally:
            await service.aclose()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(run())


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Talk], None]:
    return lambda talk: serve(tmp_path / "control", talk, request.param)


def raw(path: Path) -> socket.socket:
    return connect_to(str(path), 5)


def read_all(client: socket.socket) -> bytes:
    data = b""
    while part := client.recv(65536):
        data += part
    return data


def test_items_come_before_the_end(served: Callable[[Talk], None]) -> None:
    def talk(path: Path) -> None:
        with Asking(str(path), 5) as asking:
            assert list(asking.ask(Status())) == [Done("Status")]
            items = list(asking.ask(History(last=300)))
            assert [type(item) for item in items] == [Item] * 300 + [Done]
            with pytest.raises(Refused, match="there is no connection 7") as refused:
                list(asking.ask(Close(7)))
            assert refused.value.code == 404
            assert list(asking.ask(Confirm())) == [Done("Confirm")]

    served(talk)


def test_owner_and_group_only_and_gone_at_the_end(served: Callable[[Talk], None], tmp_path: Path) -> None:
    def talk(path: Path) -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660

    served(talk)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"junk\n", "a request is one JSON object on one line"),
        (b"[" * 10_000 + b"\n", "a request is one JSON object on one line"),
        (b"x" * 20_000, "a request is at most 16384 bytes long"),
        (b'{"do": "shout"}\n', '\\"do\\" must be one of status, history'),
        (b'{"do": "close", "connection": "7"}\n', '\\"connection\\" must be a whole number'),
    ],
)
def test_what_is_no_request_gets_one_sentence_and_the_end(
    served: Callable[[Talk], None], line: bytes, said: str
) -> None:
    def talk(path: Path) -> None:
        with raw(path) as client:
            client.sendall(line)
            answered = read_all(client).decode()
            assert said in answered and '"code":400' in answered

    served(talk)


def test_an_exception_is_told_and_costs_nobody_the_connection(served: Callable[[Talk], None]) -> None:
    def talk(path: Path) -> None:
        with Asking(str(path), 5) as asking:
            with pytest.raises(Refused, match="an error of the edge itself"):
                list(asking.ask(Probe("x")))
            assert list(asking.ask(Status())) == [Done("Status")]

    served(talk)


def test_who_closes_its_sending_side_still_gets_the_answer(served: Callable[[Talk], None]) -> None:
    def talk(path: Path) -> None:
        with raw(path) as client:
            client.sendall(b'{"do": "history", "last": 2}\n')
            client.shutdown(socket.SHUT_WR)
            assert read_all(client).count(b"\n") == 3

    served(talk)


def test_a_client_that_does_not_read_is_cut_and_others_are_served(
    served: Callable[[Talk], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)

    def talk(path: Path) -> None:
        with raw(path) as lazy:
            lazy.sendall(b'{"do": "history", "last": 2000000}\n')
            with Asking(str(path), 5) as asking:
                assert list(asking.ask(Status())) == [Done("Status")]
            ended = threading.Event()
            poller = threading.Thread(target=lambda: (wait_for_hang_up(lazy), ended.set()))
            poller.start()
            assert ended.wait(10)
            poller.join()

    served(talk)


def wait_for_hang_up(client: socket.socket) -> None:
    import select

    poll = select.poll()
    poll.register(client.fileno(), 0)  # only POLLHUP
    poll.poll()


def test_a_client_that_asks_nothing_is_let_go(served: Callable[[Talk], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE", 0.1)

    def talk(path: Path) -> None:
        with raw(path) as client:
            assert read_all(client) == b""

    served(talk)


def test_one_client_too_many_is_told_so(served: Callable[[Talk], None]) -> None:
    def talk(path: Path) -> None:
        with many(path, module.AT_ONCE):
            with raw(path) as client:
                assert b'"code":503' in read_all(client)
        with Asking(str(path), 5) as asking:
            assert list(asking.ask(Status())) == [Done("Status")]

    served(talk)


@contextmanager
def many(path: Path, count: int) -> Iterator[None]:
    """Clients that follow, until all of them are gone again."""
    clients = [raw(path) for _ in range(count)]
    for client in clients:
        client.sendall(b'{"do": "history", "last": 1, "follow": true}\n')
        client.recv(10)
    yield
    for client in clients:
        client.close()
    while b"503" in told(path):
        pass


def told(path: Path) -> bytes:
    with raw(path) as client:
        client.sendall(b'{"do": "status"}\n')
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_stranger_is_refused_even_where_the_file_lets_him_in(served: Callable[[Talk], None]) -> None:
    def talk(path: Path) -> None:
        path.parent.chmod(0o755)
        assert b"PermissionError" in asked_by_nobody(path)
        path.chmod(0o666)
        assert b'"code":403' in asked_by_nobody(path)
        os.chown(path, -1, 65534)
        assert b'{"ok":"Status"}' in asked_by_nobody(path)

    served(talk)


PROGRAM = """
import os, socket, sys
os.chdir(sys.argv[1])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
client = socket.socket(socket.AF_UNIX)
try:
    client.connect("control")
except PermissionError as error:
    sys.exit(print("PermissionError"))
client.sendall(b'{"do": "status"}\\n')
print(client.recv(65536).decode())
"""


def asked_by_nobody(path: Path) -> bytes:
    import subprocess
    import sys

    return subprocess.run([sys.executable, "-c", PROGRAM, path.parent], capture_output=True, timeout=20).stdout


def test_nobody_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no edge serves there"):
        Asking(str(tmp_path / "control"), 1)
