"""Who may speak for whom, on a running edge with real certificates: a partner, a stranger, one that is not let in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.dns_server import name_server
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, Stream, answer, connect, header, request

pytestmark = pytest.mark.e2e

TLS, TCP = 5061, 5060
PARTNER, EVIL, SHUT = "sip.partner.example", "sip.evil.example", "sip.shut.example"
RECORDS = """\
$TTL 60
_sipfederationtls._tcp.partner.example. SRV 0 0 5061 sip.partner.example.
_sipfederationtls._tcp.shut.example. SRV 0 0 5061 sip.shut.example.
sip.shut.example. A {shut}
"""
ACCESS = """
[[zone]]
type = "default"
"""
ALLOWED = """
[[zone.access_rule]]
name = "{0}"
priority = 1
pattern_type = "exact"
pattern = "{0}"
action = "allow"
"""
INTERNET = '\n[[zone]]\ntype = "dns"\nname = "Internet"\nallow_loopback = true\n'

_numbers = itertools.count(1)


@dataclass
class Town:
    """An edge between a node inside (TCP) and peers outside (TLS); ``node`` is connected."""

    address: str
    node: Stream
    ca: Ca
    leaves: dict[str, Leaf]
    homes: dict[str, str]

    def call(self, name: str) -> Stream:
        return connect(self.homes[name], self.address, TLS, self.ca, self.leaves[name], self.address)

    def message(
        self, name: str, from_: str, method: str = "MESSAGE", uri: str = "sip:alice@near.example", extra: str = ""
    ) -> bytes:
        sent = request(method, uri, self.homes.get(name, "192.0.2.1"), next(_numbers))
        sent = sent.replace(b"sip:alice@near.example>;tag", f"sip:{from_}>;tag".encode(), 1)
        return sent.replace(b"\r\nContent-Type:", f"\r\n{extra}Content-Type:".encode(), 1)

    def delivered(self, peer: Stream, message: bytes, status: str = "200 OK") -> bytes:
        """What the node gets of a request that goes through."""
        peer.send(message)
        received = self.node.read_message()
        assert header(received, "Call-ID") == header(message, "Call-ID")
        self.node.send(answer(received, status))
        assert peer.read_message().startswith(f"SIP/2.0 {status}".encode())
        return received

    def refused(self, peer: Stream, message: bytes) -> bytes:
        """The refusal. That the node gets nothing shows with the next message that it gets (``delivered``)."""
        peer.send(message)
        response = peer.read_message()
        while response.startswith(b"SIP/2.0 100 "):
            response = peer.read_message()
        assert response.startswith(b"SIP/2.0 4"), response
        return response


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("speaking")
    address, node = fresh_address(), fresh_address()
    homes = {name: fresh_address() for name in (PARTNER, EVIL, SHUT)}
    ca = make_ca(folder)
    leaves = {name: issue(ca, names=[name]) for name in homes}
    allowed = "".join(ALLOWED.format(name) for name in (PARTNER, EVIL))
    plan = rule("in", r".*@near\.example", "node") + rule("node", r".*node\.near\.example.*", "node")
    plan += rule("out", r".*@shut\.example", "Internet")
    with name_server(RECORDS.format(shut=homes[SHUT])) as dns:
        tables = [
            listener("tls", address),
            listener("tcp", address, "TCP"),
            f'[dns]\nservers = ["{dns}"]\n',
            neighbor("node", [node], "TCP"),
            INTERNET,
            ACCESS + allowed,
        ]
        config = edge_toml(ca, issue(ca, ips=[address]), *tables)
        with Edge(folder / "edge", config, plan), Callee(node, TCP) as callee:
            with connect(homes[PARTNER], address, TLS, ca, leaves[PARTNER], address) as partner:
                partner.send(_first(homes[PARTNER]))
                with callee.accept() as connection:
                    connection.send(answer(connection.read_message()))
                    assert partner.read_message().startswith(b"SIP/2.0 200 ")
                    yield Town(address, connection, ca, leaves, homes)


def _first(own: str) -> bytes:
    sent = request("MESSAGE", "sip:alice@near.example", own, next(_numbers))
    return sent.replace(b"sip:alice@near.example>;tag", b"sip:carol@partner.example>;tag", 1)


@pytest.mark.parametrize(
    "from_",
    [
        "boss@near.example",
        "boss@near.example.",
        "boss@NEAR.example",
        "boss@ne%61r.example",
        "carol@partner.example",
        "ceo@nobody.example",
    ],
)
def test_a_stranger_writes_as_nobody_else(town: Town, from_: str) -> None:
    with town.call(EVIL) as evil, town.call(PARTNER) as partner:
        response = town.refused(evil, town.message(EVIL, from_))
        assert response.startswith((b"SIP/2.0 403 ", b"SIP/2.0 400 ")) and header(response, "Warning")  # 400: pjsip's
        evil.send(town.message(EVIL, from_, "BENOTIFY"))
        town.delivered(evil, town.message(EVIL, "mallory@sip.evil.example"))  # nothing came before it
        town.delivered(partner, town.message(PARTNER, "carol@partner.example"))


def test_nor_as_anybody_in_another_header(town: Town) -> None:
    names = (
        "P-Asserted-Identity",
        "P-Preferred-Identity",
        "Remote-Party-ID",
        "Diversion",
        "ms-asserted-verification-level",
    )
    extra = "".join(f"{name}: <sip:boss@near.example>\r\n" for name in (*names, "ms-edge-proxy-message-trust"))
    with town.call(EVIL) as evil:
        received = town.delivered(evil, town.message(EVIL, "mallory@sip.evil.example", extra=extra))
    assert b"boss@near.example" not in received


@pytest.mark.parametrize("method", ["MESSAGE", "INVITE", "SUBSCRIBE"])
@pytest.mark.parametrize(
    ("uri", "route"),
    [
        ("sip:v@third.example", "<sip:x@near.example>"),
        ("sip:v@third.example", "<sip:x@near.example;lr>"),
        ("sip:v@third.example", "<sip:node.near.example;lr>"),
    ],
)
def test_the_node_relays_for_nobody(town: Town, method: str, uri: str, route: str) -> None:
    with town.call(EVIL) as evil:
        town.refused(evil, town.message(EVIL, "m@sip.evil.example", method, uri, f"Route: {route}\r\n"))
        town.delivered(evil, town.message(EVIL, "m@sip.evil.example"))


def test_an_answered_call_opens_its_own_dialog_only(town: Town) -> None:
    with town.call(EVIL) as evil:
        call = town.message(EVIL, "m@sip.evil.example", "INVITE", extra="Contact: <sip:m@192.0.2.9>\r\n")
        evil.send(call)
        received = town.node.read_message()
        contact = b"Contact: <sip:alice@10.1.2.3:5062;transport=tcp>\r\n"
        town.node.send(answer(received).replace(b"Content-Length:", contact + b"Content-Length:", 1))
        accepted = evil.read_message()
        while accepted.startswith(b"SIP/2.0 100 "):
            accepted = evil.read_message()
        routes = [line for line in accepted.split(b"\r\n") if line.startswith(b"Record-Route:")]
        in_dialog = "".join(line.decode().replace("Record-", "") + "\r\n" for line in reversed(routes))
        assert len(routes) == 2

        def within(uri: str, method: str = "MESSAGE") -> bytes:
            sent = town.message(EVIL, "m@sip.evil.example", method, uri, in_dialog)
            sent = sent.replace(f"Call-ID: {header(sent, 'Call-ID')}".encode(), b"Call-ID: " + _id(call), 1)
            tag = header(call, "From").partition("tag=")[2]
            sent = sent.replace(f"From: {header(sent, 'From')}".encode(), f"From: {header(call, 'From')}".encode(), 1)
            assert tag
            return sent.replace(f"To: <{uri}>".encode(), f"To: <{uri}>;tag=callee".encode(), 1)

        for uri in ("sip:secret@internal.third.example", "sip:+900@pstn.third.example", "sip:x@10.0.0.5:9999"):
            assert town.refused(evil, within(uri)).startswith(b"SIP/2.0 404 ")
        received = town.delivered(evil, within("sip:alice@10.1.2.3:5062;transport=tcp", "BYE"))
        assert received.startswith(b"BYE sip:alice@10.1.2.3:5062;transport=tcp ")


def _id(message: bytes) -> bytes:
    return header(message, "Call-ID").encode()


def test_a_connection_that_the_edge_opened_lets_nobody_in(town: Town) -> None:
    with Callee(town.homes[SHUT], TLS, town.ca, town.leaves[SHUT]) as shut:
        sent = town.message("node", "alice@near.example", uri="sip:bob@shut.example")
        town.node.send(sent)
        with shut.accept() as connection:
            connection.send(answer(connection.read_message()))
            assert town.node.read_message().startswith(b"SIP/2.0 200 ")
            response = town.refused(connection, town.message(SHUT, "bob@shut.example"))
            assert response.startswith(b"SIP/2.0 403 ")
    with town.call(PARTNER) as partner:
        town.delivered(partner, town.message(PARTNER, "carol@partner.example"))
