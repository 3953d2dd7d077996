"""All results of one examination: their verdict as JSON, as one line for a monitoring system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sipedge.doctor.checks.result import ORDER, CheckVerdict, Result, worst

_NAGIOS = {CheckVerdict.OK: (0, "OK"), CheckVerdict.WARNING: (1, "WARNING"), CheckVerdict.FAILED: (2, "CRITICAL")}
_UNKNOWN = (3, "UNKNOWN")


def counted(report: Report) -> str:
    """ "2 failed, 1 warning, 40 ok" """
    return ", ".join(f"{number} {word}" for word, number in report.counts.items() if number)


@dataclass(frozen=True, slots=True)
class Report:
    results: tuple[Result, ...]
    domains: tuple[str, ...]
    seconds: float
    """How long the examination took."""
    complete: bool = True
    """False: the time was over, or the doctor failed, before everything was looked at."""

    @property
    def verdict(self) -> CheckVerdict:
        """The worst of all. NOT_RUN when nothing failed but not everything was looked at, a domain could not be looked
        up at all, or nothing was run; other checks that were not run take nothing from the rest."""
        found = worst(one for one in self.results if one.verdict is not CheckVerdict.NOT_RUN)
        unknown = any(one.id == "dns.srv" and one.verdict is CheckVerdict.NOT_RUN for one in self.results)
        nothing = all(one.verdict is CheckVerdict.NOT_RUN for one in self.results)
        open_ended = nothing or unknown or not self.complete
        return CheckVerdict.NOT_RUN if open_ended and found is not CheckVerdict.FAILED else found

    @property
    def good(self) -> bool:
        """Nothing failed, and something is known."""
        return self.verdict in (CheckVerdict.OK, CheckVerdict.WARNING)

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(result.verdict for result in self.results)
        return {verdict.value: counted[verdict] for verdict in ORDER}

    def to_json(self) -> dict[str, Any]:
        return {
            "domains": list(self.domains),
            "verdict": self.verdict.value,
            "complete": self.complete,
            "counts": self.counts,
            "seconds": round(self.seconds, 3),
            "checks": [result.to_json() for result in self.results],
        }

    def nagios(self) -> tuple[int, str]:
        """Exit status (0, 1, 2, 3) and one line with performance data (Nagios plugin guidelines)."""
        status, word = _NAGIOS.get(self.verdict, _UNKNOWN)
        wrong = [one for one in self.results if one.verdict in (CheckVerdict.FAILED, CheckVerdict.WARNING)]
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
