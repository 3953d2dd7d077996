"""Passwords as they are kept: scrypt (RFC 7914), never the password itself."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache

COST, BLOCK, PARALLEL = 1 << 14, 8, 1
"""16 MiB and about 0.1 s of a core for each try."""
SALT = 16
LENGTH = 32
"""Bytes, both."""
SHORTEST = 12
"""Characters of a new password (NIST SP 800-63B asks for 8, and for 15 where nothing else is asked)."""
LONGEST = 1024


class PasswordError(ValueError):
    """A password that no account may have; one sentence."""


def hashed(password: str) -> str:
    """For ``fits``. Raises PasswordError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordError(f"a password has {SHORTEST} to {LONGEST} characters")
    salt = secrets.token_bytes(SALT)
    return _kept(salt, _digest(password, salt, COST, BLOCK, PARALLEL))


def fits(password: str, kept: str) -> bool:
    """``kept``: of ``hashed``. It takes as long for a wrong password as for a right one."""
    _, cost, block, parallel, salt, digest = kept.split("$")
    tried = _digest(password[:LONGEST], bytes.fromhex(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(tried, bytes.fromhex(digest))


def _digest(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    raw = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=salt, n=cost, r=block, p=parallel, maxmem=64 << 20, dklen=LENGTH)


@cache
def nobody() -> str:
    """What the password of an account that is not there is compared with, so that its absence takes as long, the first
    time too: no password is known that fits."""
    return _kept(secrets.token_bytes(SALT), secrets.token_bytes(LENGTH))


def _kept(salt: bytes, digest: bytes) -> str:
    return f"scrypt${COST}${BLOCK}${PARALLEL}${salt.hex()}${digest.hex()}"
