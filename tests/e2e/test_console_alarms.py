"""Alarms of a real edge in a real console: raised, shown with the way to their cause, and over again."""

from __future__ import annotations

import re
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.asked import status
from support.console_process import console_of, console_process
from support.tcp_edge import PORT, Installation

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
LIMIT = 30.0
"""The doctor waits 10 seconds after a start; an output that has failed is tried again after 1 s, then 2."""
TABLES = """
[log]
decisions = "decisions.jsonl"
[doctor]
interval = 1
[console]
listen = "127.0.0.1:0"
disk_free = {}
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    made.toml.write_text(made.toml.read_text() + TABLES.format(100))
    with made.edge:
        yield made


def _until(found: Callable[[], Any]) -> Any:
    """What is found at last."""
    end = time.monotonic() + LIMIT
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def _alarm(address: str, text: str) -> Callable[[], dict[str, Any] | None]:
    def found() -> dict[str, Any] | None:
        lasting = (each for each in _asked(address, "alarms") if each["cleared"] is None)
        return next((each for each in lasting if text in each["text"]), None)

    return found


def _over(address: str, text: str) -> Callable[[], bool]:
    return lambda: not _alarm(address, text)()


def _page(address: str, path: str) -> str:
    answer = httpx.get(f"{address}{path}", trust_env=False)
    assert answer.status_code == 200
    return answer.text


@contextmanager
def _full(process: int) -> Iterator[None]:
    """No file of a process may grow: EFBIG, as ENOSPC of a disk that is full."""
    _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (hard, hard))


def _sent(installation: Installation, first: int, number: int) -> None:
    """Each is answered."""
    with installation.call() as call:
        for each in range(first, first + number):
            call.send(installation.message(each, domain="nowhere.example"))
            assert call.read_message().startswith(b"SIP/2.0 404")


def test_what_the_doctors_rounds_find_is_an_alarm_until_it_is_mended(installation: Installation) -> None:
    with console_of(installation.toml) as address:
        alarm = _until(_alarm(address, f'Doctor: dns.reachable of zone "far" {installation.far}'))
        assert alarm["text"] in unescape(_page(address, "/")) and 'href="/doctor"' in _page(address, "/")
        assert installation.far in _page(address, "/doctor?zone=far")
        with socket.create_server((installation.far, PORT)):
            _until(_over(address, alarm["text"]))
        assert alarm["text"] in unescape(_page(address, "/logs?kind=cleared"))


def test_an_edge_whose_disk_is_full_serves_on_tells_what_is_lost_and_goes_on(installation: Installation) -> None:
    with console_of(installation.toml) as address:
        _sent(installation, 1, 5)
        _until(lambda: _asked(address, "stored")["rows"] == 5)
        with _full(installation.edge.worker()):
            _sent(installation, 10, 20)
            alarm = _until(_alarm(address, "The edge has lost"))
            assert "decisions" in alarm["text"] and 'href="/logs/edge"' in _page(address, "/alarms")
        _until(_new_one_is_stored(installation, address))
        stored, told = _asked(address, "stored"), status(installation.folder)
    assert stored["lost"] == sum(told["dropped"].values()) > 0
    assert stored["rows"] + stored["lost"] == told["decisions"], "none is missing that nobody tells of"


def test_a_console_whose_disk_is_full_says_so_on_its_pages_and_goes_on_later(installation: Installation) -> None:
    with console_process(installation.toml) as (address, process):
        _sent(installation, 1, 5)
        _until(lambda: _asked(address, "stored")["rows"] == 5)
        with _full(process):
            _sent(installation, 10, 20)
            _until(lambda: "the history does not grow" in _page(address, "/history?alias=nobody"))
            _until(lambda: "alarms and events cannot be kept" in _page(address, "/alarms"))
            _until(lambda: "The history does not grow" in _page(address, "/alarms"))
            assert "the history does not grow" in _page(address, "/")
        _until(_alarm(address, "is nearly full"))
        _until(lambda: _asked(address, "stored")["rows"] == 25)
        assert _asked(address, "stored")["lost"] == 0
        assert "cannot be kept" not in _page(address, "/alarms")


def test_a_disk_that_is_nearly_full_is_an_alarm_until_there_is_room(installation: Installation) -> None:
    """No disk is as empty as is demanded; then nothing is demanded."""
    with console_of(installation.toml) as address:
        alarm = _until(_alarm(address, "is nearly full"))
        assert str(installation.folder) in alarm["text"] and "% are free" in alarm["text"]
        assert re.search(r"<title>\(\d+\) Alarms", _page(address, "/alarms")), "and every page tells how many there are"
    text = installation.toml.read_text()
    installation.toml.write_text(text.replace("disk_free = 100", "disk_free = 0"))
    with console_of(installation.toml) as address:
        _until(_over(address, "is nearly full"))
        assert [each for each in _asked(address, "alarms") if "is nearly full" in each["text"]][0]["cleared"]


def _new_one_is_stored(installation: Installation, address: str) -> Callable[[], bool]:
    numbers = count(100)

    def found() -> bool:
        number = next(numbers)
        _sent(installation, number, 1)
        wish = {"call_id": f"stream-{number}@{installation.own}"}
        end = time.monotonic() + 1
        while time.monotonic() < end:
            if httpx.get(f"{address}/api/history", params=wish, trust_env=False).json()["decisions"]:
                return True
            time.sleep(0.05)
        return False

    return found


def _asked(address: str, what: str) -> Any:
    return httpx.get(f"{address}/api/{what}", trust_env=False).json()
