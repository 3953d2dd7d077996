from __future__ import annotations

import json
import re

import pytest

from sipedge.doctor.checks.result import About, CheckVerdict, Result
from sipedge.doctor.report import Report, counted

ABOUT = About("example.com", "sip.example.com")
OK, WARNING = ABOUT.ok("tls.name", "fits"), ABOUT.warning("tls.expiry", "4 days", days=4)
FAILED = ABOUT.failed("dns.srv-port", "port 0 | odd\nline")
SKIPPED = ABOUT.not_run("tls.revocation", "no responder")
NO_DNS = ABOUT.not_run("dns.srv", "no answer in time")


def report(*results: Result) -> Report:
    return Report(results, ("example.com",), 1.5)


@pytest.mark.parametrize(
    ("results", "verdict", "status"),
    [
        ((OK,), CheckVerdict.OK, 0),
        ((OK, SKIPPED), CheckVerdict.OK, 0),
        ((OK, WARNING), CheckVerdict.WARNING, 1),
        ((OK, WARNING, FAILED), CheckVerdict.FAILED, 2),
        ((SKIPPED,), CheckVerdict.NOT_RUN, 3),
        ((), CheckVerdict.NOT_RUN, 3),
        ((OK, NO_DNS), CheckVerdict.NOT_RUN, 3),
        ((FAILED, NO_DNS), CheckVerdict.FAILED, 2),
    ],
)
def test_verdict(results: tuple[Result, ...], verdict: CheckVerdict, status: int) -> None:
    made = report(*results)
    assert made.verdict is verdict and made.nagios()[0] == status
    assert made.good == (status < 2)


def test_nagios_line() -> None:
    status, line = report(OK, WARNING, FAILED, SKIPPED).nagios()
    assert status == 2 and "\n" not in line and line.count("|") == 1
    assert line.startswith("FEDERATION CRITICAL - dns.srv-port sip.example.com: port 0 / odd line; tls.expiry")
    data = line.split(" | ")[1].split(" ")
    assert data == ["failed=1;;0", "warnings=1", "ok=1", "not_run=1", "time=1.500s", "days=4"]
    assert all(re.fullmatch(r"[a-z_]+=[0-9.]+s?(;;0)?", item) for item in data)


def test_nagios_line_names_only_the_first_faults() -> None:
    _, line = report(*[FAILED] * 5).nagios()
    assert "and 2 more" in line
    assert "1 checks ok" in report(OK).nagios()[1]


def test_json_can_be_written() -> None:
    told = json.loads(json.dumps(report(OK, FAILED).to_json()))
    assert told["verdict"] == "failed" and told["counts"] == {"failed": 1, "warning": 0, "not run": 0, "ok": 1}
    assert told["domains"] == ["example.com"] and [one["id"] for one in told["checks"]] == ["tls.name", "dns.srv-port"]


def test_counts_in_words() -> None:
    assert counted(report(OK, OK, WARNING)) == "1 warning, 2 ok"
