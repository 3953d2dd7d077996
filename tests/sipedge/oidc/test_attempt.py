from __future__ import annotations

import pytest

from sipedge.oidc.attempt import attempt_of, challenge, new_attempt


def test_the_challenge_is_that_of_rfc_7636_appendix_b() -> None:
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_each_attempt_has_values_of_its_own_that_its_key_brings_back() -> None:
    one, other = new_attempt(), new_attempt()
    values = [getattr(each, name) for each in (one, other) for name in ("state", "nonce", "verifier")]
    assert len(set(values)) == 6 and one.key not in values and all(len(value) == 43 for value in values)
    assert attempt_of(one.key) == one


@pytest.mark.parametrize("key", ["", "x" * 42, "x" * 44, "x" * 42 + "\n", "\u00e4" * 43])
def test_what_no_cookie_of_ours_has_is_no_attempt(key: str) -> None:
    assert attempt_of(key) is None
