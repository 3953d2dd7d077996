"""The same certificates and From headers, judged by the edge and by Kamailio's certificate pseudo-variables.

docs/identity.md has the table; here both are asked, and the table is compared with what they say.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support.border_town import final
from support.certificates import Ca, Leaf, issue, make_ca
from support.dns_server import name_server
from support.kamailio import doorkeeper
from support.paths import ROOT
from support.processes import fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, answer, connect, request

pytestmark = pytest.mark.e2e

TLS, TCP = 5061, 5060
RECORDS = "$TTL 60\n_sipfederationtls._tcp.partner.example. SRV 0 0 5061 sip.partner.example.\n"
CERTIFICATES: dict[str, dict[str, Any]] = {
    "`sip.partner.example`": {"names": ["sip.partner.example"]},
    "`partner.example`": {"names": ["partner.example"]},
    "`sip.partner.example`, `partner.example`": {"names": ["sip.partner.example", "partner.example"]},
    "URI `sip:partner.example`": {"uris": ["sip:partner.example"], "cn": ""},
    "no SAN, CN `partner.example`": {"cn": "partner.example"},
    "`evil.example`, CN `partner.example`": {"names": ["evil.example"], "cn": "partner.example"},
    "`*.partner.example`": {"names": ["*.partner.example"]},
    "`evil.example`": {"names": ["evil.example"]},
    "`near.example`, the own domain": {"names": ["near.example"]},
}
"""What is in subjectAltName -> the certificate."""
FORMS = {
    "partner": "sip:carol@partner.example",
    "PARTNER": "sip:carol@PARTNER.example",
    "final dot": "sip:carol@partner.example.",
    "below": "sip:carol@sip.partner.example",
    "evil": "sip:mallory@evil.example",
    "own": "sip:boss@near.example",
    "tel": "tel:+15551234",
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Judge:
    """A proxy that answers 200 or 403."""

    address: str
    ca: Ca

    def verdict(self, leaf: Leaf, from_: str) -> str:
        """``yes``, or ``no`` for 403."""
        own = fresh_address()
        sent = request("MESSAGE", "sip:alice@near.example", own, next(_numbers))
        with connect(own, self.address, TLS, self.ca, leaf, self.address) as stream:
            stream.send(sent.replace(b"sip:alice@near.example>;tag", f"{from_}>;tag".encode(), 1))
            response = final(stream)
        return {b"200": "yes", b"403": "no"}[response.split(b" ")[1]]


@contextlib.contextmanager
def node(address: str) -> Iterator[None]:
    """Says 200 to whatever comes, over one connection after the other."""
    with Callee(address, TCP) as callee:

        def serve() -> None:
            with callee.accept() as connection, contextlib.suppress(OSError):
                while True:
                    connection.send(answer(connection.read_message()))

        thread = threading.Thread(target=serve)
        thread.start()
        yield
    thread.join()


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Judge]]:
    folder = tmp_path_factory.mktemp("identity")
    address, other, inside = fresh_address(), fresh_address(), fresh_address()
    ca = make_ca(folder)
    with name_server(RECORDS) as dns:
        tables = [
            listener("tls", address),
            listener("tcp", address, "TCP"),
            f'[dns]\nservers = ["{dns}"]\n',
            neighbor("node", [inside], "TCP"),
        ]
        config = edge_toml(ca, issue(ca, ips=[address]), *tables)
        with (
            node(inside),
            doorkeeper(folder / "kamailio", other, ca, issue(ca, ips=[other])),
            Edge(folder / "edge", config, rule("in", r".*@near\.example", "node")),
        ):
            yield {"edge": Judge(address, ca), "Kamailio": Judge(other, ca)}


def table() -> dict[tuple[str, str], list[str]]:
    """(certificate, proxy) -> its cells, from docs/identity.md."""
    text = (ROOT / "docs/identity.md").read_text()
    rows = re.findall(r"^\| (.*?) \| (edge|Kamailio) \| (.*) \|$", text, re.MULTILINE)
    return {(certificate, proxy): cells.split(" | ") for certificate, proxy, cells in rows}


@pytest.mark.parametrize("certificate", CERTIFICATES)
@pytest.mark.parametrize("proxy", ["edge", "Kamailio"])
def test_side_by_side(judges: dict[str, Judge], proxy: str, certificate: str) -> None:
    judge = judges[proxy]
    leaf = issue(judge.ca, **CERTIFICATES[certificate])
    assert [judge.verdict(leaf, from_) for from_ in FORMS.values()] == table()[certificate, proxy]
