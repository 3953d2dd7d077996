"""Configurations put in force over the control socket: all of one, or nothing, or back again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.asked import ask, command, status
from support.echo import Echo
from support.running_edge import COMMAND, Edge, listener, rule
from support.stream import header
from support.tcp_edge import PORT, RULE, Installation

from sipedge.control.refusal import Refused
from sipedge.control.requests import Confirm, Load

pytestmark = pytest.mark.e2e

MORE = RULE + rule("more", r".*@more\.example", "far", priority=20)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    with made.edge:
        yield made


def in_force(installation: Installation) -> str:
    return status(installation.folder)["revision"]


def wait_until_back(installation: Installation, revision: str) -> None:
    deadline = time.monotonic() + 20
    while in_force(installation) != revision:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_load_says_what_is_different_and_so_does_the_log(installation: Installation) -> None:
    before = in_force(installation)
    config = installation.config("[limits]\nidle = 1000\n").replace("monitor = false", "monitor = true", 1)
    installation.edge.write(config=config, dialplan=MORE)
    code, out, _ = command("load", installation.toml, "--expect", before[:8])
    after = in_force(installation)
    different = 'rules +1 -0, zone "near" changed, limits changed'
    assert code == 0 and after != before
    assert out == (
        f"{installation.toml}: revision {after[:12]} is in force instead of {before[:12]}\ndifferent: {different}\n"
    )
    line = installation.edge.wait_for("is in force")
    assert f"{installation.toml} is in force, different: {different} (revision {after[:12]})" in line
    assert f"asked by uid {os.geteuid()}" in line


def test_sighup_tells_the_log_the_same(installation: Installation) -> None:
    installation.edge.write(dialplan=MORE.replace("20", "30").replace('"out"', '"renamed"'))
    assert "is in force, different: rules +2 -1 (revision " in installation.edge.reload()
    assert "is in force, different: nothing (revision " in installation.edge.reload()


def test_a_broken_plan_is_shown_at_its_line_and_nothing_changes(installation: Installation) -> None:
    before = status(installation.folder)
    installation.edge.write(dialplan=RULE + "nonsense\n")
    with pytest.raises(Refused) as refused:
        ask(installation.folder, Load())
    assert refused.value.code == 422
    (problem,) = refused.value.problems
    assert (problem.location.line, problem.location.column) == (RULE.count("\n") + 1, 1)
    code, _, said = command("load", installation.toml)
    assert code == 1 and f"{installation.folder}/edge.dialplan:{problem.location.line}:1: " in said
    after = status(installation.folder)
    assert (after["revision"], after["in_force_since"]) == (before["revision"], before["in_force_since"])


def test_another_revision_than_expected_is_left_alone(installation: Installation) -> None:
    before = in_force(installation)
    installation.edge.write(dialplan=MORE)
    with pytest.raises(Refused, match=f"revision {before} is in force, not abc: ") as refused:
        ask(installation.folder, Load(expect="abc"))
    assert refused.value.code == 409
    assert in_force(installation) == before


def test_what_nobody_confirms_goes_back_in_time(installation: Installation) -> None:
    before = in_force(installation)
    installation.edge.write(dialplan=MORE)
    began = time.monotonic()
    loaded = ask(installation.folder, Load(confirm_within=1.5))
    told = status(installation.folder)
    assert told["revision"] == loaded["revision"] != before
    assert told["unconfirmed"] is not None
    assert 0 < told["unconfirmed"]["left"] <= 1.5 and told["unconfirmed"]["back_to"] == before
    wait_until_back(installation, before)
    assert 1.5 <= time.monotonic() - began
    assert status(installation.folder)["unconfirmed"] is None
    installation.edge.wait_for(f"nobody confirmed revision {loaded['revision'][:12]}, so revision {before[:12]} is")
    with pytest.raises(Refused, match="nothing waits to be confirmed") as refused:
        ask(installation.folder, Confirm())
    assert refused.value.code == 409


def test_what_is_confirmed_stays(installation: Installation) -> None:
    installation.edge.write(dialplan=MORE)
    code, out, _ = command("load", installation.toml, "--confirm-within", "60s")
    assert code == 0 and f"unless: sipedge confirm {installation.toml}\n" in out
    assert "not confirmed: back to revision" in command("status", installation.toml)[1]
    code, out, _ = command("confirm", installation.toml)
    assert (code, out) == (0, f"revision {in_force(installation)[:12]} stays in force\n")
    assert status(installation.folder)["unconfirmed"] is None


def test_two_trials_in_a_row_go_back_to_what_was_confirmed_last(installation: Installation) -> None:
    before = in_force(installation)
    for plan, seconds in ((MORE, 60), (MORE + "\n", 0.5)):
        installation.edge.write(dialplan=plan)
        ask(installation.folder, Load(confirm_within=seconds))
    wait_until_back(installation, before)


def test_a_sighup_during_a_trial_is_for_good(installation: Installation) -> None:
    installation.edge.write(dialplan=MORE)
    ask(installation.folder, Load(confirm_within=60))
    assert "in force" in installation.edge.reload()
    assert status(installation.folder)["unconfirmed"] is None


def test_a_worker_killed_during_a_trial_leaves_the_next_one_the_time_that_is_left(installation: Installation) -> None:
    before = in_force(installation)
    installation.edge.write(dialplan=MORE)
    began = time.monotonic()
    loaded = ask(installation.folder, Load(confirm_within=6))
    os.kill(installation.edge.worker(), signal.SIGKILL)
    told = status(installation.folder)
    assert told["revision"] == loaded["revision"]
    assert told["unconfirmed"] is not None and told["unconfirmed"]["left"] < 6 - 1
    wait_until_back(installation, before)
    assert 6 <= time.monotonic() - began < 15


def test_a_worker_that_starts_after_the_time_begins_with_what_was_before(installation: Installation) -> None:
    """A configuration on trial that lets no worker live must not stay for ever."""
    before = in_force(installation)
    installation.edge.write(config=installation.config(listener("new", "127.0.0.1", "TCP").replace("5060", "0")))
    ask(installation.folder, Load(confirm_within=0.7))
    os.kill(installation.edge.worker(), signal.SIGKILL)  # the next one comes after a second
    told = status(installation.folder)
    assert told["revision"] == before and told["unconfirmed"] is None
    assert [each["name"] for each in told["listeners"]] == ["tcp"]
    installation.edge.wait_for("nobody confirmed revision")
    with Echo(installation.far, PORT), installation.call() as caller:
        caller.send(installation.message(1))
        assert caller.read_message().startswith(b"SIP/2.0 200 ")


def test_the_control_socket_moves_with_a_load_or_stays_where_it_is(installation: Installation) -> None:
    place, other = installation.folder / "edge.control", installation.folder / "other"
    other.write_text("precious")
    installation.edge.write(config=installation.config(keys='control = "other"'))
    with pytest.raises(Refused, match="control socket .*/other: a file is there that is no socket"):
        ask(installation.folder, Load())
    assert place.is_socket() and other.read_text() == "precious"
    other.unlink()
    assert ask(installation.folder, Load())["changes"]["settings"] == ["control"]
    assert other.is_socket() and not place.exists()
    assert command("status", installation.toml)[0] == 0
    os.kill(installation.edge.worker(), signal.SIGKILL)
    assert command("status", installation.toml)[0] == 0


def test_a_socket_that_somebody_removed_is_made_again_by_the_next_load(installation: Installation) -> None:
    (installation.folder / "edge.control").unlink()
    assert "in force" in installation.edge.reload()
    assert in_force(installation)


def test_loads_at_the_same_time_come_one_after_the_other(installation: Installation) -> None:
    before, said = in_force(installation), list[str]()
    installation.edge.write(dialplan=MORE)

    def load() -> None:
        try:
            ask(installation.folder, Load(expect=before))
            said.append("loaded")
        except Refused as refused:
            said.append(str(refused.code))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["409", "409", "409", "loaded"]


def test_a_sighup_before_the_edge_is_ready_is_heeded_when_it_is(tmp_path: Path) -> None:
    """As early as the process has seen to it that it does not die of one."""
    installation = Installation(tmp_path)
    start = [COMMAND, "run", installation.toml]
    with subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as edge:
        try:
            while not int(_field(edge.pid, "SigBlk"), 16) & 1:
                assert edge.poll() is None
                time.sleep(0.002)
            edge.send_signal(signal.SIGHUP)
            assert edge.stdout is not None
            lines = iter(edge.stdout)
            assert any(" serves " in line for line in lines)
            assert any("reload: " in line and "in force" in line for line in lines)
        finally:
            edge.terminate()


def _field(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(name))


RATE = 500
"""Requests a second, where the machine carries them."""


class Traffic:
    """MESSAGEs on one connection, whether or not earlier ones are answered, until ``end``."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._caller = installation.call()
        self._over = threading.Event()
        self.sent = 0
        self._last = -1
        """How many there are in all; -1 while that is not known."""
        self.answers: dict[str, str] = {}
        self._threads = [threading.Thread(target=work) for work in (self._send, self._read)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Send one more, and wait for what is still owed."""
        sender, reader = self._threads
        self._over.set()
        sender.join()
        self._send_one()  # else the reader may wait for an answer when all have come
        reader.join()
        self._caller.close()

    def _send(self) -> None:
        began = time.monotonic()
        while not self._over.wait(max(0.0, began + self.sent / RATE - time.monotonic())):
            self._send_one()
        self._last = self.sent + 1

    def _send_one(self) -> None:
        self.sent += 1
        self._caller.send(self._installation.message(self.sent))

    def _read(self) -> None:
        while len(self.answers) != self._last:
            answer = self._caller.read_message()
            assert header(answer, "Call-ID") not in self.answers
            self.answers[header(answer, "Call-ID")] = answer[8:11].decode()


def test_loads_that_fail_under_traffic_lose_nothing_and_close_nothing(installation: Installation) -> None:
    taken = socket.create_server((installation.own, 0))
    port = taken.getsockname()[1]
    key = installation.leaf.key.read_bytes()
    with Echo(installation.far, PORT):
        traffic = Traffic(installation)
        while len(traffic.answers) < 50:
            time.sleep(0.01)
        before = status(installation.folder)
        in_use = listener("more", installation.own, "TCP").replace("5060", str(port))
        installation.edge.write(config=installation.config(in_use))
        with pytest.raises(Refused, match='listener "more" .*edge.toml:21.: .* is in use'):
            ask(installation.folder, Load())
        installation.edge.write(config=installation.config(), dialplan=RULE + "nonsense")
        with pytest.raises(Refused, match="has mistakes"):
            ask(installation.folder, Load())
        installation.edge.write(dialplan=MORE)
        installation.leaf.key.unlink()
        with pytest.raises(Refused, match="has mistakes") as refused:
            ask(installation.folder, Load())
        assert "cannot be read: No such file or directory" in refused.value.problems[0].message
        after = status(installation.folder)
        installation.leaf.key.write_bytes(key)
        ask(installation.folder, Load())
        good = status(installation.folder)
        traffic.end()
    taken.close()
    assert len(traffic.answers) == traffic.sent > 200
    assert set(traffic.answers.values()) == {"200"}
    assert (after["revision"], after["in_force_since"]) == (before["revision"], before["in_force_since"])
    assert numbers(before) == numbers(after) == numbers(good)
    assert good["revision"] != before["revision"]


def numbers(told: object) -> set[int]:
    return {each["connection"] for each in told["connections"]}  # type: ignore[index]


def test_a_first_start_that_fails_leaves_no_socket(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with socket.create_server((installation.address, PORT)), pytest.raises(RuntimeError):
        Edge.__enter__(installation.edge)
    assert not (installation.folder / "edge.control").exists()
