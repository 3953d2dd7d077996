"""IPv6 from listener to peer, over TLS: addresses in certificates, Via, Record-Route and on the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.certificates import issue, make_ca
from support.running_edge import Edge, edge_toml, neighbor, rule
from support.stream import Callee, answer, connect, header, request

pytestmark = pytest.mark.e2e

HOST = "::1"
"""The only IPv6 address of a loopback device: the edge and its peers differ in their ports."""
LISTENER = '[[listener]]\nname = "v6"\naddress = "::1"\nport = 15061\n'


def test_a_call_over_ipv6(tmp_path: Path) -> None:
    ca = make_ca(tmp_path)
    leaf = issue(ca, ips=[HOST])
    zone = neighbor("peers", [HOST]).replace("port = 5061", "port = 15075")
    config = edge_toml(ca, leaf, LISTENER, zone)
    with (
        Edge(tmp_path / "edge", config, rule("out", r".*@far\.example", "peers")),
        Callee(HOST, 15075, ca, leaf) as callee,
        connect(HOST, HOST, 15061, ca, leaf) as caller,
    ):
        caller.send(request("INVITE", "sip:bob@far.example", f"[{HOST}]", 1))
        with callee.accept() as connection:
            received = connection.read_message()
            assert header(received, "Via").startswith("SIP/2.0/TLS [::1]:15061;branch=z9hG4bK")
            assert "@[::1]:15061;transport=tls;lr>" in header(received, "Record-Route")
            connection.send(answer(received))
            assert caller.read_message().startswith(b"SIP/2.0 100 ")
            accepted = caller.read_message()
            assert accepted.startswith(b"SIP/2.0 200 ")
            route = header(accepted, "Record-Route")
            bye = request("BYE", "sip:bob@[::1]:15075", f"[{HOST}]", 1).replace(b"-stream-1", b"-stream-bye", 1)
            bye = bye.replace(b"To: <sip:bob@[::1]:15075>", f"Route: {route}\r\nTo: <sip:b@x>;tag=callee".encode())
            caller.send(bye)
            received = connection.read_message()
            assert received.startswith(b"BYE sip:bob@[::1]:15075 ") and header(received, "Route") == ""
            connection.send(answer(received))
            assert caller.read_message().startswith(b"SIP/2.0 200 ")
