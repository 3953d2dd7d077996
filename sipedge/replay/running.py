"""Traces through deciders: one file after the other here, or files and parts of files in processes elsewhere.

Whatever runs it, the results are the same and come in the order of the traces. A small file is one task, and so is each
part of a large log that can be cut; of other large files the reader stays here and its requests are handed out in
batches, so that memory does not grow with the file. Results travel as text: cheap to send, and what becomes of most.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import lru_cache

from sipedge.config import load_config
from sipedge.traces.parts import Span, read_span, spans
from sipedge.traces.reading import TraceError, read_trace
from sipedge.traces.record import Record, Skipped

from .cases import Classes
from .decider import Decider, is_response
from .verdict import Verdict, row

BATCH = 1024
"""Requests in one task."""
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is made of the verdicts besides their JSON."""

    rows: bool = False
    """Lines for people, of the first configuration."""
    classes: bool = False
    """Routing classes, of the first configuration."""
    received_only: bool = False
    """Leave out what this edge, or the box whose log it is, sent itself."""


@dataclass(slots=True)
class Batch:
    """Some messages in a row of which only the requests are still here."""

    file: str
    requests: list[tuple[int, Record]] = field(default_factory=list)
    """With their number among the messages of the batch, from 0."""
    passed_over: list[Skipped] = field(default_factory=list)
    messages: int = 0
    position: int = 0
    error: str = ""


@dataclass(slots=True)
class Part:
    """What became of a batch. All lists of texts are as long as ``numbers``."""

    file: str
    numbers: list[int] = field(default_factory=list)
    """Of each decided request, among the messages of this part, from 0."""
    tails: tuple[list[str], ...] = ()
    """Verdicts as JSON without their index (``Verdict.tail``), one list for each configuration."""
    rows: list[str] = field(default_factory=list)
    classes: Classes | None = None
    passed_over: list[Skipped] = field(default_factory=list)
    messages: int = 0
    position: int = 0
    """How far the file is read."""
    error: str = ""
    """Why the file cannot be read at all."""
    start: int = 1
    """The number of its first message among those of all traces."""


def run(
    plans: Plans, wanted: Wanted, traces: Sequence[str], executor: Executor | None = None, workers: int = 1
) -> Iterator[Part]:
    """All parts in order. Without an executor everything happens here. Raises ConfigError."""
    start = 1
    for part in (
        _here(plans, wanted, traces) if executor is None else _elsewhere(plans, wanted, traces, executor, workers)
    ):
        part.start = start
        start += part.messages
        yield part


def verdicts(decider: Decider, traces: Sequence[str], keylog: str | None = None) -> Iterator[Verdict]:
    """The verdicts themselves, here; what cannot be read is left out."""
    start = 1
    for trace in traces:
        for batch in _batches(trace, keylog):
            for number, record in batch.requests:
                found = decider.decide(start + number, record)
                if isinstance(found, Verdict):
                    yield found
            start += batch.messages


def _here(plans: Plans, wanted: Wanted, traces: Sequence[str]) -> Iterator[Part]:
    deciders = deciders_of(plans)
    return (_decided(deciders, wanted, batch) for trace in traces for batch in _batches(trace, plans.keylog))


def _elsewhere(plans: Plans, wanted: Wanted, traces: Sequence[str], executor: Executor, workers: int) -> Iterator[Part]:
    under_way: deque[Future[list[Part]]] = deque()
    for task in _tasks(plans, wanted, traces, executor):
        under_way.append(task)
        while len(under_way) > workers * AHEAD:
            yield from under_way.popleft().result()
    while under_way:
        yield from under_way.popleft().result()


def _tasks(plans: Plans, wanted: Wanted, traces: Sequence[str], executor: Executor) -> Iterator[Future[list[Part]]]:
    for trace in traces:
        small = _size(trace) <= SMALL
        parts: Sequence[Span | None] = [None] if small else spans(trace, SMALL)
        for span in parts:
            yield executor.submit(decide_file, plans, wanted, trace, span)
        if not parts:
            for batch in _batches(trace, plans.keylog):
                yield executor.submit(decide_batch, plans, wanted, batch)


def decide_file(plans: Plans, wanted: Wanted, trace: str, span: Span | None = None) -> list[Part]:
    """A whole file, or a part of it, in a worker."""
    deciders = deciders_of(plans)
    return [_decided(deciders, wanted, batch) for batch in _batches(trace, plans.keylog, span)]


def decide_batch(plans: Plans, wanted: Wanted, batch: Batch) -> list[Part]:
    """Some messages of a file, in a worker."""
    return [_decided(deciders_of(plans), wanted, batch)]


@lru_cache(maxsize=4)
def deciders_of(plans: Plans) -> tuple[Decider, ...]:
    """Made once in a process. Raises ConfigError."""
    said = dict(plans.said)
    return tuple(Decider(load_config(config, create_secret=False), said) for config in plans.configs)


def _batches(trace: str, keylog: str | None, span: Span | None = None) -> Iterator[Batch]:
    """At least one for each file; the last may say that the file cannot be read."""
    batch = Batch(trace)
    requests = batch.requests
    try:
        for item in read_trace(trace, keylog) if span is None else read_span(trace, span):
            if isinstance(item, Record):
                if not is_response(item.data):
                    requests.append((batch.messages, item))
                batch.messages += 1
            else:
                batch.passed_over.append(item)
            if len(requests) >= BATCH or batch.messages >= 8 * BATCH or len(batch.passed_over) >= BATCH:
                batch.position = item.position
                yield batch
                batch = Batch(trace)
                requests = batch.requests
    except TraceError as error:
        batch.error = str(error)
    yield batch


def _decided(deciders: tuple[Decider, ...], wanted: Wanted, batch: Batch) -> Part:
    part = Part(
        batch.file,
        tails=tuple([] for _ in deciders),
        classes=Classes() if wanted.classes else None,
        passed_over=batch.passed_over,
        messages=batch.messages,
        position=batch.position,
        error=batch.error,
    )
    for number, record in batch.requests:
        found = [decider.decide(number, record) for decider in deciders]
        judged = [one for one in found if isinstance(one, Verdict)]
        if len(judged) == len(found):
            if not (wanted.received_only and judged[0].sent):
                _note(part, wanted, judged)
        else:
            part.passed_over += [one for one in found[:1] if isinstance(one, Skipped)]
    return part


def _note(part: Part, wanted: Wanted, judged: Iterable[Verdict]) -> None:
    for tails, verdict in zip(part.tails, judged, strict=True):
        if tails is part.tails[0]:
            part.numbers.append(verdict.index)
            if wanted.rows:
                part.rows.append(row(verdict))
            if part.classes is not None:
                part.classes.add(verdict)
        tails.append(verdict.tail())


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
