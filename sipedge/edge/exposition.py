"""``GET /metrics`` over plain HTTP, answered by threads beside the event loop."""

from __future__ import annotations

import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, socket
from threading import BoundedSemaphore, Thread
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

PATIENCE = 5.0
"""Seconds for a whole line of a request, and for the answer to be taken."""
AT_ONCE = 8
"""Clients served at the same time; others are closed at once."""

logger = logging.getLogger("sipedge.metrics")


class Exposition:
    """Serves from when it is made until ``close``."""

    def __init__(self, listen: str, registry: CollectorRegistry) -> None:
        """``listen``: ``address:port`` or ``[v6]:port``. Raises OSError."""
        host, _, port = listen.rpartition(":")
        self.listen = listen
        self._server = _Server((host.strip("[]"), int(port)), registry)
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), daemon=True, name="metrics")
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Blocks for a fraction of a second."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], registry: CollectorRegistry) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        self.registry = registry
        self._room = BoundedSemaphore(AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        logger.debug("a request for metrics failed", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = PATIENCE
    server_version = "sipedge"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        try:
            text = encode(self.server.registry)
        except TimeoutError:
            self.send_error(503, "the edge is too busy to count")
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a request for metrics is no event."""
