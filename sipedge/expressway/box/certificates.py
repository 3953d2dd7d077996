"""Certificates as they are now: the one that a box says it has, and the one that a node shows in a handshake."""

from __future__ import annotations

import ssl

from .client import BoxError, Reader

PATH = "certs/server"
SECONDS = 10.0


def certificate_of(reader: Reader) -> bytes:
    """PEM, as the API gives it, perhaps as a string of JSON; else what the box shows to browsers. Raises BoxError."""
    text = reader.text_below(PATH)
    if text is None:
        return certificate_shown(reader.name, reader.port)
    return text.replace("\\r", "").replace("\\n", "\n").encode()


def certificate_shown(host: str, port: int) -> bytes:
    """PEM of whoever answers there; nothing is sent but the handshake, and nobody is trusted. Raises BoxError."""
    try:
        return ssl.get_server_certificate((host, port), timeout=SECONDS).encode()
    except (OSError, ValueError) as error:
        raise BoxError(f'"{host}" port {port} shows no certificate: {error}') from None
