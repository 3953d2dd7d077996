"""The C side of this room: what it is compiled from, and what it gives Python. There is no other side: without it the
core takes every request."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from mmap import mmap
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

from sipedge.native import library

HERE = Path(__file__).parent
ROOMS = HERE.parents[1]
MODULE = "sipedge.remembered.native._ways"
"""Written out where it is imported, too: what follows imports (tools/affected.py) reads no variables."""
COMPILED = (*sorted(HERE.glob("*.c")), ROOMS / "sip/native/head.c")
READ = (
    *sorted(HERE.glob("*.h")),
    ROOMS / "sip/native/head.h",
    ROOMS / "pjsip/declarations.h",
    ROOMS / "pjsip/native/setup.h",
    ROOMS / "pjsip/native/sequences.h",
)
"""Declarations that the compiler reads."""

Outputs = list[tuple[int, list[bytes], int, int]]
"""Connection, messages, how many of them are requests and responses."""
Passed = list[tuple[int, list[bytes]]]
"""Worker, and the responses to requests of his."""
Records = list[list[Any]]
"""See record.py."""
Texts = tuple[
    Callable[[list[Any]], bytes],
    Callable[[Any], bytes],
    Callable[[Any], bytes],
    Callable[[list[Any], int], bytes],
]
"""What lines.c does not write: of a way, of a hop, of a connection, and whole lines."""


class Gate(Protocol):
    """What requests of a way cross (border.h). None: this one is the core's."""

    @property
    def hides(self) -> bool: ...
    @property
    def covers(self) -> bool: ...
    def request(self, call_id: bytes, seen: bytes, /) -> tuple[bytes, tuple[bytes | None, ...]] | None: ...
    def response(self, hops: tuple[Any, ...], seen: bytes, /) -> tuple[bytes | None, ...] | None: ...


class Ways(Protocol):
    """module.c. A connection is named by its place, which ``open`` gives."""

    def begin(
        self,
        sequences: int,
        front: bytes,
        asked: Callable[[int, Any], tuple[int, tuple[Any, ...]] | None],
        most: int,
        header_section: int,
        headers: int,
        header_line: int,
        message: int,
        /,
    ) -> None: ...
    def open(self, source: int, number: int, opened: object, /) -> int: ...
    def close(self, place: int, /) -> None: ...
    def seat(self, place: int, number: int, /) -> None: ...
    def shape(
        self,
        names: bytes,
        is_response: bool,
        parsed: bytes,
        vias: bytes,
        read: bytes,
        hashed: bytes,
        from_: int,
        to: int,
        call_id: int,
        cseq: int,
        content_length: int,
        max_forwards: int,
        border: tuple[bool, int, bytes, bytes, int],
        /,
    ) -> None: ...
    def learn(
        self,
        place: int,
        head: bytes,
        target: int,
        via: bytes,
        uri: bytes,
        removed: bytes,
        hop_count: int,
        poison: bool,
        until: float,
        asks: bool,
        key: bytes,
        source: bytes,
        shown: object,
        hops: tuple[Any, ...],
        gate: Gate | None,
        /,
    ) -> bool: ...
    def forget(self) -> None: ...
    def take(
        self,
        place: int,
        buffer: bytearray,
        start: int,
        searched: int,
        end: int,
        room: int,
        time: float,
        clock: float,
        now: float,
        /,
    ) -> tuple[int, Outputs, Records, Records, list[bytes], Passed | None] | None: ...
    def share(self, memory: mmap | None, worker: int, /) -> None: ...
    def find(self, branch: bytes, /) -> int: ...
    def waiting(self, place: int, before: float, /) -> list[int]: ...
    def give_up(self, number: int, /) -> tuple[int, int, list[Any], bytes, bytes, float] | None: ...
    def line(self, pieces: list[Any], space: bytearray, used: int, json: Callable[[Any], str], /) -> int | None: ...
    def lines(
        self, records: Records, done: int, number: int, space: bytearray, used: int, texts: Texts, /
    ) -> tuple[int, int]: ...
    def renumber(self, lines: bytes | memoryview, higher: int, space: bytearray, /) -> int | None: ...
    def forget_lines(self) -> None: ...


def digest() -> str:
    return library.digest((*COMPILED, *READ))


def _compiled() -> ModuleType:
    return importlib.import_module("sipedge.remembered.native._ways")


def load() -> Ways:
    """Raises library.Unusable."""
    return cast(Ways, library.load(_compiled, digest()))


def perhaps() -> Ways | None:
    """None where it may not be used."""
    try:
        return load()
    except library.Unusable:
        return None
