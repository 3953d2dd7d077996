"""One try to log in: what binds the answer of the provider to the browser that asked for it.

The browser keeps one random key in a cookie; state, nonce and code verifier are made from it. So the console keeps
nothing of tries that nobody finishes.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass

_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Attempt:
    key: str

    @property
    def state(self) -> str:
        """Comes back in the address (RFC 6749, 10.12)."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Comes back in the ID token (OpenID Connect Core 1.0, 15.5.2)."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Shows that who has the code has asked for it (RFC 7636, 4.1)."""
        return self._derived("verifier")

    def _derived(self, purpose: str) -> str:
        return _encoded(hashlib.sha256(f"{purpose} {self.key}".encode()).digest())


def new_attempt() -> Attempt:
    return Attempt(secrets.token_urlsafe(32))


def attempt_of(key: str) -> Attempt | None:
    """Of what a cookie says; None for what no cookie of ours has."""
    return Attempt(key) if _KEY.fullmatch(key) else None


def challenge(verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    return _encoded(hashlib.sha256(verifier.encode("ascii")).digest())


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
