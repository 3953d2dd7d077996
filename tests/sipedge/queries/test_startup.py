"""What run would stumble over on this machine, found without running it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support.configuration import EDGE, write
from support.paths import ROOT

from sipedge.queries.startup import startup_findings


def found(folder: Path, text: str) -> list[tuple[str, str, int, str]]:
    file = write(folder, text)
    return [(one.id, one.level.value, one.location.line, one.why) for one in startup_findings(str(file))]


def listener(port: int, address: str = "127.0.0.1") -> str:
    return f'\n[[listener]]\nname = "l"\naddress = "{address}"\nport = {port}\ntransport = "TCP"\n'


@pytest.mark.parametrize("name", ["cannot-listen", "cannot-write", "receives-nothing"])
def test_the_example_on_the_page_shows_it(tmp_path: Path, name: str) -> None:
    example = re.search(r"\n```toml\n(.*?)\n```\n", (ROOT / f"docs/checks/{name}.md").read_text(), re.DOTALL)
    assert example
    assert [kind for kind, *_ in found(tmp_path, example[1] + "\n")] == [name]


def test_an_edge_with_a_way_in_and_a_free_port_is_good(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert found(tmp_path, EDGE + listener(port)) == []


def test_a_port_of_another_process_is_an_error_with_its_place(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        why = f'"l" cannot listen: 127.0.0.1:{port} is in use by another process'
        assert found(tmp_path, EDGE + listener(port)) == [("cannot-listen", "error", 8, why)]
        metrics = f'{listener(0)}\n[metrics]\nlisten = "127.0.0.1:{port}"\n'
        assert [kind for kind, *_ in found(tmp_path, EDGE + metrics)] == ["cannot-listen"]


HOLDER = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"


@pytest.mark.parametrize(("command", "own"), [(("run", "edge.toml"), True), (("run", "other.toml"), False)])
def test_a_port_that_an_edge_of_this_configuration_holds_is_fine(
    tmp_path: Path, command: tuple[str, ...], own: bool
) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLDER, *command], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert held.stdout is not None
        port = int(held.stdout.readline())
        assert (found(tmp_path, EDGE + listener(port)) == []) is own
    finally:
        held.communicate("\n")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_log_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").touch(0o400)
    text = EDGE + listener(0) + '\n[log]\nmessages = "m.jsonl"\n'
    assert [kind for kind, *_ in found(tmp_path, text)] == ["cannot-write"]


def test_a_folder_in_place_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").mkdir()
    text = EDGE + listener(0) + '\n[log]\nmessages = "m.jsonl"\n'
    assert [(kind, line) for kind, _, line, _ in found(tmp_path, text)] == [("cannot-write", 12)]
