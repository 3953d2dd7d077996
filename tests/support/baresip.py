"""A baresip user agent over TCP, told what to do on its control connection (ctrl_tcp: netstrings of JSON)."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any

from support.processes import Program
from support.third_party import require

PORT, CONTROL = 5060, 4444
LIMIT = 15.0
"""Seconds until a test gives up waiting for an event."""
MODULES = "g711.so aubridge.so"
APPLICATIONS = "account.so menu.so ctrl_tcp.so"

_CONFIG = """\
sip_listen {address}:5060
module_path {modules}
{loads}
ctrl_tcp_listen {address}:4444
audio_player aubridge,x
audio_source aubridge,x
audio_alert aubridge,y
net_interface {address}
"""
_ACCOUNT = (
    '<{uri};transport=tcp>;regint=0;answermode=auto;audio_codecs=pcmu;outbound="sip:{proxy}:5060;transport=tcp"\n'
)


class Baresip:
    """A running agent, which answers every call. A context manager: ready inside, gone outside."""

    def __init__(self, folder: Path, address: str, uri: str, proxy: str) -> None:
        folder.mkdir(parents=True)
        program = require("baresip")
        modules = next(Path("/usr/lib").rglob("baresip/modules"))
        loads = [f"module {name}" for name in MODULES.split()] + [f"module_app {name}" for name in APPLICATIONS.split()]
        config = _CONFIG.format(address=address, modules=modules, loads="\n".join(loads))
        (folder / "config").write_text(config)
        (folder / "accounts").write_text(_ACCOUNT.format(uri=uri, proxy=proxy))
        (folder / "contacts").write_text("")
        self._address = address
        command = [program, "-4", "-s", "-f", folder]
        self._program = Program(command, folder / "log", listens=[(address, PORT), (address, CONTROL)])
        self._control: socket.socket
        self._buffer = b""

    def __enter__(self) -> Baresip:
        self._program.__enter__()
        self._control = socket.create_connection((self._address, CONTROL), LIMIT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._control.close()
        self._program.stop()
        if error is not None:
            error.add_note(f"== {self._program.log}\n{self._program.output()[-20000:]}")

    def do(self, command: str, parameters: str = "") -> None:
        text = json.dumps({"command": command, "params": parameters})
        self._control.sendall(f"{len(text)}:{text},".encode())

    def expect(self, kind: str) -> dict[str, Any]:
        """The next event of this type; those before it are passed over."""
        while True:
            message = self._next()
            if message.get("type") == kind:
                return message

    def log(self) -> str:
        """All it has written, its messages among it."""
        return self._program.output()

    def _next(self) -> dict[str, Any]:
        while True:
            length, colon, rest = self._buffer.partition(b":")
            if colon and len(rest) > int(length):
                self._buffer = rest[int(length) + 1 :]
                found: dict[str, Any] = json.loads(rest[: int(length)])
                return found
            more = self._control.recv(65536)
            assert more, "baresip has ended"
            self._buffer += more
