from __future__ import annotations

from sipedge.doctor.checks.result import About
from sipedge.doctor.metrics import families
from sipedge.doctor.report import Report


def test_samples() -> None:
    about = About("example.com", "192.0.2.1:5061")
    results = (
        about.ok("tls.name", "fits"),
        about.warning("tls.expiry", "soon", days=4),
        about.failed("tls.trusted", "no"),
        about.not_run("tls.revocation", "why"),
    )
    samples = {
        (sample.name, sample.labels.get("check", "")): sample.value
        for family in families(Report(results, ("example.com",), 2.5))
        for sample in family.samples
    }
    assert samples == {
        ("sipedge_doctor_verdict", "tls.name"): 0,
        ("sipedge_doctor_verdict", "tls.expiry"): 1,
        ("sipedge_doctor_verdict", "tls.trusted"): 2,
        ("sipedge_doctor_days_left", "tls.expiry"): 4,
        ("sipedge_doctor_seconds", ""): 2.5,
    }
