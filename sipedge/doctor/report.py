"""All results of one examination, their verdict, and both as JSON or as one line for a monitoring system."""

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
        """The worst of all checks that were run.

        When none of them failed, it is NOT_RUN where the examination is incomplete, a domain could not be looked up at
        all, or no check was run.
        """
        ran = [result for result in self.results if result.verdict is not CheckVerdict.NOT_RUN]
        unknown = any(result.id == "dns.srv" and result.verdict is CheckVerdict.NOT_RUN for result in self.results)
        open_ended = not ran or unknown or not self.complete
        verdict = worst(ran)
        return CheckVerdict.NOT_RUN if open_ended and verdict is not CheckVerdict.FAILED else verdict

    @property
    def findings(self) -> tuple[Result, ...]:
        """What failed, then what warns."""
        found = [each for each in self.results if each.verdict in (CheckVerdict.FAILED, CheckVerdict.WARNING)]
        return tuple(sorted(found, key=lambda each: each.verdict is CheckVerdict.WARNING))

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
        wrong = [result for result in self.results if result.verdict in (CheckVerdict.FAILED, CheckVerdict.WARNING)]
        wrong.sort(key=lambda result: ORDER.index(result.verdict))
        worst_three = "; ".join(f"{result.id} {result.subject}: {result.seen}" for result in wrong[:3])
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        text = worst_three.replace("|", "/").replace("\n", " ") or f"{self.counts['ok']} checks ok"
        return status, f"FEDERATION {word} - {text}{more} | {' '.join(self._performance())}"

    def _performance(self) -> Iterator[str]:
        counts = self.counts
        yield f"failed={counts['failed']};;0 warnings={counts['warning']} ok={counts['ok']} not_run={counts['not run']}"
        yield f"time={self.seconds:.3f}s"
        days = [result.days for result in self.results if result.days is not None and result.id.endswith(".expiry")]
        if days:
            yield f"days={min(days)}"
