"""Traces through deciders: one file after the other here, or files and parts of files in processes elsewhere.

All engines give the same results, in the order of the traces. A small file is one task, and so is each part of a large
log that can be cut. Large captures go through all workers at the same time (shares.py). Other large files are read
here, and their requests are handed out in batches. Memory does not grow with the file. Results travel as text: it is
cheap to send, and most of them are printed.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future

from sipedge.traces.parts import Span, is_capture, spans
from sipedge.traces.reading import read_trace

from .decider import Decider
from .shares import run_shares
from .verdict import Verdict
from .work import Batch, Part, Plans, Wanted, batches, decided, deciders_of, read

SMALL = 8 << 20
"""Bytes up to which a file is one task."""
LARGEST_PART = 4 << 20
"""Bytes of a log in one task: a second's work or so, by which a progress bar moves."""
WHOLE = 64 << 20
"""Bytes up to which a capture is one task where there are others for the other workers."""
AHEAD = 4
"""Tasks under way for each worker; results wait for their turn."""
LARGEST_AHEAD = 128 << 20
"""Bytes of traces under way, so that what waits stays small."""


def run(
    plans: Plans, wanted: Wanted, traces: Sequence[str], executor: Executor | None = None, workers: int = 1
) -> Iterator[Part]:
    """All parts in order. Without an executor everything happens here, and where calls of b2bua zones are followed from
    one message to the next. Raises ConfigError."""
    start = 1
    if executor is None or plans.follows:
        parts = _here(plans, wanted, traces)
    else:
        parts = _elsewhere(plans, wanted, traces, executor, workers)
    for part in parts:
        part.start = start
        start += part.messages
        yield part


def verdicts(
    decider: Decider, traces: Sequence[str], keylog: str | None = None, sizes: Mapping[str, int] | None = None
) -> Iterator[Verdict]:
    """The verdicts themselves, here; what cannot be read is left out. ``sizes``: bytes that are read of a file."""
    start = 1
    for trace in traces:
        for batch in batches(trace, read_trace(trace, keylog, (sizes or {}).get(trace))):
            for number, record in batch.requests:
                verdict = decider.decide(start + number, record)
                if isinstance(verdict, Verdict):
                    yield verdict
            start += batch.messages


def _here(plans: Plans, wanted: Wanted, traces: Sequence[str]) -> Iterator[Part]:
    deciders = deciders_of(plans)
    if plans.follows:
        for decider in deciders:
            decider.follow_calls()
    every = (batch for trace in traces for batch in read(trace, plans.keylog, None, plans.follows))
    return (decided(deciders, wanted, batch) for batch in every)


def _elsewhere(plans: Plans, wanted: Wanted, traces: Sequence[str], executor: Executor, workers: int) -> Iterator[Part]:
    under_way = _UnderWay(workers)
    together = sum(map(is_capture, traces)) >= 2 * workers
    for trace in traces:
        if workers > 1 and _size(trace) > (WHOLE if together else SMALL) and is_capture(trace):
            yield from under_way.results(0)
            yield from run_shares(plans, wanted, trace, executor, workers)
            continue
        whole = together and is_capture(trace)
        for task, size in _tasks(plans, wanted, trace, executor, 0 if whole else 2 * workers):
            yield from under_way.add(task, size)
    yield from under_way.results(0)


def _tasks(
    plans: Plans, wanted: Wanted, trace: str, executor: Executor, parts: int
) -> Iterator[tuple[Future[list[Part]], int]]:
    """Tasks, each with how many bytes of the trace it reads. ``parts``: how many are wanted, 0 for the whole file."""
    size = _size(trace)
    if size <= SMALL or not parts:
        yield executor.submit(decide_file, plans, wanted, trace), size
        return
    cut = spans(trace, min(LARGEST_PART, size // parts))
    for start, end in cut:
        yield executor.submit(decide_file, plans, wanted, trace, (start, end)), end - start
    if not cut:
        for batch in read(trace, plans.keylog):
            yield executor.submit(decide_batch, plans, wanted, batch), 0


class _UnderWay:
    """Tasks in order, not too many at a time."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._tasks: deque[tuple[Future[list[Part]], int]] = deque()
        self._bytes = 0

    def add(self, task: Future[list[Part]], size: int) -> Iterator[Part]:
        """Yields the results that had to be waited for."""
        self._tasks.append((task, size))
        self._bytes += size
        yield from self.results(self._workers * AHEAD)
        while self._bytes > LARGEST_AHEAD and len(self._tasks) > self._workers:
            yield from self._first()

    def results(self, left: int) -> Iterator[Part]:
        """Those of the first tasks, until no more than ``left`` are under way."""
        while len(self._tasks) > left:
            yield from self._first()

    def _first(self) -> list[Part]:
        task, size = self._tasks.popleft()
        self._bytes -= size
        return task.result()


def decide_file(plans: Plans, wanted: Wanted, trace: str, span: Span | None = None) -> list[Part]:
    """A whole file, or a part of it, in a worker."""
    deciders = deciders_of(plans)
    return [decided(deciders, wanted, batch) for batch in read(trace, plans.keylog, span)]


def decide_batch(plans: Plans, wanted: Wanted, batch: Batch) -> list[Part]:
    """Some messages of a file, in a worker."""
    return [decided(deciders_of(plans), wanted, batch)]


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
