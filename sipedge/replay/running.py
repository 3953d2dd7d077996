"""Traces through deciders: one file after the other here, or files and parts of files in processes elsewhere.

Whatever runs it, the verdicts are the same and come in the order of the traces. A small file is one task; of a large
one the reader stays here and its messages are handed out in batches, so that memory does not grow with the file.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import lru_cache

from sipedge.config import load_config
from sipedge.traces.reading import TraceError, read_trace
from sipedge.traces.record import Item, Record, Skipped

from .decider import Decider
from .verdict import Verdict

BATCH = 512
"""Messages in one task."""
SMALL = 8 << 20
"""Bytes up to which a file is one task."""
AHEAD = 4
"""Tasks under way for each worker; results wait for their turn."""


@dataclass(frozen=True, slots=True)
class Plans:
    """What a worker needs to make its deciders: configurations by path, zones of addresses, TLS secrets."""

    configs: tuple[str, ...]
    said: tuple[tuple[str, str], ...] = ()
    keylog: str | None = None


@dataclass(slots=True)
class Part:
    """What became of some messages in a row. ``verdicts``: one list for each configuration, of equal length."""

    file: str
    verdicts: tuple[list[Verdict], ...]
    passed_over: list[Skipped] = field(default_factory=list)
    messages: int = 0
    position: int = 0
    """How far the file is read."""
    error: str = ""
    """Why the file cannot be read at all."""


def run(plans: Plans, traces: Sequence[str], executor: Executor | None = None, workers: int = 1) -> Iterator[Part]:
    """All parts in order, ``index`` counting all messages of all traces from 1.

    Without an executor everything happens here.
    """
    start = 1
    for part in _here(plans, traces) if executor is None else _elsewhere(plans, traces, executor, workers):
        for verdicts in part.verdicts:
            for verdict in verdicts:
                verdict.index += start
        start += part.messages
        yield part


def _here(plans: Plans, traces: Sequence[str]) -> Iterator[Part]:
    deciders = deciders_of(plans)
    for trace in traces:
        for batch in _batches(trace, plans.keylog):
            yield batch if isinstance(batch, Part) else _decide(deciders, trace, batch)


def _elsewhere(plans: Plans, traces: Sequence[str], executor: Executor, workers: int) -> Iterator[Part]:
    under_way: deque[Future[list[Part]]] = deque()
    for task in _tasks(plans, traces, executor):
        under_way.append(task)
        while len(under_way) > workers * AHEAD:
            yield from under_way.popleft().result()
    while under_way:
        yield from under_way.popleft().result()


def _tasks(plans: Plans, traces: Sequence[str], executor: Executor) -> Iterator[Future[list[Part]]]:
    for trace in traces:
        if _size(trace) <= SMALL:
            yield executor.submit(decide_file, plans, trace)
            continue
        for batch in _batches(trace, plans.keylog):
            if isinstance(batch, Part):
                yield _done(batch)
            else:
                yield executor.submit(decide_batch, plans, trace, batch)


def decide_file(plans: Plans, trace: str) -> list[Part]:
    """A whole file, in a worker."""
    return list(_here(plans, [trace]))


def decide_batch(plans: Plans, trace: str, batch: list[Item]) -> list[Part]:
    """Some messages of a file, in a worker."""
    return [_decide(deciders_of(plans), trace, batch)]


@lru_cache(maxsize=4)
def deciders_of(plans: Plans) -> tuple[Decider, ...]:
    """Made once in a process. Raises ConfigError."""
    said = dict(plans.said)
    return tuple(Decider(load_config(config, create_secret=False), said) for config in plans.configs)


def _batches(trace: str, keylog: str | None) -> Iterator[list[Item] | Part]:
    """A Part with its error for a file that cannot be read."""
    batch: list[Item] = []
    try:
        for item in read_trace(trace, keylog):
            batch.append(item)
            if len(batch) >= BATCH:
                yield batch
                batch = []
    except TraceError as error:
        yield Part(trace, (), error=str(error))
        return
    yield batch


def _decide(deciders: tuple[Decider, ...], trace: str, batch: Iterable[Item]) -> Part:
    part = Part(trace, tuple([] for _ in deciders))
    for item in batch:
        part.position = item.position
        if isinstance(item, Record):
            _judge(deciders, item, part)
            part.messages += 1
        else:
            part.passed_over.append(item)
    return part


def _judge(deciders: tuple[Decider, ...], record: Record, part: Part) -> None:
    for decider, verdicts in zip(deciders, part.verdicts, strict=True):
        found = decider.decide(part.messages, record)
        if isinstance(found, Verdict):
            verdicts.append(found)
        elif found is not None:
            part.passed_over.append(found)
            return


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _done(part: Part) -> Future[list[Part]]:
    future: Future[list[Part]] = Future()
    future.set_result([part])
    return future
