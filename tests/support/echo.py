"""A callee that says 200 to everything, in a thread."""

from __future__ import annotations

import threading
from contextlib import suppress

from support.stream import Callee, Stream, answer


class Echo:
    """Answers everything that comes on one connection with 200, until it is closed."""

    def __init__(self, address: str, port: int) -> None:
        self._callee = Callee(address, port)
        self._stream: Stream | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Echo:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            with suppress(OSError):  # the edge was quicker
                self._stream.shutdown()
        self._thread.join()
        self._callee.__exit__(None, None, None)

    def _run(self) -> None:
        with self._callee.accept() as self._stream:
            try:
                while True:
                    self._stream.send(answer(self._stream.read_message()))
            except OSError:
                pass
