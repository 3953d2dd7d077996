"""What the outside sees of a call from inside: a hidden zone of the edge, beside Kamailio's topoh and topos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.certificates import Ca, Leaf, issue, make_ca
from support.processes import Program, fresh_address
from support.running_edge import Edge, edge_toml, listener, neighbor, rule
from support.stream import Callee, connect
from support.third_party import require

from tools.kamailio import TlsFiles, command, write_configuration

pytestmark = pytest.mark.e2e

PORT = 5060
CANARY = "canary.local"
TABLES = Path("/usr/share/kamailio/dbtext/kamailio")

INVITE = """\
INVITE sip:bob@outside.example SIP/2.0
Via: SIP/2.0/TCP proxy.{canary}:5060;branch=z9hG4bKone
Via: SIP/2.0/TCP phone.{canary}:5060;branch=z9hG4bKtwo
Record-Route: <sip:proxy.{canary};lr>
Max-Forwards: 70
From: <sip:alice@inside.example>;tag=a
To: <sip:bob@outside.example>
Call-ID: 1@phone.{canary}
CSeq: 1 INVITE
Contact: <sip:alice@phone.{canary}:5060;transport=tcp>;+sip.instance="<urn:{canary}>"
User-Agent: made by {canary}
Organization: {canary}
Warning: 399 phone.{canary} "{canary}"
History-Info: <sip:alice@pbx.{canary}>;index=1
Reply-To: <sip:alice@phone.{canary}>
X-Trace: seen at pbx.{canary}
Content-Type: application/sdp
Content-Length: {length}

"""
SDP = "v=0\no=- 0 0 IN IP4 phone.{canary}\ns=s\nc=IN IP4 phone.{canary}\nt=0 0\nm=message 5060 sip null\n"
SYSTEMS = {
    "hidden": set[str](),
    "b2bua": set[str](),
    "topoh": {
        "body", "contact", "history-info", "organization", "reply-to", "user-agent", "warning", "x-trace",
    },
    "topos": {
        "body", "call-id", "history-info", "organization", "reply-to", "user-agent", "warning", "x-trace",
    },
}  # fmt: skip
"""Where the canary is still found outside, of the same call (Kamailio 5.6.3). In Contact it is a parameter."""


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_the_outside_learns(system: str, tmp_path: Path) -> None:
    address, inside, outside = (fresh_address() for _ in range(3))
    with Callee(outside, PORT) as callee, running(system, tmp_path, address, inside, outside):
        with connect(inside, address, PORT) as caller:
            caller.send(call())
            with callee.accept() as arrived:
                assert leaks(arrived.read_message()) == SYSTEMS[system]


def call() -> bytes:
    body = SDP.format(canary=CANARY).replace("\n", "\r\n")
    return INVITE.format(canary=CANARY, length=len(body)).replace("\n", "\r\n").encode() + body.encode()


def leaks(message: bytes) -> set[str]:
    """Names of the headers that hold the canary; "body"."""
    head, _, body = message.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if CANARY.encode() in line]
    names = {line.partition(b":")[0].decode().lower() for line in lines}
    return names | ({"body"} if CANARY.encode() in body else set())


@contextmanager
def running(system: str, folder: Path, address: str, inside: str, outside: str) -> Iterator[None]:
    ca = make_ca(folder)
    leaf = issue(ca, ips=[address])
    if system in ("hidden", "b2bua"):
        zones = [neighbor("inside", [inside], "TCP", f'topology = "{system}"'), neighbor("outside", [outside], "TCP")]
        config = edge_toml(ca, leaf, listener("tcp", address, "TCP"), *zones)
        with Edge(folder, config, rule("out", r".*@outside\.example", "outside")):
            yield
    else:
        with _kamailio(system, folder / "kamailio", address, outside, ca, leaf):
            yield


def _kamailio(system: str, folder: Path, address: str, outside: str, ca: Ca, leaf: Leaf) -> Program:
    program = require("kamailio")
    folder.mkdir()
    for name in ("version", "topos_d", "topos_t"):
        # As they are shipped, columns that topos leaves empty may not be: then it stores nothing and hides nothing.
        columns = (TABLES / name).read_text().replace("(string)", "(string,null)")
        (folder / name).write_text(columns)
    script = _SCRIPT.replace("OUTSIDE", outside).replace("HIDING", _HIDING[system].replace("FOLDER", str(folder)))
    settings = _SETTINGS.replace("ADDRESS", address)
    configuration = write_configuration(folder, TlsFiles(leaf.certificate, leaf.key, ca.certificate), settings, script)
    return Program(command(program, configuration, 64, 8), folder / "log", listens=[(address, PORT)])


_SETTINGS = "debug=2\ntcp_children=2\nlisten=tcp:ADDRESS:5060\ntcp_source_ipv4=ADDRESS\n"
_HIDING = {
    "topoh": """\
loadmodule "topoh.so"
modparam("topoh", "mask_key", "a key of the tests")
modparam("topoh", "mask_callid", 1)
""",
    "topos": """\
loadmodule "db_text.so"
loadmodule "topos.so"
modparam("topos", "storage", "db")
modparam("topos", "db_url", "text://FOLDER")
""",
}
_SCRIPT = """\
HIDING
request_route {
  if (is_method("INVITE")) record_route();
  $du = "sip:OUTSIDE:5060;transport=tcp";
  t_relay();
}
"""
