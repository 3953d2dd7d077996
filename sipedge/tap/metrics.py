"""Counts of what the edge does, for Prometheus.

The event loop counts in plain dictionaries: a counter of the client library takes ten times as long. Gauges
(connections, peers, transactions) are read when somebody asks. ``Exposition`` answers in a thread: the loop only
copies, the thread makes the text.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography import x509
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sipedge.proxy.history import Entry
from sipedge.settings import Tls
from sipedge.sip.message import Message

METHODS = {
    name.encode(): name
    for name in (
        "ACK BENOTIFY BYE CANCEL INFO INVITE MESSAGE NEGOTIATE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SERVICE "
        "SUBSCRIBE UPDATE"
    ).split()
}
"""Others are counted as "other": whoever can send can make up methods."""
OTHER = "other"
_KNOWN = frozenset(METHODS.values())
_CLASSES = ("none", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx")
_WORDS = frozenset((*METHODS, b"1", b"2", b"3", b"4", b"5", b"6"))
"""How a message that is sent may begin: its method, or the first digit of its status."""
DAY = 86400.0


@dataclass(slots=True)
class Gauges:
    """What is open or alive at this moment."""

    connections: dict[str, float] = field(default_factory=dict)
    """Open ones by zone."""
    refused: dict[tuple[str, ...], float] = field(default_factory=dict)
    """(zone or '' where none was found yet, reason) -> connections that did not come about."""
    requests_refused: dict[tuple[str, ...], float] = field(default_factory=dict)
    """(zone, reason) -> requests."""
    bans: dict[str, float] = field(default_factory=dict)
    """Reason -> sources that are banned."""
    bans_begun: dict[str, float] = field(default_factory=dict)
    """Reason -> bans since the start."""
    waiting: float = 0.0
    """Requests that wait for their turn."""
    calls: float = 0.0
    """Of b2bua zones."""
    transactions: dict[str, float] = field(default_factory=dict)
    """By role: "server", "client"."""
    peers: dict[tuple[str, ...], float] = field(default_factory=dict)
    """(zone, address:port) -> 1 where alive, else 0."""
    traversal: dict[str, float] = field(default_factory=dict)
    """Zone -> 1 where a connection of it is authenticated, else 0."""
    dns: dict[str, float] = field(default_factory=dict)
    """"asked" and "waiting" -> questions to the DNS."""
    dns_spared: dict[str, float] = field(default_factory=dict)
    """Why they were not asked -> number."""
    dropped: dict[str, float] = field(default_factory=dict)
    """Output of [log], "stderr" or "stdout" -> records or lines lost."""


class Counters(NamedTuple):
    """What was counted since the start, and when certificates expire."""

    requests: dict[tuple[str, ...], float]
    """(direction, zone, method) -> number."""
    responses: dict[tuple[str, ...], float]
    """(direction, zone, class) -> number."""
    decisions: dict[tuple[str, ...], float]
    """(by, rule, outcome) -> number."""
    dns: dict[str, float]
    certificates: Mapping[str, float]


class Metrics:
    """``received``, ``sent``, ``decided`` and ``dns_failed`` belong to the event loop and take well below 1 µs."""

    def __init__(self, certificates: Mapping[str, float]) -> None:
        """``certificates``: from ``expiries``."""
        self._requests: defaultdict[tuple[str, ...], float] = defaultdict(int)
        self._responses: defaultdict[tuple[str, ...], float] = defaultdict(int)
        self._sent: defaultdict[tuple[str, bytes], float] = defaultdict(int)
        self._decisions: defaultdict[tuple[str, ...], float] = defaultdict(int)
        self._dns: defaultdict[str, float] = defaultdict(int)
        self.certificates = certificates
        """File -> when it expires; replace it after a reload."""

    def received(self, zone: str, message: Message) -> None:
        if message.status:
            self._responses["received", zone, _CLASSES[message.status // 100]] += 1
        else:
            method = message.method
            self._requests["received", zone, method if method in _KNOWN else OTHER] += 1

    def sent(self, zone: str, data: bytes) -> None:
        """``data``: a whole message of the edge's own making or forwarding."""
        word = data[8:9] if data.startswith(b"SIP/2.0 ") else data[:16].partition(b" ")[0]
        self._sent[zone, word if word in _WORDS else b""] += 1

    def copied(self, zone: str, methods: Iterable[bytes]) -> None:
        """Requests that came again."""
        for method in methods:
            self._requests["received", zone, METHODS.get(method, OTHER)] += 1

    def forwarded(self, source: str, target: str, data: bytes) -> None:
        """A request came from one zone and was sent to another; ``data`` begins with its method."""
        word = data[:16].partition(b" ")[0]
        self._requests["received", source, METHODS.get(word, OTHER)] += 1
        self._sent[target, word if word in _WORDS else b""] += 1

    def returned(self, source: str, target: str | None, status: int) -> None:
        """A response came from one zone and was sent to another; None: its connection is gone."""
        self._responses["received", source, _CLASSES[status // 100]] += 1
        if target is not None:
            self._sent[target, b"%d" % (status // 100)] += 1

    def decided(self, entry: Entry) -> None:
        """A request has its final status."""
        outcome = _CLASSES[entry.status // 100]
        explanation = entry.explanation
        if entry.route:
            self._decisions["route", "", outcome] += 1
        elif explanation is None:
            self._decisions["refused", "", outcome] += 1
        elif not explanation.tiers:
            self._decisions["no rule", "", outcome] += 1
        else:
            for target in explanation.tiers[0].targets:
                self._decisions["rule", target.rule, outcome] += 1

    def dns_failed(self, error: str) -> None:
        self._dns[error] += 1

    def counts(self) -> Counters:
        """Copies, made in the event loop and read outside."""
        requests, responses = dict(self._requests), dict(self._responses)
        for (zone, word), number in self._sent.items():
            if word.isdigit():
                responses["sent", zone, _CLASSES[int(word)]] = number
            else:
                requests["sent", zone, METHODS.get(word, OTHER)] = number
        return Counters(requests, responses, dict(self._decisions), dict(self._dns), self.certificates)


def families(counts: Counters, state: Gauges, now: float) -> list[Metric]:
    """``now``: seconds since the epoch."""
    days = {file: (end - now) / DAY for file, end in counts.certificates.items()}
    return [
        _counter("requests", "SIP requests", ("direction", "zone", "method"), counts.requests),
        _counter("responses", "SIP responses", ("direction", "zone", "class"), counts.responses),
        _counter(
            "decisions",
            "Requests with a final status, by what decided (each rule of the first tier, a signed Route, nothing)",
            ("by", "rule", "outcome"),
            counts.decisions,
        ),
        _counter("dns_failures", "Look-ups that failed", ("error",), _single(counts.dns)),
        _counter("dns_spared", "Questions answered without asking", ("reason",), _single(state.dns_spared)),
        _gauge("dns_questions", "Questions to the DNS", ("state",), _single(state.dns)),
        _counter("connections_refused", "Connections that did not come about", ("zone", "reason"), state.refused),
        _counter("requests_refused", "Requests that went no further", ("zone", "reason"), state.requests_refused),
        _counter("bans", "Bans of sources that began", ("reason",), _single(state.bans_begun)),
        _gauge("banned", "Sources that are banned", ("reason",), _single(state.bans)),
        _gauge("calls", "Open calls of b2bua zones", (), {(): state.calls}),
        _gauge("requests_paced", "Requests that wait for their turn to leave", (), {(): state.waiting}),
        _counter("log_dropped", "Records or lines lost by an output", ("output",), _single(state.dropped)),
        _gauge("connections", "Open connections", ("zone",), _single(state.connections)),
        _gauge("transactions", "Open transactions", ("role",), _single(state.transactions)),
        _gauge("peer_alive", "Whether a neighbour's peer is alive", ("zone", "peer"), state.peers),
        _gauge("traversal_up", "Whether a traversal zone is connected", ("zone",), _single(state.traversal)),
        _gauge("certificate_days_left", "Days until a certificate of this edge expires", ("file",), _single(days)),
    ]


class Families(Collector):
    """The metrics that ``ask`` returns, as a collector of the client library."""

    def __init__(self, ask: Callable[[], list[Metric]]) -> None:
        self._ask = ask

    def collect(self) -> Iterator[Metric]:
        yield from self._ask()

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering does not ask."""
        return ()


def registry(ask: Callable[[], list[Metric]]) -> CollectorRegistry:
    """With the process's own numbers (memory, processor time, open files)."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    made.register(Families(ask))
    return made


def expiries(tls: Tls) -> dict[str, float]:
    """File -> seconds since the epoch, for each certificate of this edge that can be read.

    A restarted edge serves with what was in force; its files may be gone or broken by then.
    """
    certificates = (*tls.server, *((tls.client,) if tls.client else ()))
    ends = {}
    for file in {item.certificate for item in certificates}:
        with contextlib.suppress(OSError, ValueError), open(file, "rb") as stream:
            ends[file] = x509.load_pem_x509_certificates(stream.read())[0].not_valid_after_utc.timestamp()
    return ends


def _single(numbers: dict[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): number for name, number in numbers.items()}


def _counter(name: str, text: str, labels: tuple[str, ...], numbers: dict[tuple[str, ...], float]) -> Metric:
    family = CounterMetricFamily(f"sipedge_{name}", text, labels=labels)
    for values, number in numbers.items():
        family.add_metric(values, number)
    return family


def _gauge(name: str, text: str, labels: tuple[str, ...], numbers: dict[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(f"sipedge_{name}", text, labels=labels)
    for values, number in numbers.items():
        family.add_metric(values, number)
    return family
