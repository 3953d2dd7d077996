"""The work of a worker on a piece of a trace: read it, decide its requests, note the wanted parts of the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from sipedge.config import load_config
from sipedge.traces.parts import Span, read_span
from sipedge.traces.reading import TraceError, read_trace
from sipedge.traces.records.record import Item, Record, Skipped
from zones.zone import DEFAULT_ZONE

from .cases import Classes
from .decider import Decider, is_response
from .saying import resolved
from .verdict import NOT_JUDGED, Verdict, row

BATCH = 1024
"""Requests in one task."""
MAX_HOSTS = 1000
"""Senders that are told apart."""


@dataclass(frozen=True, slots=True)
class Plans:
    """A worker makes its deciders of these: configurations by path, zones of addresses, TLS secrets, names.

    A second configuration is the former one: its secret holds for both, as no other made the tokens of the trace.
    """

    configs: tuple[str, ...]
    said: tuple[tuple[str, str], ...] = ()
    keylog: str | None = None
    names: tuple[tuple[str, str], ...] = ()
    """Host name and address; a name may have several."""
    follows: bool = False
    """Whether calls are followed from one message to the next: one of them has b2bua zones."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Outputs of the verdicts besides their JSON."""

    rows: bool = False
    """Lines for people, of the first configuration."""
    classes: bool = False
    """Routing classes, of the first configuration."""
    received_only: bool = False
    """Leave out what this edge, or the box whose log it is, sent itself."""
    dialogs: frozenset[str] | None = None
    """Call-IDs of the only requests that count; None: all do."""

    def counts(self, verdict: Verdict) -> bool:
        return not (self.received_only and verdict.sent) and (self.dialogs is None or verdict.call_id in self.dialogs)


@dataclass(slots=True)
class Batch:
    """Some messages in a row of which only the requests are still here, and responses where calls are followed."""

    file: str
    follows: bool = False
    requests: list[tuple[int, Record]] = field(default_factory=list)
    """With their number among the messages of the batch, from 0."""
    passed_over: list[Skipped] = field(default_factory=list)
    messages: int = 0
    position: int = 0
    error: str = ""

    def take(self, items: Iterator[Item], most: int) -> Item | None:
        """Items up to ``most`` requests or places that were passed over, or eight times as many messages.

        The last one; None when they have come to an end. Raises what the reader of the trace raises.
        """
        requests, passed_over, follows, messages = self.requests, self.passed_over, self.follows, self.messages
        most_messages = 8 * most
        try:
            for item in items:
                if isinstance(item, Skipped):
                    passed_over.append(item)
                    if len(passed_over) >= most:
                        return item
                    continue
                messages += 1
                if follows or not is_response(item.data):
                    requests.append((messages - 1, item))
                if len(requests) >= most or messages >= most_messages:
                    return item
        finally:
            self.messages = messages
        return None


@dataclass(slots=True)
class Part:
    """The results of a batch. All lists of texts are as long as ``numbers``."""

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
    """Bytes of the file that are read."""
    error: str = ""
    """The reason why the file cannot be read at all."""
    untold: Counter[str] = field(default_factory=Counter)
    """By host, requests taken as the Default Zone's although they may be of a zone whose peers are names."""
    not_judged: int = 0
    """Requests whose Route could not be judged."""
    retold: Counter[bool] = field(default_factory=Counter)
    """Requests that are known from a decision of the edge only: whether it was made under the first configuration."""
    start: int = 1
    """The number of its first message among those of all traces."""


@lru_cache(maxsize=4)
def deciders_of(plans: Plans) -> tuple[Decider, ...]:
    """Made once in a process. Raises ConfigError."""
    said = dict(plans.said)
    names = resolved(plans.names)
    every = [load_config(config, create_secret=False) for config in plans.configs]
    kept = next((settings for settings in reversed(every) if not settings.secret_made_up), every[-1])
    return tuple(
        Decider(replace(settings, secret=kept.secret, secret_made_up=kept.secret_made_up), said, names)
        for settings in every
    )


def batches(trace: str, items: Iterator[Item], follows: bool = False) -> Iterator[Batch]:
    """At least one for each file; the last may say that the file cannot be read. ``follows``: calls, see Batch."""
    batch = Batch(trace, follows)
    try:
        while (last := batch.take(items, BATCH)) is not None:
            batch.position = last.position
            yield batch
            batch = Batch(trace, follows)
    except TraceError as error:
        batch.error = str(error)
    except OSError as error:
        batch.error = f"{trace}: cannot be read: {error.strerror}"
    yield batch


def read(trace: str, keylog: str | None, span: Span | None = None, follows: bool = False) -> Iterator[Batch]:
    """A whole file, or a part of it. ``follows``: calls, see Batch."""
    return batches(trace, read_trace(trace, keylog) if span is None else read_span(trace, span), follows)


def decided(deciders: tuple[Decider, ...], wanted: Wanted, batch: Batch) -> Part:
    everything = not wanted.received_only and wanted.dialogs is None
    part = Part(
        batch.file,
        tails=tuple([] for _ in deciders),
        classes=Classes() if wanted.classes else None,
        passed_over=batch.passed_over,
        messages=batch.messages,
        position=batch.position,
        error=batch.error,
    )
    first, others = deciders[0], deciders[1:]
    only_tails = everything and not (wanted.rows or wanted.classes or others or first.untold)
    for number, record in batch.requests:
        if only_tails and (tail := first.tail_again(record)) is not None:
            part.numbers.append(number)
            part.tails[0].append(tail)
            continue
        verdict = first.decide(number, record)
        answers = [decider.decide(number, record) for decider in others] if others else ()
        if isinstance(verdict, Verdict):
            if everything or wanted.counts(verdict):
                _note(part, wanted, verdict, answers)
                _doubt(part, first, record, verdict)
        elif verdict is not None:
            part.passed_over.append(verdict)
    return part


def _doubt(part: Part, decider: Decider, record: Record, verdict: Verdict) -> None:
    if record.decided is not None:
        part.retold[record.decided.revision == decider.settings.revision] += 1
    if verdict.decision.decided_by == NOT_JUDGED:
        part.not_judged += 1
    if decider.untold and verdict.zone == DEFAULT_ZONE and not (verdict.sent or record.zone):
        host = record.source.host if record.source else ""
        if host in part.untold or len(part.untold) < MAX_HOSTS:
            part.untold[host] += 1


def _note(part: Part, wanted: Wanted, verdict: Verdict, others: Iterable[Verdict | Skipped | None]) -> None:
    """``others``: of the other configurations, which can read what the first one can."""
    part.numbers.append(verdict.index)
    if wanted.rows:
        part.rows.append(row(verdict))
    if part.classes is not None:
        part.classes.add(verdict)
    part.tails[0].append(verdict.tail())
    for place, other in enumerate(others, 1):
        assert isinstance(other, Verdict)
        part.tails[place].append(other.tail())
