"""Files and collector of an edge of two workers: what each of them saw stands in one place."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.asked import command, status
from support.two_workers import Pair, final

from sipedge.history.spool import Spool
from sipedge.history.wish import Position

pytestmark = pytest.mark.e2e

FILES = '[log]\ndecisions = "decisions"\nmessages = "messages"\nexpressway = "diagnostics"\nrotate_size = 4096\n'


def decisions(reader: Spool, count: int) -> list[Mapping[str, Any]]:
    """The next ones, as the console reads them."""
    found = list[Mapping[str, Any]]()
    end = time.monotonic() + 15
    while len(found) < count:
        assert time.monotonic() < end, f"{len(found)} decisions of {count}"
        batch = reader.read()
        if batch is None:
            time.sleep(0.02)
        else:
            assert not batch.unread and not batch.gaps
            found += batch.records
    return found


def test_both_workers_write_into_the_same_files(tmp_path: Path) -> None:
    pair = Pair(tmp_path, FILES)
    reader = Spool(str(pair.folder / "decisions"), Position())
    with pair.edge:
        one, two = pair.callers()
        with one, two:
            for number in range(1, 21):
                caller = (one, two)[number % 2]
                caller.send(pair.message(number, domain="nowhere.example"))
                assert final(caller) == 404
            read = decisions(reader, 20)
    assert [each["sequence"] for each in read] == list(range(1, 21))
    assert {str(each["call_id"]).partition("@")[0] for each in read} == {f"stream-{n}" for n in range(1, 21)}
    assert {int(str(each["connection"])) % 8 for each in read} == {0, 1}
    assert (pair.folder / "decisions.1").exists(), "it was put aside"
    text = "".join(path.read_text() for path in pair.folder.glob("diagnostics*"))
    assert text.count("|MESSAGE sip:") == text.count("|SIP/2.0 404") == 20
    lines = [json.loads(line) for path in pair.folder.glob("messages*") for line in path.read_text().splitlines()]
    assert sum("decision" in line for line in lines) == 20
    assert sum(line.get("direction") == "received" for line in lines) == 20
    code, said, _ = command("replay", pair.toml, *sorted(pair.folder.glob("decisions*")))
    assert code == 0 and "20 " in said, said
    reader.close()


def test_lost_records_of_all_workers_are_told_together(tmp_path: Path) -> None:
    pair = Pair(tmp_path, '[log]\nmessages = "/dev/full"\n')
    with pair.edge:
        one, two = pair.callers()
        with one, two:
            for number, caller in ((1, one), (2, two)):
                caller.send(pair.message(number, domain="nowhere.example"))
                assert final(caller) == 404
            end = time.monotonic() + 15
            while (dropped := status(pair.folder)["dropped"].get("messages", 0)) < 6:
                assert time.monotonic() < end, f"{dropped} of 6 records"
                time.sleep(0.05)


def test_a_collector_gets_what_both_workers_see(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(10)
        pair = Pair(tmp_path, f'[log.hep]\naddress = "127.0.0.1"\nport = {collector.getsockname()[1]}\n')
        with pair.edge:
            one, two = pair.callers()
            with one, two:
                for number, caller in ((1, one), (2, two)):
                    caller.send(pair.message(number, domain="nowhere.example"))
                    assert final(caller) == 404
                packets = [collector.recv(65536) for _ in range(6)]
    assert all(packet.startswith(b"HEP3") for packet in packets)
    assert [sum(b"stream-%d@" % number in packet for packet in packets) for number in (1, 2)] == [3, 3]
