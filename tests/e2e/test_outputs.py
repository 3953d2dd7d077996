"""A running edge with all that ``[log]`` and ``[metrics]`` offer, read back by readers of traces and by Kamailio."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.request import urlopen

import pytest
from support.certificates import issue, make_ca
from support.hep_collector import hep_collector
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, request

from sipedge.config import load_config
from sipedge.traces.capture import hep
from sipedge.traces.reading import read_trace
from sipedge.traces.records.record import Direction, Item, Record

pytestmark = pytest.mark.e2e

PORT = 5060
LIMIT = 10.0


class Installation:
    """An edge over TCP between a caller and a callee, with further tables in its configuration."""

    def __init__(self, folder: Path, *tables: str) -> None:
        self.own, self.address, self.far = (fresh_address() for _ in range(3))
        self.folder = folder / "edge"
        ca = make_ca(folder)
        zones = [neighbor("near", [self.own], "TCP"), neighbor("far", [self.far], "TCP")]
        leaf = issue(ca, ips=[self.address])
        self.config = edge_toml(ca, leaf, listener("tcp", self.address, "TCP"), *zones, *tables)
        self.edge = Edge(self.folder, self.config, rule("out", r".*@far\.example", "far"))

    @contextmanager
    def parties(self) -> Iterator[tuple[Stream, Stream]]:
        """Caller and callee, each on its connection with the edge: the first message is through."""
        with connect(self.own, self.address, PORT) as caller, Callee(self.far, PORT) as listening:
            caller.send(self.message(0))
            with listening.accept() as callee:
                callee.send(answer(callee.read_message()))
                caller.read_message()
                yield caller, callee

    def message(self, number: int, body: bytes = b"hello") -> bytes:
        return request("MESSAGE", "sip:bob@far.example", self.own, number, body, "TCP")

    def exchange(self, caller: Stream, callee: Stream, numbers: range) -> list[bytes]:
        """Requests through the edge and answers back; every message as the edge received or sent it, in order."""
        seen = []
        for number in numbers:
            sent = self.message(number, b"\xff\x00 no text" if number % 3 == 0 else "gr\u00fc\u00df dich".encode())
            caller.send(sent)
            forwarded = callee.read_message()
            answered = answer(forwarded)
            callee.send(answered)
            seen += [sent, forwarded, answered, caller.read_message()]
        return seen


def _records(items: Iterator[Item]) -> list[Record]:
    found = list(items)
    assert [item for item in found if not isinstance(item, Record)] == []
    return [item for item in found if isinstance(item, Record)]


def _collected(collector: socket.socket, count: int) -> list[bytes]:
    return [collector.recv(65536) for _ in range(count)]


def test_every_output_tells_what_passed(tmp_path: Path) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(LIMIT)
        collector.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        tables = '[log]\nmessages = "messages"\nexpressway = "diagnostics"\ndecisions = "decisions"\n'
        tables += f'[log.hep]\naddress = "127.0.0.1"\nport = {collector.getsockname()[1]}\n'
        installation = Installation(tmp_path, tables)
        with installation.edge, installation.parties() as (caller, callee):
            seen = installation.exchange(caller, callee, range(1, 21))
            packets = _collected(collector, 21 * 5)
    records = _records(read_trace(str(installation.folder / "messages")))[4:]
    assert [record.data for record in records] == seen
    assert [record.direction for record in records[:4]] == [Direction.RECEIVED, Direction.SENT] * 2
    assert {str(record.local) for record in records[::4]} == {f"{installation.address}:{PORT}"}
    assert {record.peer and record.peer.host for record in records[::4]} == {installation.own}
    decisions = [json.loads(line) for line in (installation.folder / "decisions").read_text().splitlines()]
    assert [entry["sequence"] for entry in decisions] == list(range(1, 22))
    assert all(0 < entry["ms"] < 1000 * LIMIT for entry in decisions)
    assert {entry["revision"] for entry in decisions} == {load_config(installation.folder / "edge.toml").revision}
    assert {hop["status"] for entry in decisions for hop in entry["hops"]} == {200}
    assert [(entry["status"], entry["rules"][0]["rule"]) for entry in decisions] == [(200, "out")] * 21
    copies = _records(hep.read(BytesIO(b"".join(packets)), "collector"))[4:]
    assert [record.data for record in copies] == seen
    assert {record.transport for record in copies} == {"tcp"}
    box = _records(read_trace(str(installation.folder / "diagnostics")))[4:]
    assert [record.data.partition(b"\r\n")[0] for record in box] == [data.partition(b"\r\n")[0] for data in seen]
    assert (installation.folder / "diagnostics").read_text().count("Considering search rule 'out' towards") == 21


def _numbers(file: Path, count: int) -> list[int]:
    """Of all decisions in a file, once it has this many."""
    _until_lines(file, count)
    return [json.loads(line)["sequence"] for line in file.read_text().splitlines()]


def test_a_worker_that_follows_a_killed_one_goes_on_with_the_numbers_of_decisions(tmp_path: Path) -> None:
    installation = Installation(tmp_path, '[log]\ndecisions = "decisions"\n')
    file = installation.folder / "decisions"
    with installation.edge as edge:
        with installation.parties() as (caller, callee):
            installation.exchange(caller, callee, range(1, 4))
        assert _numbers(file, 4) == [1, 2, 3, 4]
        lines = edge.output().count("\n")
        os.kill(edge.worker(), signal.SIGKILL)
        edge.wait_for(" serves ", since=lines)
        with installation.parties():
            assert _numbers(file, 5) == [1, 2, 3, 4, 5]


def test_kamailio_understands_the_packets(tmp_path: Path) -> None:
    address = fresh_address()
    with hep_collector(tmp_path, address) as collector:
        installation = Installation(tmp_path, f'[log.hep]\naddress = "{address}"\n')
        with installation.edge, installation.parties() as (caller, callee):
            installation.exchange(caller, callee, range(1, 11))
        end = time.monotonic() + LIMIT
        while (text := collector.output()).count("SEEN") < 44:
            assert time.monotonic() < end, text
            time.sleep(0.01)
    seen = [line.partition("SEEN ")[2].split() for line in text.splitlines() if "SEEN " in line]
    assert [kind for _, kind, _ in seen] == ["MESSAGE", "MESSAGE", "200", "200"] * 11
    assert [call for _, _, call in seen[::4]] == [f"stream-{number}@{installation.own}" for number in range(11)]
    hosts = [place.rpartition(":")[0] for place, _, _ in seen[:4]]
    assert hosts == [installation.own, installation.address, installation.far, installation.address]


def test_files_rotate_and_lose_nothing(tmp_path: Path) -> None:
    installation = Installation(tmp_path, '[log]\nmessages = "messages"\nrotate_size = 9000\nrotate_count = 100\n')
    with installation.edge, installation.parties() as (caller, callee):
        seen = installation.exchange(caller, callee, range(1, 31))
    files = sorted(installation.folder.glob("messages*"), key=lambda path: -int(path.suffix[1:] or 0))
    assert len(files) > 5
    assert all(file.stat().st_size <= 9000 for file in files)
    records = [record for file in files for record in _records(read_trace(str(file)))]
    assert [record.data for record in records][4:] == seen


def test_a_full_disk_and_a_dead_collector_hold_up_nothing(tmp_path: Path) -> None:
    metrics = f"{fresh_address()}:9100"
    tables = '[log]\nmessages = "/dev/full"\n[log.hep]\naddress = "127.0.0.1"\nport = 1\ntransport = "TCP"\n'
    installation = Installation(tmp_path, tables + f'[metrics]\nlisten = "{metrics}"\n')
    with installation.edge, installation.parties() as (caller, callee):
        installation.edge.wait_for("/dev/full: [Errno 28] No space left on device; tried again in 1 s")
        installation.edge.wait_for("HEP collector TCP 127.0.0.1:1: [Errno 111] Connection refused; tried again in")
        installation.exchange(caller, callee, range(1, 101))
        lines = _metrics(metrics)
    assert installation.edge.stop() == 0
    assert 'sipedge_requests_total{direction="sent",method="MESSAGE",zone="far"} 101.0' in lines
    assert 'sipedge_responses_total{class="2xx",direction="sent",zone="near"} 101.0' in lines
    assert 'sipedge_decisions_total{by="rule",outcome="2xx",rule="out"} 101.0' in lines
    assert 'sipedge_connections{zone="far"} 1.0' in lines
    assert 'sipedge_peer_alive{peer="' + installation.far + ':5060",zone="far"} 1.0' in lines
    assert any(line.startswith("sipedge_certificate_days_left{") for line in lines)
    dropped = [line for line in lines if line.startswith('sipedge_log_dropped_total{output="messages"}')]
    assert float(dropped[0].split()[-1]) > 0
    assert "HEP collector TCP 127.0.0.1:1: 505 records are lost so far" in installation.edge.output()


def test_a_collector_that_does_not_read_holds_up_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as collector:
        tables = f'[log.hep]\naddress = "127.0.0.1"\nport = {collector.getsockname()[1]}\ntransport = "TCP"\n'
        installation = Installation(tmp_path, tables)
        with installation.edge, installation.parties() as (caller, callee):
            for number in range(1, 51):
                caller.send(installation.message(number, b"x" * 60_000))
                callee.send(answer(callee.read_message()))
                assert caller.read_message().startswith(b"SIP/2.0 200 ")
        assert installation.edge.stop() == 0


def test_a_reload_writes_elsewhere_and_opens_files_that_were_moved(tmp_path: Path) -> None:
    installation = Installation(tmp_path, '[log]\nmessages = "one"\n')
    folder = installation.folder
    with installation.edge, installation.parties() as (caller, callee):
        first = installation.exchange(caller, callee, range(1, 3))
        _until_lines(folder / "one", 15)
        (folder / "one").rename(folder / "moved")
        installation.edge.reload()
        second = installation.exchange(caller, callee, range(3, 5))
        _until_lines(folder / "one", 10)
        installation.edge.write(config=installation.config.replace('"one"', '"two"'))
        installation.edge.reload()
        third = installation.exchange(caller, callee, range(5, 7))
    moved, one, two = (_records(read_trace(str(folder / name))) for name in ("moved", "one", "two"))
    assert [record.data for record in moved][4:] == first
    assert [record.data for record in one] == second
    assert [record.data for record in two] == third


def test_a_file_that_cannot_be_opened_does_not_start(tmp_path: Path) -> None:
    installation = Installation(tmp_path, '[log]\nmessages = "no folder/messages"\n')
    with pytest.raises(RuntimeError, match="No such file or directory"), installation.edge:
        pass


def _until_lines(file: Path, count: int) -> None:
    """Until the edge's thread has written so many."""
    end = time.monotonic() + LIMIT
    while not file.exists() or file.read_bytes().count(b"\n") < count:
        assert time.monotonic() < end, f"{file} never got {count} lines"
        time.sleep(0.01)


def _metrics(listen: str) -> list[str]:
    with urlopen(f"http://{listen}/metrics", timeout=LIMIT) as response:
        return response.read().decode().splitlines()  # type: ignore[no-any-return]
