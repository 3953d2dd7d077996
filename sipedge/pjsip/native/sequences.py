"""The C side of this room: what it is compiled from, and what it gives Python."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

from sipedge.native import library

HERE = Path(__file__).parent
MODULE = "sipedge.pjsip.native._sequences"
"""Written out where it is imported, too: what follows imports (tools/affected.py) reads no variables."""
COMPILED = tuple(sorted(HERE.glob("*.c")))
READ = (HERE.parent / "declarations.h", *sorted(HERE.glob("*.h")))
"""Declarations that the compiler reads."""


class Sequences(Protocol):
    """module.c. Handles, sources and the setup are addresses; all raise the error that ``begin`` was given."""

    def begin(self, setup: int, error: type[Exception], /) -> tuple[int, int]: ...
    def request(self, source: int, lines: list[bytes], numbers: list[int], start: bytes, method: str, /) -> int: ...
    def key(self) -> bytes: ...
    def response(
        self, source: int, lines: list[bytes], numbers: list[int], start: bytes, /
    ) -> int | tuple[str, str]: ...
    def open(self, is_invite: bool, /) -> int: ...
    def distribute(self) -> bool: ...
    def deliver(self, handle: int, is_final: bool, /) -> None: ...
    def forward(self, method: bytes, branch: bytes, target: int, /) -> int | None: ...
    def respond(self, handle: int, is_final: bool, data: bytes, /) -> None: ...
    def accept(self, handle: int, status: int, /) -> None: ...
    def end(self, handle: int, /) -> None: ...
    def poll(self) -> tuple[int, int]: ...
    def table(self) -> int: ...


def digest(declarations: str) -> str:
    """``declarations``: the text of pjsip's that the Python side goes by."""
    return library.digest((*COMPILED, *READ[1:]), declarations)


def _compiled() -> ModuleType:
    return importlib.import_module("sipedge.pjsip.native._sequences")


def load(declarations: str) -> Sequences:
    """Raises library.Unusable."""
    return cast(Sequences, library.load(_compiled, digest(declarations)))
