from __future__ import annotations

import pytest
from support.decisions import record

from sipedge.console.shown.alike import alike


def test_what_is_like_a_decision_has_its_domains_rule_and_answer() -> None:
    assert alike(record(1, "bob@example.com")) == {
        "destination": "@example.com",
        "sender": "@far.example",
        "rule": "imp",
        "status": "200",
    }


def test_what_a_decision_has_not_is_not_demanded() -> None:
    found = alike(record(1, "+49 30 1234", status=0, lines=(b"From: <tel:+49301234>;tag=1", b"", b"")))
    assert found == {"rule": "(no rule)"}


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ('"Ann @ home" <sip:ann@far.example;transport=tls>;tag=1', "@far.example"),
        ("sip:ann@far.example;tag=1", "@far.example"),
        ("<sip:ann@far.example:5061>", "@far.example"),
        ("<sip:far.example>", ""),
    ],
)
def test_the_domain_of_from_is_that_of_its_address(sender: str, domain: str) -> None:
    assert alike(record(1) | {"from": sender}).get("sender", "") == domain
