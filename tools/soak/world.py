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
from .setting import DIALPLAN, of_workers

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

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.folder = folder
        self.ledger = Ledger()
        self.places = Places(*addresses(10, NETWORK))
        self._authority = Authority(folder)
        self.renew_certificate()
        tls_names = (self.places.tls_caller, self.places.tls_callee)
        self._peer = self._authority.issue("peer", common_name="peer", names=tls_names)
        self.edge = LiveEdge(folder, of_workers(workers) % self._words(), DIALPLAN)
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
        delay = 0 if pair == "calm" else DELAY
        return Callee(self.ledger, address, port, self._edge_for(pair), context, delay, small=pair == "faulty")

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
