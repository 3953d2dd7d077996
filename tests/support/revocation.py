"""An edge whose zones look for revocation, and a CA that serves its list over HTTP."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from support.certificates import Leaf, issue, make_ca, revoke
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Stream, connect, request

PORT = 5061


class Town:
    """An edge with two neighbours over TLS; one list says who of them is revoked."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.address, self.caller, self.callee = (fresh_address() for _ in range(3))
        self.ca = make_ca(folder)
        self.near, self.far = issue(self.ca, ips=[self.caller]), issue(self.ca, ips=[self.callee])
        self.list = folder / "lists" / "ca.crl"
        self.list.parent.mkdir()
        revoke(self.ca, out=self.list)
        tls = '[zone.tls]\nrevocation = "hard"\ncrl = ["../lists"]'
        zones = [neighbor("near", [self.caller], "TLS", tls), neighbor("far", [self.callee], "TLS", tls)]
        leaf = issue(self.ca, ips=[self.address])
        config = edge_toml(self.ca, leaf, listener("tls", self.address), *zones)
        config = config.replace("[edge]\n", f"[edge]\nworkers = {workers}\n", 1)
        self.edge = Edge(folder / "edge", config, rule("out", r".*@far\.example", "far"))

    def call(self) -> Stream:
        return connect(self.caller, self.address, PORT, self.ca, self.near)

    def message(self, number: int) -> bytes:
        return request("MESSAGE", "sip:bob@far.example", self.caller, number)

    def revoke(self, *leaves: Leaf) -> None:
        revoke(self.ca, *(leaf.serial for leaf in leaves), out=self.list)
        assert "in force" in self.edge.reload()


class Authority:
    """Serves ``list`` inside the ``with``."""

    def __init__(self) -> None:
        self.list = b""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.list)))
                self.end_headers()
                self.wfile.write(outer.list)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer((fresh_address(), 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/ca.crl"

    def __enter__(self) -> Authority:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
