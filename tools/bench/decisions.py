"""What a decision costs beside the request: in the event loop, and in the thread that writes it.

Run ``python -m tools.bench.decisions``. First, for each size of plan, what the loop does for a request of the core: its
entry, the history, the line of ``[log] decisions``; and beside it what each rule said (as a command makes it again from
the record). Then what it does for requests of the short way, as many in a read as stand there. Last the thread, with so
many decisions a second. Processor time of one decision in microseconds: the best of several rounds, of the thread's the
middle. Exit status 1: more than ``LOOP`` or ``THREAD``.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from json import dumps
from pathlib import Path
from statistics import median
from threading import enumerate as enumerate_threads
from time import clock_gettime, monotonic, pthread_getcpuclockid, sleep, thread_time

from dialplan.language.parser import parse_dialplan
from dialplan.model import Query, Traffic
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.decision.classification import Classification
from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import Attempt, Entry, History, kept_lines
from sipedge.rates import reading
from sipedge.remembered.record import Record
from sipedge.sip.message import parse_message
from sipedge.tap.json_lines import DecisionsFile
from sipedge.tap.rotating_file import RotatingFile
from sipedge.tap.worker import Worker
from sipedge.tap.writing import Writing
from sipedge.worker.process import GARBAGE_THRESHOLDS
from tools.memory_edge import MemoryEdge, run_edge
from zones.zone import FromDomain, Hop

from .instructions import CALLER, answered, request, settings
from .program import run_in_folder
from .search import make

SIZES = (3, 20, 60, 200, 2_000)
READS = (1, 8, 64)
RATES = (200, 1_000, 5_000)
LOOP, THREAD = 10.0, 25.0
"""What a decision may cost."""
ROUNDS = 15
EACH = 200
LASTING = 2.0
"""Seconds of a rate."""
SLICE = 0.01
"""Seconds of decisions that come at once, at most."""

_OPENED = ConnectionOpened(7, "TLS", "192.0.2.2", 40112, "192.0.2.1", 5061, names=("imp1.example.com",))
_HOP = Hop("Zone 1", address="192.0.2.9", port=5061, name="sip.far.example")
_CLASSIFICATION = Classification(Traffic.MICROSOFT_IMP, "method MESSAGE")
_REQUEST = parse_message(
    b"MESSAGE sip:bob@far.example SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.2:40112;branch=z9hG4bK1\r\n"
    b"From: <sip:ann@near.example>;tag=1928301774\r\nTo: <sip:bob@far.example>\r\n"
    b"Call-ID: a84b4c76e66710@pc33.near.example\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
_ANSWER = parse_message(b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")


def entry_of(explanation: Explanation) -> Entry:
    """As the core makes it, up to the final response."""
    entry = Entry(
        0.0,
        _OPENED,
        "IMP",
        "0" * 64,
        _REQUEST.method,
        _REQUEST.uri,
        _REQUEST.call_id,
        kept_lines(_REQUEST),
        _CLASSIFICATION,
        explanation,
        explanation.alias,
    )
    attempt = Attempt(_HOP)
    entry.attempts.append(attempt)
    attempt.status = 200
    entry.answered(_ANSWER)
    return entry


def through_the_core(worker: Worker, rules: int) -> float:
    text, aliases = make(rules)
    explanation = CompiledPlan(parse_dialplan(text, "bench.dialplan")).search(Query(aliases[rules // 2], "IMP"))
    writing, history = Writing(), History(255)

    def loop() -> None:
        entry = entry_of(explanation)
        history.add(entry)
        writing.put(worker, entry, 1)

    cost, tree = _best(loop), _best(lambda: dumps(explanation.to_json())) if rules <= 200 else float("nan")
    print(f"{rules:>6} rules: {cost:5.1f}, {len(writing.line(entry_of(explanation), 1))} bytes; each rule {tree:8.1f}")
    return cost


def the_short_way(worker: Worker) -> float:
    records, history, writing, worst = list[Record](), History(255), Writing(), 0.0

    async def scenario(edge: MemoryEdge) -> None:
        edge.server._short._record = lambda connection, begun, ended, copies: records.extend(ended)
        caller = edge.accept(CALLER)
        for number in range(2 * max(READS)):
            caller.send(parse_message(request(number)))
            await edge.turn()
            callee = edge.loop.called[0]
            callee.send(*map(answered, callee.received()))
            await edge.turn()
            caller.received()

    slice, reading.SLICE = reading.SLICE, float("inf")
    try:
        run_edge(settings(False, FromDomain.ANY), scenario)
    finally:
        reading.SLICE = slice
    for size in READS if records else ():
        some = records[-size:]

        def loop(some: list[Record] = some) -> None:
            history.extend(some)
            writing.put_all(worker, some, 1)

        cost = _best(loop) / size
        worst = max(worst, cost)
        print(f"{size:>6} at once: {cost:4.1f}")
    return worst


def in_the_thread(folder: Path, rate: int) -> float:
    text, aliases = make(3)
    explanation = CompiledPlan(parse_dialplan(text, "bench.dialplan")).search(Query(aliases[0], "IMP"))
    entry, writing = entry_of(explanation), Writing()
    worker, name, count, costs = *_worker(folder), max(1, int(rate * SLICE)), list[float]()
    clock = pthread_getcpuclockid(next(each.ident for each in enumerate_threads() if each.name == name) or 0)
    for _ in range(3):
        before, end, put = clock_gettime(clock), monotonic() + LASTING, 0
        while monotonic() < end:
            for _ in range(count):
                writing.put(worker, entry, 1)
            put += count
            sleep(count / rate)
        costs.append((clock_gettime(clock) - before) / put * 1e6)
    worker.end()
    worker.join()
    print(f"{rate:>6} a second: {median(costs):4.1f}")
    return median(costs)


def _worker(folder: Path) -> tuple[Worker, str]:
    """With its name."""
    output = DecisionsFile(RotatingFile(str(folder / "decisions.jsonl"), 100 << 20, 1))
    return Worker(output), output.name


def _best(action: Callable[[], object]) -> float:
    """Microseconds of one."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = thread_time()
        for _ in range(EACH):
            action()
        best = min(best, (thread_time() - began) / EACH * 1e6)
    return best


def run(folder: Path) -> int:
    worker, _ = _worker(folder)
    print("in the loop, a request of the core:")
    loop = [through_the_core(worker, rules) for rules in SIZES]
    print("in the loop, requests of the short way:")
    loop.append(the_short_way(worker))
    worker.end()
    worker.join()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    print("in the thread that writes:")
    thread = [in_the_thread(folder, rate) for rate in RATES]
    print(f"at most {max(loop):.1f} in the loop ({LOOP:g} allowed), {max(thread):.1f} in the thread ({THREAD:g})")
    return int(max(loop) > LOOP or max(thread) > THREAD)


if __name__ == "__main__":
    sys.exit(run_in_folder("decisions", run))
