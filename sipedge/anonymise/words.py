"""Words -> pseudonyms of the same length and shape, the same everywhere: the one substitution under all others.

A word is a run of letters and digits. Vowels become vowels, consonants consonants, digits digits, hexadecimal stays
hexadecimal, capitals stay capitals and a leading zero stays one, so that patterns which look at shapes see the same
shape. Two words never get one pseudonym, as far as there are enough of that shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

_VOWELS, _CONSONANTS, _DIGITS, _HEX = "aeiou", "bcdfghjklmnpqrstvwxyz", "0123456789", "abcdef"
_CLASS = {**dict.fromkeys(_VOWELS, _VOWELS), **dict.fromkeys(_CONSONANTS, _CONSONANTS)}
_SMALL = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
"""ASCII only: small forms of other letters may be longer."""
_LONG = 8
"""Words of letters and digits from this length on do not meet by chance; no list of them is kept."""
MAX_REMEMBERED = 1_000_000
MAX_DRAWS = 64
_FILLER = {1: "?", 2: "ø", 3: "語", 4: "\N{GRINNING FACE}"}
"""For what is not ASCII, by its length in UTF-8."""


class Words:
    """``key`` makes the pseudonyms: the same one gives the same ones."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._made: dict[str, str] = {}
        self._taken: dict[str, str] = {}
        """Pseudonym -> its word."""
        self._draws: dict[str, int] = {}
        self._prefixes: dict[str, int] = {}

    def __call__(self, word: str) -> str:
        """``word``: letters and digits in any script."""
        low = word.translate(_SMALL)
        kept = self._prefixes.get(low, 0)
        if kept >= len(low):
            return word
        made = self._made.get(low)
        if made is None:
            made = self._make(low)
        return _as_written(word, low[:kept] + made[kept:])

    def keep(self, word: str, prefix: int | None = None) -> bool:
        """Leave a word, or its first characters, as they are from now on; whether that changes anything."""
        low = word.translate(_SMALL)
        length = len(low) if prefix is None else min(prefix, len(low))
        if self._prefixes.get(low, 0) >= length:
            return False
        self._prefixes[low] = length
        if length == len(low) and self._taken.setdefault(low, low) != low:
            self.draw_again(self._taken[low])
            self._taken[low] = low
        return True

    def draw_again(self, word: str) -> bool:
        """Another pseudonym for a word from now on; False when it had many already."""
        low = word.translate(_SMALL)
        draws = self._draws.get(low, 0) + 1
        if draws > MAX_DRAWS:
            return False
        self._draws[low] = draws
        self._taken.pop(self._made.pop(low, ""), None)
        return True

    def snapshot(self) -> dict[str, int]:
        """The kept prefixes, for ``restore``."""
        return dict(self._prefixes)

    def restore(self, kept: dict[str, int]) -> None:
        self._prefixes = kept

    @property
    def kept(self) -> int:
        """Number of the words that are left as they are, or in part."""
        return len(self._prefixes)

    def _make(self, low: str) -> str:
        first = self._draws.get(low, 0)
        made = _draw(self._key, low, first)
        if len(low) >= _LONG and not low.isalpha() and not low.isdigit() and not first:
            return made
        for number in range(first + 1, first + 20 * MAX_DRAWS):
            if made not in self._taken and made != low:
                break
            made = _draw(self._key, low, number * 65_537)
        if made in self._taken and set(low) <= set(_DIGITS):
            made = next((number for number in _numbers_like(low) if number not in self._taken), made)
        if len(self._made) < MAX_REMEMBERED:
            self._made[low] = made
            self._taken[made] = low
        return made


def _draw(key: bytes, low: str, number: int) -> str:
    seed = blake2b(low.encode("utf-8", "surrogateescape"), key=key, salt=number.to_bytes(8, "big")).digest()
    while len(seed) < len(low):
        seed += blake2b(seed[-64:], key=key).digest()
    alphabet_of_letters = _HEX if _is_hexadecimal(low) else ""
    made = []
    for position, (character, value) in enumerate(zip(low, seed, strict=False)):
        if character in _DIGITS:
            leading = position == 0 or low[:position].strip("0") == ""
            made.append(
                character if leading and character == "0" else _DIGITS[value % 9 + 1 if leading else value % 10]
            )
        elif character in _CLASS:
            letters = alphabet_of_letters or _CLASS[character]
            made.append(letters[value % len(letters)])
        else:
            made.append(_filler(character))
    return "".join(made)


def _numbers_like(low: str) -> Iterator[str]:
    """All numbers of the same length with as many leading zeros; a few are enough of the long ones."""
    zeros = len(low) - len(low.lstrip("0"))
    length = len(low) - zeros
    first = 10 ** (length - 1) if length else 0
    return (f"{'0' * zeros}{number}" for number in range(first, min(10 * first, first + 100_000)))


def _is_hexadecimal(low: str) -> bool:
    return len(low) >= 4 and not low.isdigit() and not set(low).isdisjoint(_DIGITS) and set(low) <= set(_DIGITS + _HEX)


def _filler(character: str) -> str:
    """Of the same length in UTF-8; a byte that is no UTF-8 is one byte."""
    return _FILLER[len(character.encode("utf-8", "surrogateescape"))]


def _as_written(word: str, low: str) -> str:
    """Capitals where the word had them."""
    if word.islower() or word.isdigit():
        return low
    return "".join(new.upper() if old.isupper() and new.isascii() else new for old, new in zip(word, low, strict=True))
