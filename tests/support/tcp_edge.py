"""An edge over TCP between a near and a far side, with a certificate that it needs for its TLS listener only."""

from __future__ import annotations

from pathlib import Path

from support.certificates import issue, make_ca
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Stream, connect, request

PORT = 5060
RULE = rule("out", r".*@far\.example", "far", priority=10)


class Installation:
    def __init__(self, folder: Path) -> None:
        self.own, self.address, self.far = (fresh_address() for _ in range(3))
        self.ca = make_ca(folder)
        self.leaf = issue(self.ca, ips=[self.address])
        self.edge = Edge(folder / "edge", self.config(), RULE)
        self.folder = self.edge.folder
        self.toml = self.folder / "edge.toml"

    def config(self, *more: str, keys: str = "") -> str:
        tables = [listener("tcp", self.address, "TCP"), *more]
        tables += [neighbor("near", [self.own], "TCP"), neighbor("far", [self.far], "TCP")]
        return edge_toml(self.ca, self.leaf, *tables).replace("[tls]", f"{keys}\n[tls]", 1)

    def call(self) -> Stream:
        return connect(self.own, self.address, PORT)

    def message(self, number: int, user: str = "bob", domain: str = "far.example") -> bytes:
        return request("MESSAGE", f"sip:{user}@{domain}", self.own, number, transport="TCP")
