"""What the log of a running edge says of refusals, of peers that go and come, of the DNS, and of its own start."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.processes import fresh_address
from support.running_edge import COMMAND, Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, request

pytestmark = pytest.mark.e2e

PORT = 5060
RULES = rule("far", r".*@far\.example", "far") + rule("dns", r".*@dns\.example", "Internet", 20)
DNS = '[[zone]]\nname = "Internet"\ntype = "dns"\n'


class Installation:
    """An edge over TCP, with a far side and a DNS that nobody serves."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.own, self.address, self.far, nowhere = (fresh_address() for _ in range(4))
        ca = make_ca(folder)
        zones = [neighbor(name, [peer], "TCP") for name, peer in (("near", self.own), ("far", self.far))]
        dns = f'[dns]\nservers = ["{nowhere}"]\ntimeout = 0.2\nattempts = 1\n'
        self.config = edge_toml(
            ca, issue(ca, ips=[self.address]), listener("tcp", self.address, "TCP"), *zones, DNS, dns
        )
        self.edge = Edge(folder / "edge", self.config, RULES, *options)

    def call(self) -> Stream:
        return connect(self.own, self.address, PORT)

    def asks(self, caller: Stream, user: str, number: int) -> bytes:
        """The status line that a MESSAGE to the user gets."""
        caller.send(request("MESSAGE", f"sip:{user}", self.own, number, transport="TCP"))
        return caller.read_message().partition(b"\r\n")[0]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    with made.edge:
        yield made


def test_a_refusal_is_one_line_with_zone_method_alias_and_why(installation: Installation) -> None:
    with installation.call() as caller:
        assert b" 404 " in installation.asks(caller, "bob%0A@nowhere.example", 1)
    line = installation.edge.wait_for("is refused")
    text = (
        'INFO sipedge: MESSAGE for bob%0A@nowhere.example from zone "near" is refused: 404 no search rule led anywhere'
    )
    assert text in line and f"source={installation.own}" in line


def test_a_failure_of_the_dns_is_a_warning_with_zone_name_and_error(installation: Installation) -> None:
    with installation.call() as caller:
        assert b" 504 " in installation.asks(caller, "bob@dns.example", 1)
    line = installation.edge.wait_for("WARNING")
    assert 'zone "Internet": no address to try for' in line
    assert re.search(r"SRV _sips\._tcp\.dns\.example: (timeout|servfail)", line)


def test_a_peer_is_down_and_up_again_once_each(installation: Installation) -> None:
    edge, peer = installation.edge, f'zone "far": peer {installation.far}:{PORT}'
    with installation.call() as caller:
        for number in (1, 2, 3):
            assert b" 500 " in installation.asks(caller, "bob@far.example", number)
        edge.wait_for(f"WARNING sipedge: {peer} is down: ")
        with Callee(installation.far, PORT) as callee:
            caller.send(request("MESSAGE", "sip:bob@far.example", installation.own, 4, transport="TCP"))
            with callee.accept() as connection:
                connection.send(answer(connection.read_message()))
                assert caller.read_message().startswith(b"SIP/2.0 200 ")
            edge.wait_for(f"INFO sipedge: {peer} is up again after ")
    assert edge.output().count(f"{peer} is ") == 2


def test_who_closes_in_good_order_makes_no_line(installation: Installation) -> None:
    with installation.call() as caller:
        assert b" 404 " in installation.asks(caller, "bob@nowhere.example", 1)
    with installation.call() as caller:  # by the answer to this one the edge has seen the other close
        assert b" 404 " in installation.asks(caller, "bob@nowhere.example", 2)
    assert "closed the connection" not in installation.edge.output()


def test_a_flood_of_one_source_hides_nobody_else(installation: Installation) -> None:
    other = fresh_address()
    with installation.call() as caller:
        for number in range(40):
            installation.asks(caller, "bob@nowhere.example", number)
    installation.edge.write(config=installation.config.replace(f'["{installation.own}"]', f'["{other}"]'))
    assert "in force" in installation.edge.reload()
    with connect(other, installation.address, PORT) as caller:
        caller.send(request("MESSAGE", "sip:eve@nowhere.example", other, 1, transport="TCP"))
        assert caller.read_message().startswith(b"SIP/2.0 404 ")
    installation.edge.wait_for("MESSAGE for eve@nowhere.example")
    assert installation.edge.output().count("MESSAGE for bob@nowhere.example") == 20


def test_with_json_every_line_is_json_from_the_first_to_the_last(tmp_path: Path) -> None:
    installation = Installation(tmp_path, "--log-json")
    with installation.edge as edge, installation.call() as caller:
        installation.asks(caller, "bob@nowhere.example", 1)
        assert "in force" in edge.reload()
    lines = [json.loads(line) for line in edge.output().splitlines()]
    assert " serves " in lines[0]["message"]
    assert {"time", "level", "logger", "message"} <= set.intersection(*(set(line) for line in lines))


@pytest.mark.parametrize("as_json", [False, True])
def test_a_port_in_use_at_the_start_is_told_with_its_line(tmp_path: Path, as_json: bool) -> None:
    installation = Installation(tmp_path)
    options = ["--log-json"] if as_json else []
    with socket.create_server((installation.address, PORT)):
        command = [COMMAND, "run", "edge.toml", *options]
        ended = subprocess.run(command, cwd=tmp_path / "edge", capture_output=True, text=True, timeout=60)
    number = (tmp_path / "edge" / "edge.toml").read_text().splitlines().index("[[listener]]") + 1
    said = f'listener "tcp" (edge.toml:{number}): {installation.address}:{PORT} is in use'
    assert ended.returncode == 2 and ended.stdout == ""
    (line,) = ended.stderr.splitlines()[-1:]
    assert json.loads(line)["message"] == said if as_json else line == f"sipedge: {said}"


def test_with_json_what_is_wrong_in_the_configuration_is_a_line_each(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.edge.write(config=installation.config.replace("[dns]", "[dsn]"), dialplan="search rulle")
    command = [COMMAND, "run", "edge.toml", "--log-json"]
    ended = subprocess.run(command, cwd=tmp_path / "edge", capture_output=True, text=True, timeout=60)
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert ended.returncode == 2 and {line["level"] for line in lines} == {"ERROR"}
    assert lines[0]["message"].startswith("edge.toml:") and len(lines) >= 2
