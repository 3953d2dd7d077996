"""Texts that only this edge, and edges with the same secret, can make and read (AES-SIV, RFC 5297).

SIV is deterministic: the same text becomes the same token, so a Call-ID stays one Call-ID through a dialog, and nothing
has to be remembered. Each token begins with a byte that names its key, so those of a former secret are still read.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from enum import Enum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .handles import Handles

KEY_BYTES = 64
"""AES-256 twice: SIV takes one half to authenticate and one to encrypt."""
TAG_BYTES = 16
KEY_ID_BYTES = 1


class Kind(Enum):
    """What a token stands for; one kind is never read as another."""

    CONTACT = b"contact"
    ROUTES = b"routes"
    CALL_ID = b"call-id"


class Seals:
    """The keys, by the byte that names them."""

    def __init__(self, secret: bytes, former: Iterable[bytes] = (), handles: Handles | None = None) -> None:
        """``former``: secrets of which tokens are still read. Of two with the same name the newer one counts.

        ``handles``: where tokens are kept that are too long for a peer; None: nowhere.
        """
        self._handles = Handles() if handles is None else handles
        self._keys: dict[bytes, AESSIV] = {}
        for item in (*former, secret):
            material = HKDF(SHA256(), KEY_BYTES + KEY_ID_BYTES, salt=None, info=b"sipedge topology 1").derive(item)
            self._newest = material[KEY_BYTES:]
            self._keys[self._newest] = AESSIV(material[:KEY_BYTES])

    def seal(self, kind: Kind, context: str, text: str, longest: int = 0) -> str:
        """``context``: what the token is bound to, and has to be opened with. Gives base64url, or '' for ''.

        ``longest``: characters that a peer takes, 0 for any number; beyond it a handle is given.
        """
        if not text:
            return ""
        data = self._keys[self._newest].encrypt(_bytes(text), [kind.value, _bytes(context)])
        token = base64.urlsafe_b64encode(self._newest + data).rstrip(b"=").decode()
        return self._handles.shortened(token, longest)

    def open(self, kind: Kind, context: str, token: str) -> str | None:
        """None for what no key of this edge sealed as this kind and with this context."""
        token = self._handles.whole(token)
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except ValueError:
            return None
        key = self._keys.get(raw[:KEY_ID_BYTES])
        if key is None or len(raw) <= KEY_ID_BYTES + TAG_BYTES or not _is_canonical(token, raw):
            return None
        try:
            data = key.decrypt(raw[KEY_ID_BYTES:], [kind.value, _bytes(context)])
        except InvalidTag:
            return None
        return data.decode("utf-8", "surrogateescape")


def _is_canonical(token: str, raw: bytes) -> bool:
    """Base64 has spare bits: of the spellings of the same bytes only the one that ``seal`` writes counts."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == token


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
