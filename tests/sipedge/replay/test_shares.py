from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.captures import ethernet, pcap, tcp, udp
from support.messages import answer_to, request
from support.traces import write_config

from sipedge.replay import running, shares
from sipedge.replay.running import run
from sipedge.replay.work import Part, Plans, Wanted

EVERYTHING = Wanted(rows=True, classes=True)
INSIDE, OUTSIDE = "192.0.2.10", "198.51.100.20"


def frames(count: int) -> Iterator[bytes]:
    """Requests and answers on several connections and as datagrams, some in two segments, some not to be read."""
    rng = random.Random(count)
    sequences: dict[tuple[str, int, str, int], int] = {}
    for number in range(count):
        one = request(call_id=str(number), uri=f"sip:user{number % 7}@outside.example")
        ends = [(INSIDE, 5060), (OUTSIDE, 40_000 + rng.randrange(4))]
        message = one.to_bytes() if number % 3 else answer_to(one, 200).to_bytes()
        if number % 11 == 5:
            message = message.replace(b"\r\nFrom:", b"\r\nnonsense\r\nFrom:")
        if number % 3:
            ends.reverse()
        source, destination = ends
        if number % 5 == 0:
            yield ethernet(udp(message, source, destination))
            continue
        sequence = sequences.get((*source, *destination), 1)
        cut = rng.choice([len(message), 100])
        for piece in (message[:cut], message[cut:]):
            yield ethernet(tcp(piece, sequence, source, destination))
            sequence += len(piece)
        sequences[*source, *destination] = sequence


@pytest.fixture
def plans(tmp_path: Path) -> Plans:
    return Plans((write_config(tmp_path),))


def capture(tmp_path: Path, count: int, name: str = "trace.pcap") -> str:
    path = tmp_path / name
    path.write_bytes(pcap(frames(count)))
    return str(path)


def summary(parts: list[Part]) -> tuple[object, ...]:
    """All that is wanted of the parts of one trace, however they were cut."""
    return (
        [part.start + number for part in parts for number in part.numbers],
        [tail for part in parts for tail in part.tails[0]],
        [row for part in parts for row in part.rows],
        sum(part.messages for part in parts),
        sorted(str(skipped) for part in parts for skipped in part.passed_over),
        [part.error for part in parts if part.error],
    )


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("size", [2_000, 10_000, 1 << 20])
def test_shares_find_what_one_reader_finds(
    tmp_path: Path, plans: Plans, monkeypatch: pytest.MonkeyPatch, workers: int, size: int
) -> None:
    traces = [capture(tmp_path, 60), capture(tmp_path, 5, "other.pcap")]
    alone = list(run(plans, EVERYTHING, traces))
    monkeypatch.setattr(running, "SMALL", 1)
    monkeypatch.setattr(shares, "SLICE", size)
    with ThreadPoolExecutor(workers) as pool:
        parts = list(run(plans, EVERYTHING, traces, pool, workers))
    assert summary(parts) == summary(alone)
    assert len(summary(alone)[1]) > 30 and summary(alone)[4]  # type: ignore[arg-type]


def test_routing_classes_and_their_first_messages_are_the_same(
    tmp_path: Path, plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = capture(tmp_path, 50)
    (alone,) = run(plans, EVERYTHING, [trace])
    monkeypatch.setattr(running, "SMALL", 1)
    with ThreadPoolExecutor(2) as pool:
        parts = list(run(plans, EVERYTHING, [trace], pool, 2))
    together = next(part.classes for part in parts if part.classes)
    assert alone.classes is not None and together is not None
    assert [(one.first, one.requests) for one in together] == [(one.first, one.requests) for one in alone.classes]


def test_captures_for_all_workers_are_one_task_each(
    tmp_path: Path, plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces = [capture(tmp_path, 20 + number, f"{number}.pcap") for number in range(5)]
    alone = list(run(plans, EVERYTHING, traces))
    monkeypatch.setattr(running, "SMALL", 1)
    monkeypatch.setattr(running, "LARGEST_AHEAD", 1)
    with ThreadPoolExecutor(2) as pool:
        parts = list(run(plans, EVERYTHING, traces, pool, 2))
    assert len(parts) == len(traces)
    assert summary(parts) == summary(alone)


def test_a_capture_that_goes_away_is_an_error_of_that_capture(
    tmp_path: Path, plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = capture(tmp_path, 20)

    def gone(*_: object) -> Iterator[object]:
        raise FileNotFoundError(2, "No such file or directory")
        yield

    monkeypatch.setattr(shares, "read_slice", gone)
    monkeypatch.setattr(running, "SMALL", 1)
    with ThreadPoolExecutor(2) as pool:
        parts = list(run(plans, EVERYTHING, [trace], pool, 2))
    assert [part.error for part in parts] == [f"{trace}: cannot be read: No such file or directory"]
