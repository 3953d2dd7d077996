"""A running edge that is asked how it is, and what its control socket does when things go wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.asked import ask, command, status
from support.echo import Echo
from support.running_edge import COMMAND, Edge, rule
from support.stream import Callee, answer
from support.tcp_edge import PORT, RULE, Installation

from sipedge.control.channel.client import Asking, Unreachable
from sipedge.control.refusal import Refused
from sipedge.control.requests import Close, History, Probe

pytestmark = pytest.mark.e2e


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    with made.edge:
        yield made


def test_the_log_is_told_and_followed_and_a_failed_reload_is_remembered(installation: Installation) -> None:
    line = [COMMAND, "log", installation.toml, "--follow", "--level", "error"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as following:
        (installation.folder / "edge.dialplan").write_text(RULE.replace('"far"', '"fra"'))
        os.kill(installation.edge.pid, signal.SIGHUP)
        assert following.stdout
        said = following.stdout.readline()
        assert "ERROR sipedge: reload: nothing changed" in said and 'did you mean "far"?' in said
        following.terminate()
    refused = status(installation.folder)["refused_load"]
    assert refused and "edge.dialplan:" in refused["problems"][0] and "has mistakes" in refused["sentence"]
    (installation.folder / "edge.dialplan").write_text(RULE)
    installation.edge.reload()
    assert status(installation.folder)["refused_load"] is None
    code, said, _ = command("log", installation.toml, "--text", "is in force", "--last", "1")
    assert code == 0 and said.count("\n") == 1 and "INFO sipedge: reload: " in said
    assert command("log", installation.toml, "--text", "never said") == (1, "", "")
    code, said, _ = command("log", installation.toml, "--json", "--level", "error")
    assert code == 0 and json.loads(said)["level"] == "error"


def test_status_tells_what_is_open_and_in_force(installation: Installation) -> None:
    with Echo(installation.far, PORT), installation.call() as caller:
        caller.send(installation.message(1))
        caller.read_message()
        told = status(installation.folder)
        assert told["pid"] == installation.edge.worker()
        assert told["system_name"] == "edge.example.com" and told["config"] == str(installation.toml)
        said = subprocess.run(
            "sha256sum edge.toml edge.dialplan | sha256sum", shell=True, cwd=installation.folder, capture_output=True
        )
        assert said.stdout.decode().split()[0] == told["revision"]
        assert told["unconfirmed"] is None and not told["ending"]
        assert told["listeners"] == [
            {"name": "tcp", "transport": "TCP", "address": f"{installation.address}:{PORT}", "zone": ""}
        ]
        zones = {zone["name"]: zone for zone in told["zones"]}
        assert zones["far"]["kind"] == "neighbor" and zones["far"]["connections"] == 1
        assert [(peer["peer"], peer["state"]) for peer in zones["far"]["peers"]] == [
            (f"{installation.far}:{PORT}", "alive")
        ]
        by_zone = {each["zone"]: each for each in told["connections"]}
        assert by_zone["near"]["opened_by"] == "peer" and by_zone["far"]["opened_by"] == "edge"
        assert abs(by_zone["near"]["since"] - time.time()) < 30
        assert [(Path(each["file"]).name, each["days_left"] > 1) for each in told["certificates"]] == [
            (installation.leaf.certificate.name, True)
        ]


def test_the_text_of_status_names_the_same(installation: Installation) -> None:
    code, out, _ = command("status", installation.toml)
    assert code == 0
    assert f"  revision {status(installation.folder)['revision'][:12]} of {installation.toml}" in out
    assert "  far: neighbor, 0 connections\n" in out
    assert command("status", installation.folder / "edge.control")[0] == 0


def test_history_has_the_tree_of_locate_even_of_a_plan_that_is_gone(installation: Installation) -> None:
    installation.edge.write(dialplan=rule("out", r".*@far\.example", "FAR", priority=11))  # as a person may write it
    assert "in force" in installation.edge.reload()
    with Echo(installation.far, PORT), installation.call() as caller:
        caller.send(installation.message(1))
        caller.read_message()
        caller.send(installation.message(2, domain="nowhere.example"))
        caller.read_message()
    tree = command("locate", installation.toml, "bob@far.example", "--from", "near", "--method", "MESSAGE")[1]
    installation.edge.write(dialplan="")
    assert "in force" in installation.edge.reload()
    code, out, _ = command("history", installation.toml)
    assert code == 0 and out.index("bob@far.example") < out.index("nowhere.example")
    place = f" [TCP {installation.far} port {PORT}]"
    assert tree.replace(place, "") in out
    assert f"  sent to far TCP {installation.far}:{PORT}: 200\n" in out
    assert "no rule matches: 404 Not Found" in out
    failed = command("history", installation.toml, "--failed")[1]
    assert "nowhere.example" in failed and "far.example" not in failed
    assert command("history", installation.toml, "--status", "5xx")[0] == 1
    assert command("history", installation.toml, "--zone", "FAR", "--rule", "out", "--alias", "BOB")[0] == 0
    assert command("history", installation.toml, "--rule", "other")[0] == 1


def test_who_follows_sees_each_decision_once_with_its_final_status(installation: Installation) -> None:
    control = str(installation.folder / "edge.control")
    with Echo(installation.far, PORT), installation.call() as caller, Asking(control, 20) as asking:
        caller.send(installation.message(1))
        caller.read_message()
        items = asking.ask(History(follow=True))
        seen = [next(items)]
        for number in range(2, 6):
            caller.send(installation.message(number))
            seen.append(next(items))
        decisions = [item.value["decision"] for item in seen]
        assert [each["call_id"].partition("@")[0] for each in decisions] == [f"stream-{n}" for n in range(1, 6)]
        assert {each["status"] for each in decisions} == {200}


def test_probe_says_what_each_peer_answers(installation: Installation) -> None:
    probed = ask(installation.folder, Probe("FAR"))
    (result,) = probed["results"]
    assert (probed["zone"], result["status"]) == ("far", 503)
    assert command("probe", installation.toml, "far")[0] == 1
    with Echo(installation.far, PORT):
        code, out, _ = command("probe", installation.toml, "far")
        assert code == 0 and out.startswith(f"{installation.far}:{PORT}  200 OK  after ")
    with pytest.raises(Refused, match='there is no zone "moon"; zones are near, far, Default Zone'):
        ask(installation.folder, Probe("moon"))
    with pytest.raises(Refused, match='zone "Default Zone" has no peers of its own'):
        ask(installation.folder, Probe("Default Zone"))


def test_close_ends_the_connection_that_status_names(installation: Installation) -> None:
    with installation.call() as caller:
        caller.send(installation.message(1, domain="nowhere.example"))
        assert caller.read_message().startswith(b"SIP/2.0 404 ")
        (connection,) = status(installation.folder)["connections"]
        code, out, _ = command("close", installation.toml, connection["connection"])
        assert code == 0 and connection["peer"] in out
        with pytest.raises(ConnectionError):
            caller.read_message()
    assert "asked" in installation.edge.wait_for(f"connection {connection['connection']} with {connection['peer']}")
    with pytest.raises(Refused, match="there is no connection 4711"):
        ask(installation.folder, Close(4711))


def test_a_second_edge_is_refused_and_the_first_one_keeps_its_socket(installation: Installation) -> None:
    second = installation.toml.with_name("second.toml")
    second.write_text(installation.config(keys='control = "edge.control"').replace(installation.address, "127.0.0.1"))
    done = subprocess.run([COMMAND, "run", second], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert f"control socket {installation.folder / 'edge.control'}: another edge serves there" in done.stderr
    assert status(installation.folder)["pid"] == installation.edge.worker()


def test_what_a_killed_edge_leaves_is_replaced_and_an_end_leaves_nothing(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    place = installation.folder / "edge.control"
    with installation.edge as edge:
        os.kill(edge.pid, signal.SIGSTOP)  # it must not see its worker die, nor tell it to end
        os.kill(edge.worker(), signal.SIGKILL)
        os.kill(edge.pid, signal.SIGKILL)
    assert place.is_socket()
    with pytest.raises(Unreachable, match="no edge serves there"):
        status(installation.folder)
    with Edge(installation.folder, installation.config(), RULE):
        status(installation.folder)
    assert not place.exists()


def test_a_worker_that_is_killed_while_it_ends_leaves_no_socket(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with Echo(installation.far, PORT), installation.edge as edge, installation.call() as caller:
        caller.send(installation.message(1))
        caller.read_message()
        worker = edge.worker()
        os.kill(worker, signal.SIGSTOP)
        edge.terminate()
        os.kill(worker, signal.SIGKILL)
        edge.stop()
    assert not (installation.folder / "edge.control").exists()


def test_while_an_edge_ends_it_can_be_asked(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    with installation.edge as edge, installation.call() as caller, Callee(installation.far, PORT) as far:
        caller.send(installation.message(1))
        with far.accept() as connection:
            received = connection.read_message()
            edge.terminate()
            while not status(installation.folder)["ending"]:
                time.sleep(0.01)
            connection.send(answer(received))
            assert caller.read_message().startswith(b"SIP/2.0 200 ")
        assert edge.stop() == 0


def test_no_socket_is_made_where_none_is_wanted(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.edge.write(config=installation.config(keys="control = false"))
    with installation.edge:
        assert not (installation.folder / "edge.control").exists()
        code, _, said = command("status", installation.toml)
        assert code == 2 and "control = false, so nobody can ask this edge" in said
        installation.edge.write(config=installation.config())
        assert "in force" in installation.edge.reload()
        assert status(installation.folder)["pid"]
