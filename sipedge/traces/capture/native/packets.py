"""The C side of this room: what it is compiled from, and what it gives Python."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from sipedge.native import library

HERE = Path(__file__).parent
MODULE = "sipedge.traces.capture.native._packets"
"""Written out where it is imported, too: what follows imports (tools/affected.py) reads no variables."""
COMPILED = tuple(sorted(HERE.glob("*.c")))
READ = tuple(sorted(HERE.glob("*.h")))
"""Declarations that the compiler reads."""

Segment = tuple[bytes, bytes, int, int, float, int, int, int, int]
"""Both addresses and both ports; payload; FIN, SYN and RST; sequence number; time; position of the packet in the file;
length of the message in the usual form that begins the payload, 0 where none does; how much of the payload is in this
packet; position of the packet that the rest of it is in. There is a rest only where both together are one message."""


class Packets(Protocol):
    """module.c."""

    def segments(
        self,
        data: bytes,
        position: int,
        base: int,
        last: int,
        big: bool,
        unit: float,
        low: int,
        high: int,
        due: float,
        most: int,
        /,
    ) -> tuple[list[Segment], int, int]: ...


def digest() -> str:
    return library.digest((*COMPILED, *READ))


def _compiled() -> ModuleType:
    return importlib.import_module("sipedge.traces.capture.native._packets")


def load() -> Packets:
    """Raises library.Unusable."""
    return cast(Packets, library.load(_compiled, digest()))
