"""Packets to a collector by UDP, TCP or TLS. Everything here may block: it runs in a thread of its own."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Sequence

from sipedge.settings import Hep
from zones.addresses import host_port

from .hep import LARGEST, Packets
from .items import ItemKind, Part

PATIENCE = 5.0
"""Seconds for connecting, for the handshake and for a collector that does not read."""
LARGEST_DATAGRAM = 65507


class Collector:
    takes = frozenset({ItemKind.MESSAGE, ItemKind.CONCLUDED})

    def __init__(self, settings: Hep, mask: bool) -> None:
        self.name = f"HEP collector {settings.transport} {host_port(settings.address, settings.port)}"
        self._settings = settings
        self.render = Packets(settings.capture_id, settings.password, mask).render
        self._socket: socket.socket | None = None
        self._largest = LARGEST_DATAGRAM if settings.transport == "UDP" else LARGEST

    def open(self) -> None:
        """Raises OSError (ssl.SSLError is one)."""
        if self._socket is None:
            settings = self._settings
            self._socket = _datagrams(settings) if settings.transport == "UDP" else _stream(settings)

    def write(self, parts: Sequence[Part]) -> int:
        """Packets longer than HEP or UDP allows are passed over. Raises OSError."""
        assert self._socket is not None
        fit = [part for part in parts if len(part) <= self._largest]
        passed_over = len(parts) - len(fit)
        if self._settings.transport != "UDP":
            self._socket.sendall(b"".join(fit))
            return passed_over
        for part in fit:
            try:
                self._socket.send(part)
            except OSError as error:
                if error.errno != errno.EMSGSIZE:
                    raise
                passed_over += 1
        return passed_over

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _datagrams(settings: Hep) -> socket.socket:
    """Connected, so that the kernel tells when nobody listens."""
    family, kind, _, _, address = socket.getaddrinfo(settings.address, settings.port, type=socket.SOCK_DGRAM)[0]
    made = socket.socket(family, kind)
    try:
        made.settimeout(PATIENCE)
        made.connect(address)
    except OSError:
        made.close()
        raise
    return made


def _stream(settings: Hep) -> socket.socket:
    made = socket.create_connection((settings.address, settings.port), PATIENCE)
    if settings.transport == "TCP":
        return made
    try:
        context = ssl.create_default_context(cafile=settings.trusted or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context.wrap_socket(made, server_hostname=settings.address)
    except OSError:
        made.close()
        raise
