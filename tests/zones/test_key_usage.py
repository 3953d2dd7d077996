from __future__ import annotations

from itertools import product

import pytest

from zones.key_usage import ANY_USAGE, CLIENT_AUTH, SERVER_AUTH, SIP_DOMAIN, UsageOutcome, check_usage
from zones.zone import ExtendedKeyUsage

MISSING = {
    ExtendedKeyUsage.STRICT: UsageOutcome.REFUSED,
    ExtendedKeyUsage.WARN: UsageOutcome.WARNING,
    ExtendedKeyUsage.OFF: UsageOutcome.OK,
}


@pytest.mark.parametrize(("policy", "inbound"), list(product(ExtendedKeyUsage, (True, False))))
def test_every_policy_and_role(policy: ExtendedKeyUsage, inbound: bool) -> None:
    right, wrong = (CLIENT_AUTH, SERVER_AUTH) if inbound else (SERVER_AUTH, CLIENT_AUTH)
    for good in (None, {right}, {right, wrong}, {ANY_USAGE}, {SIP_DOMAIN}):
        presented = None if good is None else frozenset(good)
        assert check_usage(policy, inbound=inbound, presented=presented).outcome is UsageOutcome.OK
    for bad in ({wrong}, {"1.3.6.1.5.5.7.3.4"}, set[str]()):
        assert check_usage(policy, inbound=inbound, presented=frozenset(bad)).outcome is MISSING[policy]


def test_the_sentence_names_the_usage_that_is_missing() -> None:
    usage = check_usage(ExtendedKeyUsage.STRICT, inbound=True, presented=frozenset({SERVER_AUTH}))
    assert usage.text == "the peer's certificate is not meant for clientAuth"
    usage = check_usage(ExtendedKeyUsage.WARN, inbound=False, presented=frozenset({CLIENT_AUTH}))
    assert usage.text == "the peer's certificate is not meant for serverAuth"
