"""A stand-in for a cluster of Expressways: the part of the REST API that search rules are read and written by.

It does what is known of the real one: lists at ``/api/provisioning/...``, basic authentication, 201 for a rule that is
created, PUT and DELETE by ``Name`` in the body, a description in RAML. The first peer is the primary; what is written
there reaches the others later, and what is written elsewhere is overwritten. Every request is recorded.

``python -m sipedge.lab.parties.expressway_box OPTIONS`` runs it as a party of the lab; OPTIONS are ``hosts``, ``port``,
``certificate``, ``key``, ``answers``, and those of ``Behaviour``.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import ssl
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import control

RULES = "common/searchrule"
PEERS = "common/cluster/peers"
CERTIFICATE = "certs/server"
Rule = dict[str, Any]
Answers = dict[str, list[Rule]]

VALUES: dict[str, list[str]] = {
    "Protocol": ["Any", "SIP", "H323"],
    "SIPVariant": ["Any", "Standard", "Any Microsoft", "Microsoft SIP", "Microsoft IM and Presence"],
    "Source": ["Any", "AllZones", "LocalZone", "Named"],
    "MustAuthenticateRequest": ["Yes", "No"],
    "Mode": ["AliasPatternMatch", "AnyAlias", "AnyIPAddress"],
    "PatternType": ["Exact", "Prefix", "Suffix", "Regex"],
    "PatternBehavior": ["Strip", "Leave", "Replace"],
    "OnSuccessfulMatch": ["Continue", "Stop"],
    "State": ["Enabled", "Disabled"],
}
DEFAULTS: Rule = {
    "Description": "",
    "Protocol": "Any",
    "SIPVariant": "Any",
    "Source": "Any",
    "SourceName": "",
    "MustAuthenticateRequest": "No",
    "Mode": "AnyAlias",
    "PatternType": "Prefix",
    "PatternString": "",
    "PatternBehavior": "Strip",
    "ReplaceString": "",
    "OnSuccessfulMatch": "Continue",
    "State": "Enabled",
    "SystemGenerated": "No",
}


def raml() -> str:
    """The description of the rules' values."""
    schema = {"properties": {key: {"type": "string", "enum": values} for key, values in VALUES.items()}}
    text = json.dumps(schema)
    return (
        "#%RAML 0.8\ntitle: stand-in\nschemas:\n"
        f"  - rule: '{text}'\n"
        f"/common:\n  /searchrule:\n    post:\n      body:\n        application/json:\n          schema: rule\n"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a test or a learner can set."""

    user: str = "admin"
    password: str = "password"
    root: str = "/api/provisioning"
    delay: float = 0.0
    """Seconds until a write has reached the other peers."""
    described: bool = True
    """Whether there is a description."""
    meddle_after: int = 0
    """After this many writes another administrator disables the first rule that none of them named; 0: nobody does."""
    ignore_after: int = 0
    """From the write with this number on, writes are answered well and not done; 0: never."""
    break_after: int = 0
    """From the write with this number on, writes are answered 500; 0: never."""


@dataclass
class Cluster:
    """The peers' configurations, that of the primary first."""

    hosts: Sequence[str]
    answers: Answers
    behaviour: Behaviour = Behaviour()
    requests: list[str] = field(default_factory=list)
    """``GET host path``, in the order they came."""
    certificate: str = ""
    """PEM, as the API gives it."""
    writes: int = 0
    named: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        rules = [DEFAULTS | rule for rule in self.answers.get(RULES, [])]
        self.answers = {**copy.deepcopy(self.answers), RULES: rules}
        self.answers.setdefault(PEERS, [{"PeerAddress": host} for host in self.hosts] if len(self.hosts) > 1 else [])
        self.rules: list[list[Rule]] = [copy.deepcopy(rules) for _ in self.hosts]
        self._lock = threading.Lock()
        self._timers: list[threading.Timer] = []

    def read(self, peer: int, path: str) -> list[Rule] | None:
        with self._lock:
            return copy.deepcopy(self.rules[peer] if path == RULES else self.answers.get(path))

    def write(self, peer: int, method: str, body: Rule) -> tuple[int, str]:
        """(status, what the box says)."""
        with self._lock:
            self.writes += 1
            self.named.add(str(body.get("Name")))
            behaviour = self.behaviour
            if 0 < behaviour.break_after <= self.writes:
                return 500, "Internal server error"
            if 0 < behaviour.ignore_after <= self.writes:
                return 200, "Operation succeeded"
            answer = _written(self.rules[peer], method, body)
            if self.writes == behaviour.meddle_after:
                self.meddle()
            self._replicate()
            return answer

    def meddle(self) -> None:
        """Another administrator disables the first rule that nobody has written."""
        for rule in self.rules[0]:
            if rule["Name"] not in self.named:
                rule["State"] = "Disabled"
                return

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
            timer.join()

    def _replicate(self) -> None:
        if len(self.hosts) == 1:
            return
        rules = copy.deepcopy(self.rules[0])
        if not self.behaviour.delay:
            self._arrive(rules)
            return
        timer = threading.Timer(self.behaviour.delay, self._arrive, [rules])
        timer.daemon = True
        self._timers.append(timer)
        timer.start()

    def _arrive(self, rules: list[Rule]) -> None:
        self.rules[1:] = [copy.deepcopy(rules) for _ in self.hosts[1:]]


def _written(rules: list[Rule], method: str, body: Rule) -> tuple[int, str]:
    wrong = [key for key, values in VALUES.items() if key in body and body[key] not in values]
    if wrong:
        return 400, f"Invalid value of {wrong[0]}"
    at = next((at for at, rule in enumerate(rules) if rule["Name"] == body.get("Name")), None)
    if method == "POST":
        missing = [key for key in ("Name", "Priority", "TargetName") if key not in body]
        if missing or at is not None:
            return 400, f"{missing[0]} is missing" if missing else "A rule of that name is there already"
        rules.append({**DEFAULTS, **body})
        return 201, "Successfully created search rule"
    if at is None:
        return 404, "No rule of that name"
    if rules[at]["SystemGenerated"] == "Yes":
        return 400, "The rule is system generated"
    if method == "DELETE":
        del rules[at]
        return 200, "Successfully deleted search rule"
    rules[at] = {**rules[at], **body}
    return 200, "Successfully updated search rule"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 16

    def __init__(self, address: tuple[str, int], cluster: Cluster, peer: int, context: ssl.SSLContext | None) -> None:
        super().__init__(address, _Handler)
        self.cluster, self.peer = cluster, peer
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or that trusts nobody here, is none of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 20

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """The cluster records requests."""

    def _serve(self) -> None:
        cluster = self.server.cluster
        cluster.requests.append(f"{self.command} {cluster.hosts[self.server.peer]} {self.path}")
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 1 << 20))
        status, kind, text = self._answer(cluster, body)
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(self, cluster: Cluster, body: bytes) -> tuple[int, str, str]:
        """(status, content type, body)."""
        behaviour = cluster.behaviour
        pair = base64.b64encode(f"{behaviour.user}:{behaviour.password}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {pair}":
            return 401, "text/plain", "Unauthorized"
        if self.path == "/status.xml":
            return (
                200,
                "text/xml",
                "<Status><SystemUnit><Software><Version>X15.0</Version></Software></SystemUnit></Status>",
            )
        if self.path == "/api/raml" and behaviour.described:
            return 200, "application/raml+yaml", raml()
        path = self.path.removeprefix(f"{behaviour.root}/") if self.path.startswith(behaviour.root) else ""
        if self.command == "GET" and path == CERTIFICATE and cluster.certificate:
            return 200, "application/json", json.dumps(cluster.certificate)
        if self.command == "GET":
            found = cluster.read(self.server.peer, path)
            return (404, "text/plain", "Not Found") if found is None else (200, "application/json", json.dumps(found))
        if path != RULES:
            return 404, "text/plain", "Not Found"
        status, said = cluster.write(self.server.peer, self.command, json.loads(body or b"{}"))
        return status, "application/json", json.dumps({"Message": said})


@contextmanager
def running(cluster: Cluster, port: int, certificate: str, key: str) -> Iterator[list[int]]:
    """Serve each host of the cluster; the ports. ``port``: 0 for free ones. The certificate is for all hosts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    cluster.certificate = Path(certificate).read_text()
    with ExitStack() as stack:
        stack.callback(cluster.close)
        servers = []
        for peer, host in enumerate(cluster.hosts):
            server = _Server((host, port), cluster, peer, context)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            for end in (server.server_close, thread.join, server.shutdown):
                stack.callback(end)
            servers.append(server)
        yield [int(server.server_address[1]) for server in servers]


async def _main(options: dict[str, Any]) -> None:
    behaviour = Behaviour(**{name: options[name] for name in Behaviour.__slots__ if name in options})
    cluster = Cluster(options["hosts"], options["answers"], behaviour)

    async def carry_out(command: control.Command) -> dict[str, Any]:
        if command["do"] == "requests":
            return {"ok": True, "requests": list(cluster.requests)}
        if command["do"] == "meddle":
            cluster.meddle()
            return {"ok": True}
        return {"ok": False, "error": "unknown command"}

    with running(cluster, options["port"], options["certificate"], options["key"]) as ports:
        control.report("ready", ports=ports)
        await control.serve(carry_out)


if __name__ == "__main__":
    control.keep_stdout()
    asyncio.run(_main(json.loads(sys.argv[1])))
