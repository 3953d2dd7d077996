from __future__ import annotations

from sipedge.doctor.checks.result import About, CheckVerdict, worst
from sipedge.doctor.checks.table import CHECKS

ABOUT = About("example.com", "sip.example.com")


def test_json_holds_cause_and_cure() -> None:
    told = ABOUT.failed("dns.srv-domain", "elsewhere").to_json()
    assert told["verdict"] == "failed" and told["domain"] == "example.com" and told["subject"] == "sip.example.com"
    assert told["group"] == "dns" and told["ms_diagnostics"] == 1009 and told["edge_log"].startswith("0xc3e93d6f")
    assert told["expected"] == CHECKS["dns.srv-domain"].demand and "such as sip.example.com;" in told["mend"]
    assert told["reason"] == "" and told["days"] is None


def test_nothing_to_mend_where_nothing_is_wrong() -> None:
    assert ABOUT.ok("dns.srv", "there").mend == ""
    skipped = ABOUT.not_run("dns.srv", "no answer")
    assert skipped.mend == "" and skipped.reason == "no answer" and skipped.seen == ""
    assert ABOUT.warning("dns.ttl", "long", "short").expected == "short"


def test_worst() -> None:
    ok, warning, failed = ABOUT.ok("dns.srv", ""), ABOUT.warning("dns.srv", ""), ABOUT.failed("dns.srv", "")
    skipped = ABOUT.not_run("dns.srv", "")
    assert worst([]) is CheckVerdict.OK
    assert worst([ok, skipped]) is CheckVerdict.NOT_RUN
    assert worst([ok, skipped, warning]) is CheckVerdict.WARNING
    assert worst([ok, failed, warning]) is CheckVerdict.FAILED


def test_several_at_once() -> None:
    assert [one.id for one in ABOUT.none_run(("dns.srv", "dns.ttl"), "why")] == ["dns.srv", "dns.ttl"]
