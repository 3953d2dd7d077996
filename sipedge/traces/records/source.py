"""A trace as a stream of bytes: a file, a pipe or a gzip file; its first bytes can be looked at before it is read."""

from __future__ import annotations

import zlib
from types import TracebackType
from typing import Protocol, Self

from .record import Skipped

HEAD = 65536
"""Bytes from which a format is detected."""
_GZIP_ONLY = zlib.MAX_WBITS | 16
_GZIP = b"\x1f\x8b\x08"


class TraceError(ValueError):
    """The file cannot be opened or is in no known format; ``str()`` is one sentence for a person."""


class ByteStream(Protocol):
    """The input of a reader."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, fewer only at the end."""
        ...


class Source:
    """An opened trace. Raises TraceError when it cannot be opened; what fails later ends it with ``failure`` set.

    ``size``: bytes of the file that are read, None for all that there are when its end is reached.
    """

    def __init__(self, path: str, size: int | None = None) -> None:
        self.path = path
        self.failure: Skipped | None = None
        self._count = 0
        try:
            self._file = open(path, "rb")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise TraceError(f"{path}: cannot be read: {reason}") from None
        self._stream: ByteStream = self._file if size is None else Limited(self._file, size)
        self._ahead = self.head = self._take(HEAD)
        if self.head.startswith(_GZIP):
            self._unpack()

    def read(self, size: int, /) -> bytes:
        ahead, self._ahead = self._ahead[:size], self._ahead[size:]
        return ahead + self._take(size - len(ahead)) if len(ahead) < size else ahead

    def _unpack(self) -> None:
        self._count = 0
        self._stream = _Unpacked(Rejoined(self.head, self._stream))
        self._ahead = self.head = self._take(HEAD)

    def _take(self, size: int) -> bytes:
        """Exactly ``size`` bytes unless the stream ends; pipes give less at a time."""
        parts = []
        while size > 0 and self.failure is None:
            try:
                part = self._stream.read(size)
            except (OSError, EOFError, zlib.error) as error:
                self.failure = Skipped(self.path, self._count, f"reading ended here: {error}")
                break
            if not part:
                break
            parts.append(part)
            size -= len(part)
            self._count += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


class Rejoined:
    """A stream with its first bytes, already read, put back."""

    def __init__(self, start: bytes, rest: ByteStream) -> None:
        self._start, self._rest = start, rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._start:
            return self._rest.read(size)
        part, self._start = self._start[:size], self._start[size:]
        return part + self._rest.read(size - len(part)) if len(part) < size else part


class Limited:
    """The next ``size`` bytes of a stream."""

    def __init__(self, stream: ByteStream, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data


class _Unpacked:
    """The content of a gzip file, piece by piece: of a truncated one, all that there is, then EOFError."""

    def __init__(self, packed: ByteStream) -> None:
        self._packed = packed
        self._pending = b""
        self._member = zlib.decompressobj(_GZIP_ONLY)

    def read(self, size: int, /) -> bytes:
        while True:
            data = self._pending or self._packed.read(HEAD)
            if self._member.eof:
                if not data:
                    return b""
                self._member = zlib.decompressobj(_GZIP_ONLY)
            content = self._member.decompress(data, size)
            self._pending = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if content:
                return content
            if not data:
                raise EOFError("the compressed data end early")
