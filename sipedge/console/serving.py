"""``sipedge console``: the application served by uvicorn."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import uvicorn

from sipedge.config.console_table import ConsoleConfig, read_console
from zones.addresses import host_port

from .app import application
from .connections import MOST, Connection
from .frame.world import world_for

PATIENCE = 2
"""Seconds that answers which are under way have at the end."""


def serve(path: str) -> int:
    """Serve until SIGTERM or Ctrl-C; the exit status. Raises ConfigError, OSError for a port or folder in use."""
    config = read_console(path)
    Path(config.console.folder).mkdir(mode=0o750, exist_ok=True)
    with _listening(config) as listener:
        world = world_for(config)
        world.open()
        app = application(world)
        server = uvicorn.Server(settings_of(app, config))
        print(f"console of {path}: {address(config, listener)}", flush=True)
        server.run(sockets=[listener])
    return 0


def address(config: ConsoleConfig, listener: socket.socket) -> str:
    """What a browser is to be given."""
    scheme = "https" if config.console.certificate else "http"
    return f"{scheme}://{host_port(*listener.getsockname()[:2])}/"


def _listening(config: ConsoleConfig) -> socket.socket:
    """Raises OSError."""
    settings = config.console
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise OSError(f"[console] listen = {settings.listen}: {error.strerror}") from None


def settings_of(app: object, config: ConsoleConfig) -> uvicorn.Config:
    settings = config.console
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=Connection,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        ssl_certfile=settings.certificate or None,
        ssl_keyfile=settings.key or None,
        ssl_ca_certs=settings.client_ca or None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if settings.client_ca else ssl.CERT_NONE,
        limit_concurrency=MOST,
        timeout_graceful_shutdown=PATIENCE,
    )
