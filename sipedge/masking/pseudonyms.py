"""Pseudonyms: the same name has the same one under one key, and who has the key finds the name by it.

A synthetic IV (the idea of RFC 5297): a keyed hash of the name, which is shown, and which also makes the stream that
hides the name. So nothing has to be kept for the way back, and a filter by a pseudonym costs what one by a name costs.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import count

MARK = "~"
"""How each begins."""
KEY = 32
"""Bytes."""
_TAG = 6
"""Bytes of the hash: of a million names, one in 600 consoles has two with the same one."""
_STEP, _FIRST = 21, 18
"""Bytes of names are filled up, so that a length tells little: most have 17 at most."""
_READY = 50_000
_WORDS = re.compile(rf"{MARK}([A-Za-z0-9_-]{{32,}})")


class Pseudonyms:
    """Of one console."""

    def __init__(self, key: bytes) -> None:
        """``key``: KEY bytes. Raises ValueError."""
        if len(key) != KEY:
            raise ValueError(f"the key of pseudonyms has {KEY} bytes, not {len(key)}")
        self._key = key
        self.of = lru_cache(_READY)(self._of)

    def _of(self, name: str) -> str:
        """``~`` and 32 characters; more for a name of more than 17 bytes."""
        raw = name.encode("utf-8", "surrogatepass")
        tag = self._tag(raw)
        return MARK + _text(tag + self._hidden(tag, _filled(raw)))

    def name(self, pseudonym: str) -> str | None:
        """None for what is no pseudonym of this console."""
        found = _WORDS.fullmatch(pseudonym)
        if found is None or len(found[1]) % 4:
            return None
        data = urlsafe_b64decode(found[1])
        tag, raw = data[:_TAG], _unfilled(self._hidden(data[:_TAG], data[_TAG:]))
        return raw.decode("utf-8", "surrogatepass") if self._tag(raw) == tag else None

    def mark(self, text: str) -> str:
        """``~`` and 12 characters, by which equal texts are known; no way leads back."""
        raw = text.encode("utf-8", "surrogatepass")
        return MARK + _text(blake2b(raw, digest_size=9, key=self._key, person=b"mark").digest())

    def _tag(self, raw: bytes) -> bytes:
        return blake2b(raw, digest_size=_TAG, key=self._key, person=b"tag").digest()

    def _hidden(self, tag: bytes, data: bytes) -> bytes:
        return bytes(one ^ other for one, other in zip(data, self._stream(tag), strict=False))

    def _stream(self, tag: bytes) -> Iterator[int]:
        for number in count():
            yield from blake2b(tag, key=self._key, person=b"stream", salt=number.to_bytes(16)).digest()


def _filled(raw: bytes) -> bytes:
    whole = _FIRST
    while whole <= len(raw):
        whole += _STEP
    return raw + b"\x80" + bytes(whole - len(raw) - 1)


def _unfilled(data: bytes) -> bytes:
    return data.rstrip(b"\0").removesuffix(b"\x80")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()
