"""What the C side is compiled from, and the digest that ties what was compiled to it. setup.py asks here, too."""

from __future__ import annotations

import hashlib
from pathlib import Path

HERE = Path(__file__).parent
COMPILED = tuple(sorted(HERE.glob("*.c")))
READ = (HERE.parent / "declarations.h", *sorted(HERE.glob("*.h")))
"""Declarations that the compiler reads."""


def digest(declarations: str) -> str:
    """Of everything that decides what is compiled; ``declarations``: the text of declarations.h."""
    files = (*COMPILED, *READ[1:])
    text = "\0".join([declarations, *(f"{path.name}\0{path.read_text('ascii')}" for path in files)])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
