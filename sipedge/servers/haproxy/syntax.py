"""Words, lines and sections of a HAProxy configuration.

After section 2 of HAProxy's Configuration Manual: words are parted by blanks, nothing is special between single quotes,
and a line ends at its newline whatever is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9_.:/,@%+=(){}<>!*\[\]^|?&;~-]+")


def word(text: str) -> str:
    """One word of a line, quoted where it has to be. Raises ValueError when no line can hold it."""
    if not text.isprintable():
        raise ValueError(f"a HAProxy configuration cannot hold {text!r}")
    return text if _PLAIN.fullmatch(text) else "'" + text.replace("'", "'\\''") + "'"


def line(*words: str) -> str:
    """A line of a section."""
    return "  " + " ".join(map(word, words)) + "\n"


def section(head: str, lines: Iterable[str]) -> str:
    """``head``: its kind and name, ``frontend outside``; ``lines``: as ``line`` makes them."""
    return " ".join(map(word, head.split(" "))) + "\n" + "".join(lines)
