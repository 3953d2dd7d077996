from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from support.settings import make_settings
from support.tapped import HEAD, OPENED, decided, entry, record_of

from sipedge.history.spool import Spool
from sipedge.history.wish import Position
from sipedge.proxy.incoming import Peer
from sipedge.settings import Hep, Log, MetricsSettings, Settings
from sipedge.sip.message import Message
from sipedge.tap import worker, writing
from sipedge.tap.metrics import Metrics
from sipedge.tap.tap import Tap, open_outputs, wanted

PATIENCE = 10.0
PEERS = {7: Peer(7, "IMP", "192.0.2.2", 40112, OPENED)}


@pytest.fixture
def taps() -> Iterator[Callable[..., Tap]]:
    made: list[Tap] = []

    def make(settings: Settings, metrics: Metrics | None = None) -> Tap:
        outputs = open_outputs(settings, collector=False)
        made.append(Tap(PEERS.get))
        made[-1].use(outputs, metrics)
        return made[-1]

    yield make
    for tap in made:
        tap.end()
        tap.join()


def _settings(**log: Any) -> Settings:
    return replace(make_settings(), log=Log(**{key: str(value) for key, value in log.items()}))


def _pass_all(tap: Tap) -> None:
    tap.received(7, Message(HEAD, b"hello"))
    tap.searched(entry())
    tap.concluded(entry())
    tap.sent(7, b"SIP/2.0 200 OK\r\n\r\n")
    tap.unreadable(7, b"nonsense\r\n\r\n")
    tap.received(8, Message(HEAD, b"from a connection that is gone"))
    tap.sent(8, b"to it")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_output_gets_what_is_its_own(tmp_path: Path, taps: Callable[..., Tap]) -> None:
    files = {key: tmp_path / key for key in ("decisions", "messages", "expressway")}
    tap = taps(_settings(**files))
    _pass_all(tap)
    tap.end()
    tap.join()
    assert _lines(files["decisions"]) == [record_of(decided())]
    received, decision, sent, unreadable = _lines(files["messages"])
    assert decision["decision"] == record_of(decided())
    assert [line["text"] for line in (received, sent, unreadable)] == [
        (HEAD + b"hello").decode(),
        "SIP/2.0 200 OK\r\n\r\n",
        "nonsense\r\n\r\n",
    ]
    assert (received["direction"], sent["direction"], received["zone"]) == ("received", "sent", "IMP")
    assert files["expressway"].read_text().count("SIPMSG") == 3
    assert tap.dropped() == {}


def _conclude(tap: Tap, number: int) -> None:
    for _ in range(number):
        tap.concluded(entry())


def _numbers(*paths: Path) -> list[int]:
    return [line["sequence"] for path in paths for line in _lines(path)]


def test_numbers_go_on_over_rotation_reload_and_restart(tmp_path: Path, taps: Callable[..., Tap]) -> None:
    file = tmp_path / "decisions"
    settings = replace(make_settings(), log=Log(decisions=str(file), rotate_size=1500, rotate_count=9))
    for _ in range(2):
        tap = taps(settings)
        _conclude(tap, 3)
        tap.use(open_outputs(settings, collector=True), None)
        _conclude(tap, 2)
        tap.end()
        tap.join()
    put_aside = sorted(tmp_path.glob("decisions.*"), reverse=True)
    assert len(put_aside) > 2
    assert _numbers(*put_aside, file) == list(range(1, 11))


def test_what_is_dropped_leaves_a_gap_of_its_size(
    tmp_path: Path, taps: Callable[..., Tap], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PAGE", 1)  # each decision needs one of its own
    tap = taps(_settings(decisions=tmp_path / "decisions"))
    _conclude(tap, 2)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "MAX_ITEMS", 0)
        _conclude(tap, 5)
    _conclude(tap, 1)
    assert tap.dropped() == {"decisions": 5}
    tap.end()
    tap.join()
    assert _numbers(tmp_path / "decisions") == [1, 2, 8]


def _until(true: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end
        sleep(0.01)


def test_a_disk_that_was_full_is_a_gap_of_its_size_to_the_history(tmp_path: Path, taps: Callable[..., Tap]) -> None:
    file, settings = tmp_path / "decisions", _settings(decisions=tmp_path / "decisions")
    tap = taps(settings)
    _conclude(tap, 2)
    _until(lambda: file.read_bytes().count(b"\n") == 2)
    tap.use(open_outputs(_settings(decisions="/dev/full"), collector=True), None)
    _conclude(tap, 5)
    _until(lambda: tap.dropped()["decisions"] == 5)
    tap.use(open_outputs(settings, collector=True), None)
    _conclude(tap, 1)
    tap.end()
    tap.join()
    spool = Spool(str(file), Position())
    (batch,) = iter(spool.read, None)
    spool.close()
    assert [record["sequence"] for record in batch.records] == [1, 2, 8]
    assert [gap.count for gap in batch.gaps] == [5]


def test_metrics_count_without_any_output(taps: Callable[..., Tap]) -> None:
    metrics = Metrics({})
    tap = taps(make_settings(), metrics)
    _pass_all(tap)
    tap.dns_failed("timeout")
    counts = metrics.counts()
    assert counts.requests == {("received", "IMP", "MESSAGE"): 1}
    assert counts.responses == {("sent", "IMP", "2xx"): 1}
    assert (sum(counts.decisions.values()), counts.dns) == (1, {"timeout": 1})


def test_a_file_that_cannot_be_opened_stops_the_start_a_dead_collector_does_not(
    tmp_path: Path, taps: Callable[..., Tap]
) -> None:
    with pytest.raises(OSError, match=r"^\[log\] messages: messages file .*: No such file or directory$"):
        taps(_settings(messages=tmp_path / "no folder" / "messages"))
    tap = taps(replace(make_settings(), log=Log(hep=Hep("127.0.0.1", 1, "TCP"))))
    assert tap.dropped() == {"hep": 0}


def test_where_one_output_cannot_be_opened_all_are_closed_again(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    files = {"decisions": str(tmp_path / "decisions"), "messages": str(tmp_path)}
    with pytest.raises(OSError, match=f"messages file {tmp_path}: Is a directory"):
        open_outputs(replace(make_settings(), log=Log(**files)), collector=True)
    with pytest.raises(OSError, match="HEP collector TCP 127.0.0.1:1: Connection refused"):
        open_outputs(replace(make_settings(), log=Log(hep=Hep("127.0.0.1", 1, "TCP"))), collector=True)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_reload_opens_files_anew_and_follows_the_settings(tmp_path: Path, taps: Callable[..., Tap]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    tap = taps(_settings(messages=one, decisions=tmp_path / "decisions"))
    tap.sent(7, b"first")
    one.rename(tmp_path / "moved")
    tap.use(open_outputs(_settings(messages=one), collector=True), None)
    tap.sent(7, b"second")
    tap.use(open_outputs(_settings(messages=two), collector=True), None)
    tap.sent(7, b"third")
    assert tap.dropped() == {"messages": 0}
    tap.end()
    tap.join()
    found = [line["text"] for path in (tmp_path / "moved", one, two) if path.exists() for line in _lines(path)]
    assert found == ["first", "second", "third"]
    assert [line["text"] for line in _lines(two)][-1] == "third"


def test_without_outputs_and_metrics_no_tap_is_wanted(tmp_path: Path) -> None:
    assert not wanted(make_settings())
    assert wanted(_settings(decisions=tmp_path / "decisions"))
    assert wanted(replace(make_settings(), metrics=MetricsSettings("127.0.0.1:0")))
