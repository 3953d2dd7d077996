"""Whether there is a C side that may be used: compiled from these very sources, and not switched off."""

from __future__ import annotations

import importlib
import os
from typing import Protocol

from . import sources

SWITCH = "SIPEDGE_NATIVE"
"""The environment variable that switches it off with 0."""


class Sequences(Protocol):
    """module.c. Handles, sources and the setup are addresses; all raise the error that ``begin`` was given."""

    def begin(self, setup: int, error: type[Exception], /) -> tuple[int, int]: ...
    def request(self, source: int, lines: list[bytes], numbers: list[int], start: bytes, method: str, /) -> int: ...
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


class Unusable(Exception):
    """One clause: why it cannot be used."""


def load(declarations: str) -> Sequences:
    """The compiled module. ``declarations``: the text of pjsip's that the Python side goes by. Raises Unusable."""
    if os.environ.get(SWITCH) == "0":
        raise Unusable(f"{SWITCH} is 0")
    try:
        module = importlib.import_module("._sequences", __package__)
    except ImportError as error:
        raise Unusable(f"it was not compiled ({error})") from None
    if module.SOURCES != sources.digest(declarations):
        raise Unusable(f"{module.__file__} was compiled from other sources")
    return module
