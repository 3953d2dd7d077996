"""A running edge with real certificates between a node inside and peers outside, and what they say to each other."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.certificates import Ca, Leaf, issue, make_ca
from support.dns_server import name_server
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, header, request

TLS, TCP = 5061, 5060
PARTNER, EVIL, SHUT = "sip.partner.example", "sip.evil.example", "sip.shut.example"
"""Two that the access rules let in, and one that they do not."""
RECORDS = """\
$TTL 60
_sipfederationtls._tcp.partner.example. SRV 0 0 5061 sip.partner.example.
_sipfederationtls._tcp.shut.example. SRV 0 0 5061 sip.shut.example.
sip.shut.example. A {shut}
sip.partner.example. A {partner}
"""
DEFAULT = '\n[[zone]]\ntype = "default"\n'
ALLOWED = """
[[zone.access_rule]]
name = "{0}"
priority = 1
pattern_type = "exact"
pattern = "{0}"
action = "allow"
"""
INTERNET = '\n[[zone]]\ntype = "dns"\nname = "Internet"\nallow_loopback = true\n'
IN = rule("in", r".*@near\.example", "node").replace("    mode", '    source zone "Default Zone"\n    mode', 1)
RULES = rule("node", r".*node\.near\.example.*", "node") + rule("out", r".*@(?!near)[a-z0-9]+\.example", "Internet")

_numbers = itertools.count(1)


@dataclass
class Call:
    """A call that a stranger made and the node answered: what the caller may write in its dialog."""

    invite: bytes
    routes: tuple[str, ...]
    """Values of Route, in order."""
    contact: str

    def within(self, town: Town, uri: str, method: str = "MESSAGE", name: str = EVIL) -> bytes:
        extra = "".join(f"Route: {route}\r\n" for route in self.routes)
        sent = town.message(name, "m@sip.evil.example", method, uri, extra)
        for field in ("Call-ID", "From"):
            sent = sent.replace(header(sent, field).encode(), header(self.invite, field).encode(), 1)
        return sent.replace(f"To: <{uri}>".encode(), f"To: <{uri}>;tag=callee".encode(), 1)


@dataclass
class Town:
    """``node`` is connected over TCP; the others call over TLS. ``homes``: their addresses."""

    edge: Edge
    address: str
    node: Stream
    ca: Ca
    leaves: dict[str, Leaf]
    homes: dict[str, str]

    def call(self, name: str, leaf: Leaf | None = None) -> Stream:
        """From that peer's address; ``leaf``: another certificate than its own."""
        return connect(self.homes[name], self.address, TLS, self.ca, leaf or self.leaves[name], self.address)

    def message(
        self, name: str, from_: str, method: str = "MESSAGE", uri: str = "sip:alice@near.example", extra: str = ""
    ) -> bytes:
        """``from_``: without the scheme, or ``tel:...``; ``extra``: header lines."""
        who = from_ if from_.startswith("tel:") else f"sip:{from_}"
        sent = request(method, uri, self.homes.get(name, "192.0.2.1"), next(_numbers))
        sent = sent.replace(b"sip:alice@near.example>;tag", f"{who}>;tag".encode(), 1)
        return sent.replace(b"\r\nContent-Type:", f"\r\n{extra}Content-Type:".encode(), 1)

    def delivered(self, peer: Stream, message: bytes, status: str = "200 OK") -> bytes:
        """What the node gets of a request that goes through."""
        peer.send(message)
        received = self.node.read_message()
        assert header(received, "Call-ID") == header(message, "Call-ID")
        self.node.send(answer(received, status))
        assert final(peer).startswith(f"SIP/2.0 {status}".encode())
        return received

    def refused(self, peer: Stream, message: bytes) -> bytes:
        """The refusal. That the node gets nothing shows with the next message that it gets (``delivered``)."""
        peer.send(message)
        response = final(peer)
        assert response.startswith(b"SIP/2.0 4"), response
        return response

    def answered(self, peer: Stream) -> Call:
        """EVIL calls alice, and the node answers with a Contact of its own."""
        call = self.message(EVIL, "m@sip.evil.example", "INVITE", extra="Contact: <sip:m@192.0.2.9>\r\n")
        peer.send(call)
        contact = "sip:alice@10.1.2.3:5062;transport=tcp"
        accepted = answer(self.node.read_message())
        line = f"Contact: <{contact}>\r\nContent-Length:".encode()
        self.node.send(accepted.replace(b"Content-Length:", line, 1))
        lines = final(peer).split(b"\r\n")
        routes = [line.partition(b": ")[2].decode() for line in lines if line.startswith(b"Record-Route:")]
        return Call(call, tuple(reversed(routes)), contact)


def final(peer: Stream) -> bytes:
    """The next response that is not a 100."""
    response = peer.read_message()
    while response.startswith(b"SIP/2.0 100 "):
        response = peer.read_message()
    return response


@contextlib.contextmanager
def border_town(folder: Path, records: str = "", default: str = "", more: str = "") -> Iterator[Town]:
    """``records``: further ones of the DNS; ``default``: lines of the Default Zone; ``more``: tables."""
    address, node = fresh_address(), fresh_address()
    homes = {name: fresh_address() for name in (PARTNER, EVIL, SHUT)}
    ca = make_ca(folder)
    leaves = {name: issue(ca, names=[name]) for name in homes}
    allowed = "".join(ALLOWED.format(name) for name in (PARTNER, EVIL))
    with name_server(RECORDS.format(shut=homes[SHUT], partner=homes[PARTNER]) + records) as dns:
        tables = [
            listener("tls", address),
            listener("tcp", address, "TCP"),
            f'[dns]\nservers = ["{dns}"]\n',
            "[limits]\nban_after = 0\n",
            neighbor("node", [node], "TCP"),
            INTERNET,
            DEFAULT + default + allowed,
            more,
        ]
        config = edge_toml(ca, issue(ca, ips=[address]), *tables)
        with Edge(folder / "edge", config, IN + RULES) as edge, Callee(node, TCP) as callee:
            with connect(homes[PARTNER], address, TLS, ca, leaves[PARTNER], address) as partner:
                partner.send(_first(homes[PARTNER]))
                with callee.accept() as connection:
                    connection.send(answer(connection.read_message()))
                    assert partner.read_message().startswith(b"SIP/2.0 200 ")
                    yield Town(edge, address, connection, ca, leaves, homes)


def _first(own: str) -> bytes:
    sent = request("MESSAGE", "sip:alice@near.example", own, next(_numbers))
    return sent.replace(b"sip:alice@near.example>;tag", b"sip:carol@partner.example>;tag", 1)
