"""An examination as metrics for Prometheus."""

from __future__ import annotations

from prometheus_client.core import GaugeMetricFamily, Metric

from sipedge.doctor.checks.result import CheckVerdict

from .report import Report

_VALUES = {CheckVerdict.OK: 0, CheckVerdict.WARNING: 1, CheckVerdict.FAILED: 2}
_LABELS = ("check", "domain", "subject")


def families(report: Report) -> list[Metric]:
    """Checks that were not run have no sample."""
    verdicts = GaugeMetricFamily(
        "sipedge_doctor_verdict", "Federation doctor's checks: 0 ok, 1 warning, 2 failed", labels=_LABELS
    )
    days = GaugeMetricFamily(
        "sipedge_doctor_days_left", "Days until what the check foresees (expiry, loss of clientAuth)", labels=_LABELS
    )
    for result in report.results:
        labels = (result.id, result.domain, result.subject)
        if result.verdict in _VALUES:
            verdicts.add_metric(labels, _VALUES[result.verdict])
        if result.days is not None:
            days.add_metric(labels, result.days)
    seconds = GaugeMetricFamily("sipedge_doctor_seconds", "How long the last examination took", value=report.seconds)
    return [verdicts, days, seconds]
