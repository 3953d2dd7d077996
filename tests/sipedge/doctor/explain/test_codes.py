from __future__ import annotations

from sipedge.doctor.checks.table import CHECKS
from sipedge.doctor.explain import codes


def test_checks_that_are_pointed_to_exist() -> None:
    meanings = [*codes.MEANINGS.values(), *codes.LOG_CODES.values(), *codes.STATUSES.values(), codes.BARE]
    pointed = {check for meaning in meanings for check in meaning.checks}
    pointed |= {check for _, _, checks in codes.HRESULTS.values() for check in checks}
    assert pointed <= CHECKS.keys()


def test_hresults_are_those_of_the_table() -> None:
    told = {check.symptom.hresult for check in CHECKS.values() if check.symptom.hresult}
    known = {f"0x{number:08x} {name}" for number, (name, _, _) in codes.HRESULTS.items()}
    assert {text.lower() for text in told} <= {text.lower() for text in known}
