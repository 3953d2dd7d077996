"""An ID token checked (OpenID Connect Core 1.0, 3.1.3.7), and the person that it tells of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from sipedge.accounts.roles import Role, role_named
from sipedge.oidc_settings import OidcSettings

from .errors import NotLetIn

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures of a key that only the provider has: neither ``none`` nor those of a shared secret."""
KINDS = ("RSA", "EC", "OKP")
LEEWAY = 60.0
"""Seconds by which two clocks may differ."""
LONGEST = 255
"""Characters of ``sub`` (OpenID Connect Core 1.0, 2)."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Person:
    subject: str
    """What the provider never gives to somebody else (``sub``)."""
    name: str
    role: Role | None
    """None where the provider gives him none that counts here."""


def claims_of(token: str, keys: Mapping[str, Any], settings: OidcSettings, nonce: str, now: float) -> dict[str, Any]:
    """``keys``: what stands at the provider's ``jwks_uri``; ``now``: seconds since 1970. Raises NotLetIn."""
    try:
        claims = jwt.decode(token, _usable(keys), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotLetIn(f"the ID token is not signed as it has to be: {error}") from None
    _check_parties(claims, settings)
    _check_times(claims, now)
    if claims.get("nonce") != nonce:
        raise NotLetIn("the ID token was made for another log-in (nonce)")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST:
        raise NotLetIn('the ID token names nobody ("sub")')
    return claims


def person_of(claims: Mapping[str, Any], settings: OidcSettings) -> Person:
    """``claims``: checked ones."""
    subject = str(claims["sub"])
    return Person(subject, _name(claims.get(settings.name_claim), subject), role_of(claims, settings))


def role_of(claims: Mapping[str, Any], settings: OidcSettings) -> Role | None:
    """The highest that one of the claim's values stands for."""
    held = claims.get(settings.claim)
    values = [held] if isinstance(held, str) else held if isinstance(held, list) else []
    roles = [role_named(settings.roles[each]) for each in values if isinstance(each, str) and each in settings.roles]
    return max(roles, default=None)


def _usable(keys: Mapping[str, Any]) -> KeySet:
    """Those for signatures; a set may have others, too. Raises ValueError, JoseError."""
    given = keys.get("keys")
    found = [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    wanted = [each for each in found if each.get("kty") in KINDS and each.get("use", "sig") == "sig"]
    if not wanted:
        raise ValueError("the provider shows no key for signatures")
    return KeySet.import_key_set({"keys": wanted})


def _check_parties(claims: Mapping[str, Any], settings: OidcSettings) -> None:
    if claims.get("iss") != settings.issuer:
        raise NotLetIn("the ID token is of another issuer (iss)")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if settings.client_id not in audiences:
        raise NotLetIn("the ID token is for somebody else (aud)")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != settings.client_id:
        raise NotLetIn("the ID token was given to somebody else (azp)")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    ends, begins, made = (_time(claims.get(name)) for name in ("exp", "nbf", "iat"))
    if ends is None or made is None:
        raise NotLetIn("the ID token has no time (exp, iat)")
    if ends < now - LEEWAY:
        raise NotLetIn("the ID token has ended (exp); do the clocks of provider and console agree?")
    if max(made, begins or made) > now + LEEWAY:
        raise NotLetIn("the ID token is of the future (iat, nbf); do the clocks of provider and console agree?")


def _time(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _name(wanted: object, subject: str) -> str:
    """As people are called here; what cannot be such a name is not: the subject is, or a digest of it."""
    for each in (wanted, subject):
        if isinstance(each, str) and _NAME.fullmatch(each):
            return each
    return hashlib.sha256(subject.encode("utf-8", "replace")).hexdigest()[:16]
