"""What a decision costs beside the request: in the event loop, and in the thread that writes it.

Run ``python -m tools.bench.decisions``. Each size of plan has, in turns within one process: what the loop does for the
history and the tap, the line of ``[log] decisions``, and that line with what each rule said (as a command makes it
again from the record). Processor time of one decision in microseconds, the best of several rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from json import dumps
from time import process_time

from dialplan.language.parser import parse_dialplan
from dialplan.model import Query, Traffic
from dialplan.search.search import CompiledPlan, Explanation
from sipedge.decision.classification import Classification
from sipedge.proxy.events import ConnectionOpened
from sipedge.proxy.history import Attempt, Entry, History, kept_lines
from sipedge.sip.message import parse_message
from sipedge.tap.items import Decided
from sipedge.tap.json_lines import DecisionsFile
from sipedge.tap.rotating_file import RotatingFile
from zones.zone import Hop

from .search import make

SIZES = (3, 20, 60, 200, 2_000)
ROUNDS = 15
EACH = 200

_OPENED = ConnectionOpened(7, "TLS", "192.0.2.2", 40112, "192.0.2.1", 5061, names=("imp1.example.com",))
_HOP = Hop("Zone 1", address="192.0.2.9", port=5061, name="sip.far.example")
_CLASSIFICATION = Classification(Traffic.MICROSOFT_IMP, "method MESSAGE")
_REQUEST = parse_message(
    b"MESSAGE sip:bob@far.example SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.2:40112;branch=z9hG4bK1\r\n"
    b"From: <sip:ann@near.example>;tag=1928301774\r\nTo: <sip:bob@far.example>\r\n"
    b"Call-ID: a84b4c76e66710@pc33.near.example\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
_ANSWER = parse_message(b"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")


@dataclass(slots=True)
class Costs:
    loop: float = float("inf")
    line: float = float("inf")
    tree: float = float("inf")
    size: int = 0
    """Bytes of a line."""


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


def measure(rules: int) -> Costs:
    text, aliases = make(rules)
    explanation = CompiledPlan(parse_dialplan(text, "bench.dialplan")).search(Query(aliases[rules // 2], "IMP"))
    file, history, costs = DecisionsFile(RotatingFile("", 1, 1)), History(255), Costs()
    item = Decided(0, entry_of(explanation), 1)

    def loop() -> None:
        entry = entry_of(explanation)
        history.add(entry)
        Decided(entry.size, entry, 1)

    for _ in range(ROUNDS):
        costs.loop = min(costs.loop, _spent(loop))
        costs.line = min(costs.line, _spent(lambda: file.render(item)))
        costs.tree = min(costs.tree, _spent(lambda: dumps(explanation.to_json()))) if rules <= 200 else costs.tree
    costs.size = len(file.render(item))
    return costs


def _spent(action: Callable[[], object]) -> float:
    """Microseconds of one."""
    began = process_time()
    for _ in range(EACH):
        action()
    return (process_time() - began) / EACH * 1e6


def main() -> None:
    print(f"{'rules':>6} {'loop':>8} {'line':>8} {'tree':>8} bytes of a line")
    for rules in SIZES:
        costs = measure(rules)
        tree = f"{costs.tree:8.1f}" if costs.tree < float("inf") else f"{'-':>8}"
        print(f"{rules:>6} {costs.loop:8.1f} {costs.line:8.1f} {tree} {costs.size}")


if __name__ == "__main__":
    main()
