"""All results of one examination: their verdict as JSON, as one line for a monitoring system, as metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .result import ORDER, Result, Verdict, worst

_NAGIOS = {Verdict.OK: (0, "OK"), Verdict.WARNING: (1, "WARNING"), Verdict.FAILED: (2, "CRITICAL")}
_UNKNOWN = (3, "UNKNOWN")
_STATES = {Verdict.OK: 0, Verdict.WARNING: 1, Verdict.FAILED: 2}


@dataclass(frozen=True, slots=True)
class Metric:
    """One sample of a gauge."""

    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Report:
    results: tuple[Result, ...]
    domains: tuple[str, ...]
    seconds: float
    """How long the examination took."""

    @property
    def verdict(self) -> Verdict:
        return worst(self.results)

    @property
    def failed(self) -> bool:
        return self.verdict is Verdict.FAILED

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(result.verdict for result in self.results)
        return {verdict.value: counted[verdict] for verdict in ORDER}

    def to_json(self) -> dict[str, Any]:
        return {
            "domains": list(self.domains),
            "verdict": self._said.value,
            "counts": self.counts,
            "seconds": round(self.seconds, 3),
            "checks": [result.to_json() for result in self.results],
        }

    @property
    def _said(self) -> Verdict:
        """A check that was not run takes nothing from the others, unless none was run at all."""
        if self.verdict is not Verdict.NOT_RUN:
            return self.verdict
        return Verdict.OK if any(one.verdict is Verdict.OK for one in self.results) else Verdict.NOT_RUN

    def nagios(self) -> tuple[int, str]:
        """Exit status (0, 1, 2, 3) and one line with performance data (Nagios plugin guidelines)."""
        status, word = _NAGIOS.get(self._said, _UNKNOWN)
        wrong = [one for one in self.results if one.verdict in (Verdict.FAILED, Verdict.WARNING)]
        wrong.sort(key=lambda one: ORDER.index(one.verdict))
        told = "; ".join(f"{one.id} {one.subject}: {one.seen}" for one in wrong[:3])
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        text = told.replace("|", "/").replace("\n", " ") or f"{self.counts['ok']} checks ok"
        return status, f"FEDERATION {word} - {text}{more} | {' '.join(self._performance())}"

    def _performance(self) -> Iterator[str]:
        counts = self.counts
        yield f"failed={counts['failed']};;0 warnings={counts['warning']} ok={counts['ok']} not_run={counts['not run']}"
        yield f"time={self.seconds:.3f}s"
        days = [one.days for one in self.results if one.days is not None and one.id.endswith(".expiry")]
        if days:
            yield f"days={min(days)}"

    def metrics(self) -> Iterator[Metric]:
        """0 ok, 1 warning, 2 failed for every check that was run; days for those that look ahead."""
        for one in self.results:
            labels = {"check": one.id, "domain": one.domain, "subject": one.subject}
            if one.verdict in _STATES:
                yield Metric("sipedge_doctor_check", labels, _STATES[one.verdict])
            if one.days is not None:
                yield Metric("sipedge_doctor_days_left", labels, one.days)
        yield Metric("sipedge_doctor_seconds", {}, self.seconds)
