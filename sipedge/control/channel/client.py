"""Asks a running edge over its control socket. It blocks; the command line uses it."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from sipedge.control.answers import Done, Item, read_line
from sipedge.control.refusal import Refused
from sipedge.control.requests import Request, write_request

from .place import connect_to

CONNECT_LIMIT = 10.0
"""Seconds; while an edge is being restarted nobody takes a connect."""
LONGEST_ANSWER = 64 * 1024 * 1024
"""Bytes of one line."""


class Unreachable(Exception):
    """Nobody answers there; ``str()`` is one sentence."""


class Asking:
    """A connection to an edge, inside ``with``."""

    def __init__(self, path: str, seconds: float | None) -> None:
        """``seconds``: how long the edge may say nothing; None: for ever. Raises Unreachable."""
        self._path = path
        try:
            self._socket = connect_to(path, CONNECT_LIMIT)
        except OSError as error:
            raise Unreachable(_why(path, error)) from None
        self._socket.settimeout(seconds)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, request: Request) -> Iterator[Item | Done]:
        """The items, and last the end, as they come. Raises Refused, Unreachable."""
        try:
            self._socket.sendall(write_request(request))
            while True:
                answer = read_line(self._lines.readline(LONGEST_ANSWER))
                if isinstance(answer, Refused):
                    raise answer
                yield answer
                if isinstance(answer, Done):
                    return
        except TimeoutError:
            raise Unreachable(f"{self._path}: the edge did not answer in {self._socket.gettimeout():g} s") from None
        except (OSError, ValueError):
            raise Unreachable(f"{self._path}: the edge ended before it had answered") from None


def _why(path: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return f'{path}: no edge serves there; "sipedge run" with this configuration makes the socket'
    if isinstance(error, PermissionError):
        return f"{path}: only the edge's own user, root and the group of this socket may ask"
    if isinstance(error, TimeoutError | BlockingIOError):
        return f"{path}: the edge takes no connection; it may be starting again"
    return f"{path}: {error.strerror or error}"
