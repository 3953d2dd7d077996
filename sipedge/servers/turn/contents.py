"""The files that coturn is given. Reads files, writes none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sipedge.settings import Settings
from sipedge.web_settings import Turn

from .configuration import CERTIFICATE, KEY, text

CONFIG = "turnserver.conf"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Made anew for each change."""

    turn: Turn
    certificates: Mapping[str, bytes] = field(repr=False)
    """By file name; none where TURN over TLS is off."""

    def files(self) -> dict[str, bytes]:
        return {**self.certificates, CONFIG: text(self.turn, self.turn.folder).encode()}


def wanted(settings: Settings, turn: Turn) -> Wanted:
    """Raises OSError when a file cannot be read."""
    if not turn.tls_port:
        return Wanted(turn, {})
    pair = settings.tls.server[0]
    return Wanted(turn, {CERTIFICATE: _read(pair.certificate), KEY: _read(pair.key)})


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
