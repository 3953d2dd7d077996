"""What an edge decided, in the console: live, with its tree, and whatever becomes of the console."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from support.asked import status
from support.console import browser, with_account, world_beside
from support.console_process import console_of
from support.recorded import carry
from support.running_edge import COMMAND
from support.tcp_edge import Installation

from sipedge.accounts.roles import Role
from sipedge.history.wish import Wish

pytestmark = pytest.mark.e2e


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    made.toml.write_text(made.toml.read_text() + '[log]\ndecisions = "decisions.jsonl"\n')
    with made.edge:
        yield made


def _sent(installation: Installation, count: int, first: int = 1) -> None:
    with installation.call() as call:
        for number in range(first, first + count):
            call.send(installation.message(number, "bob", "far.example" if number % 2 else "nowhere.example"))
        for _ in range(count):
            call.read_message()


def _shown(client: TestClient, count: int) -> str:
    end = time.monotonic() + 10
    while (text := client.get("/history").text).count("<tr><td") < count:
        assert time.monotonic() < end, text
        time.sleep(0.05)
    return text


def test_the_tree_of_an_entry_is_the_one_that_the_edge_itself_tells(installation: Installation) -> None:
    with browser(world_beside(installation.toml)) as client:
        _sent(installation, 2)
        text = _shown(client, 2)
        places = re.findall(r'href="(/history/[0-9-]+)"', text)
        pages = [unescape(re.sub(r"<[^>]+>", "", client.get(place).text)) for place in places]
    told = subprocess.run([COMMAND, "history", installation.toml], capture_output=True, text=True, check=True).stdout
    lines = [line.lstrip("│├└─ ") for line in told.splitlines() if re.match(r"[│├└]", line)]
    assert len(lines) >= 8
    for line in lines:
        assert any(line in page for page in pages), line


def test_a_console_that_is_killed_costs_nothing_and_finds_everything_later(installation: Installation) -> None:
    """The edge goes on without it; what comes meanwhile is there when the next one looks."""
    config = installation.toml
    config.write_text(config.read_text() + '[console]\nlisten = "127.0.0.1:0"\n')
    process = subprocess.Popen([COMMAND, "console", config], stdout=subprocess.PIPE, text=True)
    assert process.stdout and "http" in process.stdout.readline()
    _sent(installation, 50)
    process.kill()
    process.communicate()
    _sent(installation, 50, 51)
    world = world_beside(config)
    end = time.monotonic() + 10
    while len(found := world.watch.history.find(Wish(most=1000))) < 100:
        assert time.monotonic() < end
        carry(world)
    assert len({each.call_id for each in found}) == 100 and world.watch.history.stored().lost == 0
    world.watch.close()


def test_commands_ask_the_edge_through_its_console(installation: Installation) -> None:
    config = installation.toml
    config.write_text(config.read_text() + '[console]\nlisten = "127.0.0.1:0"\n')
    _sent(installation, 2)
    world = world_beside(config)
    with_account(world, Role.ADMIN)
    token = world.keeping.tokens.add("laptop", Role.ADMIN, "admin", 1, time.time())
    with console_of(config) as address:
        env = {**os.environ, "SIPEDGE_TOKEN": token}

        def said(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run([COMMAND, *words], capture_output=True, text=True, env=env | more)

        direct = subprocess.run([COMMAND, "history", config], capture_output=True, text=True, check=True)
        assert said("history", "--at", address).stdout == direct.stdout
        assert (
            json.loads(said("status", "--at", address, "--json").stdout)["revision"]
            == status(installation.folder)["revision"]
        )
        loaded = said("load", "--at", address)
        assert loaded.returncode == 0 and "is in force instead of" in loaded.stdout
        refused = said("status", "--at", address, SIPEDGE_TOKEN="sipedge_wrong")
        assert refused.returncode == 1 and "send a token" in refused.stderr
    assert [entry.what for entry in world.keeping.audit.newest(1)] == ["load"]
