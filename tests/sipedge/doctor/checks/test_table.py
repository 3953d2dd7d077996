from __future__ import annotations

import re

import pytest
from support.paths import ROOT

from sipedge.doctor.checks.check import Check, Symptom
from sipedge.doctor.checks.table import CHECKS, ids, to_markdown
from sipedge.doctor.explain import codes

DOCUMENT = ROOT / "docs/doctor.md"


def test_document_has_the_table() -> None:
    assert to_markdown() in DOCUMENT.read_text(), "print it with: python -m sipedge.doctor.checks.table"


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_every_check_says_what_it_wants_and_how_to_mend_it(check: Check) -> None:
    assert check.demand and check.mend.endswith(".") and check.symptom.effect
    assert check.group in ("dns", "tls", "sip", "xmpp", "web")
    assert re.fullmatch(r"(dns|tls|own|sip|xmpp|web)\.[a-z0-9-]+", check.id)


def test_numbers_of_the_issue_are_there() -> None:
    numbers = {check.symptom.diagnostics for check in CHECKS.values()} | codes.MEANINGS.keys()
    assert {1008, 1009, 1010, 1014, 1017, 1027, 1034} <= numbers
    logs = " ".join(check.symptom.log for check in CHECKS.values())
    assert "0xc3e93d6f" in logs and "0xc3e93d67" in logs


def test_ids_by_their_beginning() -> None:
    assert ids("sip.") == ("sip.negotiate", "sip.options", "sip.benotify", "sip.from", "sip.notify-return")


def test_own_certificate_is_a_part_of_tls() -> None:
    assert Check("own.x", "", Symptom(""), "").group == "tls"
