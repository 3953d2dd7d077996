"""ID tokens, good and forged."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from sipedge.accounts.roles import Role
from sipedge.oidc.claims import claims_of, person_of
from sipedge.oidc.errors import NotLetIn
from sipedge.oidc_settings import OidcSettings

ISSUER, NOW, NONCE = "https://id.example.com", 1_800_000_000, "of this try"
SETTINGS = OidcSettings(ISSUER, "sipedge", {"admins": "admin", "noc": "operator", "eyes": "auditor"})
KEY = ECKey.generate_key("P-256", {"kid": "1"})
OTHER = ECKey.generate_key("P-256", {"kid": "1"})
KEYS: dict[str, Any] = {"keys": [{**KEY.as_dict(private=False), "use": "sig"}]}
GOOD = {
    "iss": ISSUER,
    "sub": "1001",
    "aud": "sipedge",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": NONCE,
    "preferred_username": "alice",
    "groups": ["staff", "noc", "admins"],
}


def _token(key: Any = KEY, alg: str = "ES256", kid: str = "1", **other: Any) -> str:
    """None: without that claim."""
    claims = {name: value for name, value in {**GOOD, **other}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid}, claims, key, algorithms=[alg])


def _checked(token: str, keys: dict[str, Any] = KEYS) -> dict[str, Any]:
    return claims_of(token, keys, SETTINGS, NONCE, NOW)


def test_a_good_token_tells_who_somebody_is_and_his_highest_role() -> None:
    person = person_of(_checked(_token()), SETTINGS)
    assert (person.subject, person.name, person.role) == ("1001", "alice", Role.ADMIN)
    both = _token(aud=["other", "sipedge"], azp="sipedge", exp=NOW - 30, iat=NOW + 30)
    assert _checked(both)["sub"] == "1001", "two clocks may differ a little"


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": ISSUER + "/"}, "another issuer"),
        ({"aud": "somebody-else"}, "for somebody else"),
        ({"aud": ["sipedge", "other"]}, r"given to somebody else \(azp\)"),
        ({"azp": "other"}, r"given to somebody else \(azp\)"),
        ({"aud": None}, "for somebody else"),
        ({"exp": NOW - 61}, "has ended"),
        ({"exp": None}, "no time"),
        ({"exp": "tomorrow"}, "no time"),
        ({"iat": None}, "no time"),
        ({"iat": NOW + 61}, "of the future"),
        ({"nbf": NOW + 61}, "of the future"),
        ({"nonce": "of another try"}, "another log-in"),
        ({"nonce": None}, "another log-in"),
        ({"sub": None}, "names nobody"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"sub": 7}, "names nobody|not signed"),
    ],
)
def test_a_token_about_something_else_is_refused(claims: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NotLetIn, match=sentence):
        _checked(_token(**claims))


def _unsigned() -> str:
    head, body, _ = _token().split(".")
    return f"eyJhbGciOiJub25lIn0.{body}."


def _changed() -> str:
    head, body, signature = _token().split(".")
    return f"{head}.{_token(sub='1002').split('.')[1]}.{signature}"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_forged_token_is_refused() -> None:
    forged = [_unsigned(), _changed(), _token(OTHER), _token(kid="2"), "", "a.b.c", "a.b.c.d.e", "\ud800"]
    secret = OctKey.generate_key(256)
    for token in (*forged, _token(secret, "HS256")):
        with pytest.raises(NotLetIn, match="not signed as it has to be"):
            _checked(token)
    with pytest.raises(NotLetIn, match="not signed"):
        _checked(_token(secret, "HS256"), {"keys": [secret.as_dict()]})


@pytest.mark.parametrize("keys", [{}, {"keys": "x"}, {"keys": [1]}, {"keys": [{"kty": "oct", "k": "AAAA"}]}])
def test_a_provider_without_keys_lets_nobody_in(keys: dict[str, Any]) -> None:
    with pytest.raises(NotLetIn, match="no key for signatures"):
        _checked(_token(), keys)


def test_a_key_for_something_else_or_of_a_kind_that_nobody_knows_is_passed_over() -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "2"})
    new = {"kty": "AKP", "kid": "3", "alg": "ML-DSA-44", "pub": "AAAA"}
    encryption = {**OTHER.as_dict(private=False), "use": "enc"}
    keys = {"keys": [encryption, new, *KEYS["keys"], *KeySet([rsa]).as_dict(private=False)["keys"]]}
    assert _checked(_token(), keys)["sub"] == _checked(_token(rsa, "PS256", "2"), keys)["sub"]


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ("noc", Role.OPERATOR),
        (["eyes"], Role.AUDITOR),
        (["Admins", "admins "], None),
        ([], None),
        (None, None),
        ([["admins"], 3, {"admins": 1}], None),
        ({"admins": True}, None),
        (True, None),
    ],
)
def test_only_a_value_in_the_table_gives_a_role(groups: object, role: Role | None) -> None:
    assert person_of({"sub": "1", "groups": groups}, SETTINGS).role is role


@pytest.mark.parametrize("name", [None, "", "<script>", "a" * 65, "oidc:x", 7, "a\u202eb"])
def test_a_name_that_no_account_may_have_becomes_the_subject_or_its_digest(name: object) -> None:
    assert person_of({"sub": "1001", "preferred_username": name}, SETTINGS).name == "1001"
    digest = hashlib.sha256(b"<b>").hexdigest()
    assert person_of({"sub": "<b>", "preferred_username": name}, SETTINGS).name == digest[:16]
