"""Every row of the table, written out a second time from the Expressway's documentation and compared."""

from __future__ import annotations

from itertools import product

import pytest

from zones.authentication import TABLE, Authentication, Identity, authenticate
from zones.zone import AuthenticationPolicy

POLICIES = {
    "check": AuthenticationPolicy.CHECK,
    "nocheck": AuthenticationPolicy.DO_NOT_CHECK,
    "treat": AuthenticationPolicy.TREAT_AS_AUTHENTICATED,
}

# policy trust domain identity -> authenticated, what becomes of the identity, challenge
ROWS = """
check   off local absent   yes insert challenge
check   off local present  yes insert challenge
check   off other absent   no  remove -
check   off other present  no  remove -
check   on  local absent   yes insert challenge
check   on  local present  yes keep   -
check   on  other absent   no  keep   -
check   on  other present  yes keep   -
nocheck off local absent   no  remove -
nocheck off local present  no  remove -
nocheck off other absent   no  remove -
nocheck off other present  no  remove -
nocheck on  local absent   no  keep   -
nocheck on  local present  yes keep   -
nocheck on  other absent   no  keep   -
nocheck on  other present  yes keep   -
treat   off local absent   yes insert -
treat   off local present  yes insert -
treat   off other absent   no  remove -
treat   off other present  no  remove -
treat   on  local absent   yes insert -
treat   on  local present  yes keep   -
treat   on  other absent   no  keep   -
treat   on  other present  yes keep   -
"""


@pytest.mark.parametrize("row", ROWS.strip().splitlines())
def test_row(row: str) -> None:
    policy, trust, domain, asserted, authenticated, identity, challenge = row.split()
    verdict = authenticate(
        POLICIES[policy], trust=trust == "on", local=domain == "local", asserted=asserted == "present"
    )
    assert verdict == Authentication(authenticated == "yes", Identity(identity), challenge == "challenge")


def test_no_row_is_missing() -> None:
    assert set(TABLE) == set(product(AuthenticationPolicy, *[(False, True)] * 3))


def test_without_trust_no_identity_of_the_peer_survives() -> None:
    for (_, trust, _, _), verdict in TABLE.items():
        assert trust or verdict.identity is not Identity.KEEP


def test_a_stranger_from_a_foreign_domain_is_never_authenticated_without_trust() -> None:
    for (_, trust, local, _), verdict in TABLE.items():
        assert trust or local or not verdict.authenticated
