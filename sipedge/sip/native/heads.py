"""The C side of this room: what it is compiled from, and what it gives Python."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

from sipedge.native import library

HERE = Path(__file__).parent
MODULE = "sipedge.sip.native._heads"
"""Written out where it is imported, too: what follows imports (tools/affected.py) reads no variables."""
COMPILED = tuple(sorted(HERE.glob("*.c")))
READ = tuple(sorted(HERE.glob("*.h")))
"""Declarations that the compiler reads."""


class Heads(Protocol):
    """module.c."""

    def begin(self, message: type[Any], shared: dict[bytes, Any], /) -> None: ...
    def read(
        self,
        buffer: bytearray,
        start: int,
        searched: int,
        end: int,
        header_section: int,
        headers: int,
        header_line: int,
        message: int,
        /,
    ) -> Any: ...


def digest() -> str:
    return library.digest((*COMPILED, *READ))


def _compiled() -> ModuleType:
    return importlib.import_module("sipedge.sip.native._heads")


def load() -> Heads:
    """Raises library.Unusable."""
    return cast(Heads, library.load(_compiled, digest()))
