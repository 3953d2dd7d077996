"""The edge under load, its four pairs of peers, its name server and its certificates."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sipedge.lab.ca import Authority, Pem
from tools.live.edge import LiveEdge
from tools.live.wire import addresses

from .callee import Callee
from .caller import Caller
from .ledger import Ledger
from .names import Names

NETWORK = 40
TCP_PORT, TLS_PORT, DNS_PORT = 5060, 5061, 5353
DELAY = 0.2
"""Seconds that the callees of pairs with a fault take for each fourth answer: a fault finds requests under way."""
PAIRS = ("calm", "faulty", "tls", "dns")
SHARES = {"calm": 0.45, "faulty": 0.4, "tls": 0.1, "dns": 0.05}
"""Of the rate. The calm pair shares nothing with the others but the edge."""


@dataclass(frozen=True)
class Places:
    """An address for each party."""

    edge: str
    calm_caller: str
    calm_callee: str
    caller: str
    callee: str
    tls_caller: str
    tls_callee: str
    dns_callee: str
    names: str
    stranger: str


class World:
    """``async with``: everything is up and connected inside, nothing is left outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger()
        self.places = Places(*addresses(10, NETWORK))
        self._authority = Authority(folder)
        self.renew_certificate()
        tls_names = (self.places.tls_caller, self.places.tls_callee)
        self._peer = self._authority.issue("peer", common_name="peer", names=tls_names)
        self.edge = LiveEdge(folder, CONFIG % self._words(), DIALPLAN)
        self.names = Names(self.places.dns_callee)
        self.callees = {pair: self._callee(pair) for pair in PAIRS}
        self.callers = {pair: self._caller(pair) for pair in PAIRS}

    async def __aenter__(self) -> World:
        await self.names.listen(self.places.names, DNS_PORT)
        for callee in self.callees.values():
            await callee.listen()
        await self.edge.__aenter__()
        await asyncio.gather(*(caller.connect() for caller in self.callers.values()))
        return self

    async def __aexit__(self, *_: object) -> None:
        for caller in self.callers.values():
            caller.close()
        await self.edge.__aexit__()
        for callee in self.callees.values():
            callee.die()
        self.names.close()

    def renew_certificate(self) -> None:
        """Another one, with another key, in the files of the edge's."""
        self._own = self._authority.issue("edge", common_name="edge.example.com", names=(self.places.edge,))

    def _words(self) -> dict[str, str]:
        places = {name: getattr(self.places, name) for name in self.places.__dataclass_fields__}
        return {
            **places,
            "trusted": str(self._authority.file),
            "certificate": str(self._own.certificate),
            "key": str(self._own.key),
            "messages": str(self.folder / "messages.jsonl"),
        }

    def _context(self, pair: str, protocol: ssl._SSLMethod) -> ssl.SSLContext | None:
        return _context(protocol, self._peer, self._authority.file) if pair == "tls" else None

    def _callee(self, pair: str) -> Callee:
        own = {"calm": self.places.calm_callee, "faulty": self.places.callee, "tls": self.places.tls_callee}
        port, context = self._port(pair), self._context(pair, ssl.PROTOCOL_TLS_SERVER)
        address = own.get(pair, self.places.dns_callee)
        return Callee(self.ledger, address, port, self._edge_for(pair), context, 0 if pair == "calm" else DELAY)

    def _caller(self, pair: str) -> Caller:
        own = {"calm": self.places.calm_caller, "tls": self.places.tls_caller}.get(pair, self.places.caller)
        context = self._context(pair, ssl.PROTOCOL_TLS_CLIENT)
        return Caller(self.ledger, pair, own, self._edge_for(pair), context, URIS[pair])

    def _port(self, pair: str) -> int:
        return TLS_PORT if pair == "tls" else TCP_PORT

    def _edge_for(self, pair: str) -> tuple[str, int]:
        return self.places.edge, self._port(pair)


def _context(protocol: ssl._SSLMethod, peer: Pem, trusted: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.load_cert_chain(peer.certificate, peer.key)
    context.load_verify_locations(trusted)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


URIS: dict[str, Callable[[int], bytes]] = {
    "calm": lambda number: b"sip:bob@calm.example",
    "faulty": lambda number: b"sip:bob@far.example",
    "tls": lambda number: b"sip:bob@tls.example",
    "dns": lambda number: b"sip:bob@n%d.dns.example:5060" % number,
}
"""Each request of the DNS pair is for a name of its own."""

CONFIG = """\
[edge]
system_name = "edge.example.com"
domains = ["near.example"]
dialplans = ["edge.dialplan"]

[tls]
trusted = "%(trusted)s"

[[tls.server]]
certificate = "%(certificate)s"
key = "%(key)s"

[[listener]]
name = "tcp"
address = "%(edge)s"
port = 5060
transport = "TCP"

[[listener]]
name = "tls"
address = "%(edge)s"
port = 5061

[[zone]]
name = "calm caller"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(calm_caller)s"]
monitor = false

[[zone]]
name = "calm callee"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(calm_callee)s"]
monitor = false

[[zone]]
name = "caller"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(caller)s"]
monitor = false

[[zone]]
name = "callee"
type = "neighbor"
transport = "TCP"
port = 5060
peers = ["%(callee)s"]
monitor = false

[[zone]]
name = "tls caller"
type = "neighbor"
peers = ["%(tls_caller)s"]
monitor = false

[[zone]]
name = "tls callee"
type = "neighbor"
peers = ["%(tls_callee)s"]
monitor = false

[[zone]]
name = "net"
type = "dns"
transport = "TCP"
fallback_transport = "TCP"
allow_loopback = true

[limits]
heartbeat = 1
drain = 2
send_queue = 100000

[dns]
servers = ["%(names)s:5353"]
timeout = 0.5
attempts = 1

[log]
messages = "%(messages)s"
rotate_size = 10000000
rotate_count = 2
"""


def _rule(number: int, pattern: str, zone: str) -> str:
    return f"""\
search rule "{zone}" {{
    priority {number}
    mode alias pattern match
    pattern type regex
    pattern "{pattern}"
    behavior leave
    on successful match stop
    target zone "{zone}"
}}
"""


DIALPLAN = (
    _rule(1, r".*@calm\.example", "calm callee")
    + _rule(2, r".*@far\.example", "callee")
    + _rule(3, r".*@tls\.example", "tls callee")
    + _rule(4, r".*@[^@]*\.dns\.example", "net")
)
