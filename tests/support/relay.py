"""A TCP relay between two programs whose connections a test can cut, as a NAT or a firewall does."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a close is a reset."""


class Relay:
    """Listens on ``address``; each connection goes on to ``target``."""

    def __init__(self, address: str, port: int, target: tuple[str, int]) -> None:
        self.address, self._target = address, target
        self._listener = socket.create_server((address, port))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Relay:
        self._run(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join()  # it accepts nothing more from now on
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """Reset every connection, to both sides."""
        cut, self._open = self._open, []
        for one in cut:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            with suppress(OSError):
                one.shutdown(socket.SHUT_RD)  # wakes its thread
        for one in cut:
            one.close()

    def _run(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            self._run(_pass_on, near, far)
            self._run(_pass_on, far, near)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
