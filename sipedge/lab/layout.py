"""Where everything of the lab is: a free block of loopback addresses, certificates, DNS records, the edges' files."""

from __future__ import annotations

import random
import secrets
import socket
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from .ca import Authority, Pem

CISCO, MICROSOFT = "ciscoexample.com", "msexample.com"
PARTNER, STRANGER = "xmppexample.com", "strangerexample.com"
"""Of XMPP federation: one that is allowed and one that is not."""
ROUTING_NAME = "imp1-public.ciscoexample.com"
"""The Federation Routing IM/P FQDN: Contact of everything that the IM&P node sends."""
EDGE_NAME = "sip.ciscoexample.com"
"""Target of the SRV record that Microsoft looks up, and in the outside edge's certificate."""
SFB_NAME = "sip.msexample.com"
GUEST_URI, WEB_BRIDGE = "join.ciscoexample.com", "cms1.ciscoexample.com"
"""Of the Meeting Server, whose web bridge the outside edge publishes."""
FEDERATION, XMPP_SERVER = "_sipfederationtls._tcp.", "_xmpp-server._tcp."
CONFIGS = ("inside.toml", "outside.toml", "inside.dialplan", "outside.dialplan")
_LOCK_PORT = 5999


@dataclass(frozen=True, slots=True)
class Block:
    """Addresses of one lab; the open socket keeps other labs off them."""

    lock: socket.socket
    dns: str
    inside: str
    outside: str
    imp: str
    sfb: str
    partner: str
    cms: str


def reserve() -> Block:
    """A block 127.77.x.0/24 that nobody uses. Raises OSError when there is none."""
    for number in random.sample(range(1, 255), 254):
        lock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            lock.bind((f"127.77.{number}.1", _LOCK_PORT))
        except OSError:
            lock.close()
        else:
            return Block(lock, *(f"127.77.{number}.{host}" for host in range(1, 8)))
    raise OSError("no free block of loopback addresses in 127.77.0.0/16")


@dataclass(frozen=True, slots=True)
class Layout:
    """A lab's folder and addresses, with everything written that the processes need."""

    folder: Path
    block: Block
    ca: Path
    imp: Pem
    sfb: Pem
    partner: Pem
    cms: Pem
    xmpp: bool
    """The edges federate over XMPP, too."""
    web: bool
    """The outside edge publishes a web bridge, too."""

    def dns(self) -> dict[str, Any]:
        block = self.block
        views = (("external", 5300, external_records(block)), ("internal", 5301, internal_records(block)))
        return {
            "views": [
                {"name": name, "address": block.dns, "port": port, "records": records} for name, port, records in views
            ]
        }

    def sfb_edge(self) -> dict[str, Any]:
        return {
            "address": self.block.sfb,
            "port": 5061,
            "domain": MICROSOFT,
            "name": SFB_NAME,
            "users": ["juliet"],
            "dns": [self.block.dns, 5300],
            **self._files(self.sfb),
        }

    def imp_node(self) -> dict[str, Any]:
        return {
            "address": self.block.imp,
            "port": 5062,
            "domain": CISCO,
            "routing_name": ROUTING_NAME,
            "next_hop": [self.block.inside, 5061, "expc.ciscoexample.com"],
            "peer_subjects": ["expc.ciscoexample.com"],
            "inner_port": 5071,
            "presence_port": 5070,
            **self._files(self.imp),
        }

    def imp_presence(self) -> dict[str, Any]:
        return {
            "address": self.block.imp,
            "port": 5070,
            "proxy_port": 5071,
            "user": "romeo",
            "domain": CISCO,
            "routing_name": ROUTING_NAME,
        }

    def xmpp_behind(self) -> dict[str, Any]:
        """IM&P's own XMPP server, with its federation switched on."""
        return self._xmpp_server(CISCO, self.block.imp, 5301, self.imp)

    def xmpp_partner(self) -> dict[str, Any]:
        return self._xmpp_server(PARTNER, self.block.partner, 5300, self.partner)

    def web_bridge(self) -> dict[str, Any]:
        return {"address": self.block.cms, "port": 8443, "turn": [], **self._files(self.cms)}

    def _xmpp_server(self, domain: str, address: str, view: int, pem: Pem) -> dict[str, Any]:
        place = {"domain": domain, "address": address, "dns": f"{self.block.dns}@{view}"}
        return place | {"folder": str(self.folder / f"xmpp-{domain}"), **self._files(pem)}

    def _files(self, pem: Pem) -> dict[str, str]:
        return {"certificate": str(pem.certificate), "key": str(pem.key), "trusted": str(self.ca)}


def external_records(block: Block) -> dict[str, dict[str, list[str]]]:
    """What the world sees (Cisco, "Chat and Presence Federation Using Expressway", table 7)."""
    return {
        FEDERATION + CISCO: {"SRV": [f"10 10 5061 {EDGE_NAME}."]},
        EDGE_NAME: {"A": [block.outside]},
        "sip2.ciscoexample.com": {"A": [block.outside]},
        "sip.sub.ciscoexample.com": {"A": [block.outside]},
        "expe.ciscoexample.com": {"A": [block.outside]},
        FEDERATION + MICROSOFT: {"SRV": [f"10 10 5061 {SFB_NAME}."]},
        SFB_NAME: {"A": [block.sfb]},
        XMPP_SERVER + CISCO: {"SRV": [f"0 0 5269 {EDGE_NAME}."]},
        XMPP_SERVER + PARTNER: {"SRV": [f"0 0 5269 xmpp.{PARTNER}."]},
        f"xmpp.{PARTNER}": {"A": [block.partner]},
        GUEST_URI: {"A": [block.outside]},
    }


def internal_records(block: Block) -> dict[str, dict[str, list[str]]]:
    """What the inside edge sees (table 8 there): the routing name without a PTR, and the names of the edges."""
    return {
        ROUTING_NAME: {"A": [block.imp]},
        "expc.ciscoexample.com": {"A": [block.inside]},
        "expe.ciscoexample.com": {"A": [block.outside]},
        XMPP_SERVER + PARTNER: {"SRV": ["0 0 5269 expc.ciscoexample.com."]},
        f"_cms-web._tls.{GUEST_URI}": {"SRV": [f"0 0 8443 {WEB_BRIDGE}."]},
        WEB_BRIDGE: {"A": [block.cms]},
        XMPP_SERVER + STRANGER: {"SRV": ["0 0 5269 expc.ciscoexample.com."]},
    }


SAME_CALL_ID = "hide_call_id = false  # the ladder tells dialogs by it"


def prepare(folder: Path, block: Block, topology: str = "open", xmpp: bool = False, web: bool = False) -> Layout:
    """Write certificates and the edges' configuration into ``folder``.

    ``topology``: of the inside, as the outside edge shows it; ``xmpp``: the edges federate over XMPP, too; ``web``:
    the outside edge publishes a web bridge.
    """
    authority = Authority(folder)
    authority.issue("inside", common_name="expc.ciscoexample.com", names=("expc.ciscoexample.com",))
    names = ("expe.ciscoexample.com", EDGE_NAME, *([CISCO] if xmpp else []), *([GUEST_URI] if web else []))
    authority.issue("outside", common_name="expe.ciscoexample.com", names=names)
    imp = authority.issue("imp", common_name="imp1.ciscoexample.com", names=(ROUTING_NAME, "imp1.ciscoexample.com"))
    sfb = authority.issue("sfb", common_name=SFB_NAME, names=(SFB_NAME,))
    partner = authority.issue("partner", common_name=PARTNER, names=(PARTNER,))
    cms = authority.issue("cms", common_name=WEB_BRIDGE, names=(WEB_BRIDGE,))
    words = {"dns": block.dns, "inside": block.inside, "outside": block.outside, "imp": block.imp}
    words["hidden"] = f'topology = "{topology}"\n{SAME_CALL_ID}'
    for name in CONFIGS:
        text = _data(name) + (_data(f"xmpp-{name}") if xmpp and name.endswith(".toml") else "")
        text += _data(f"web-{name}") if web and name == "outside.toml" else ""
        (folder / name).write_text(Template(text).substitute(words) if name.endswith(".toml") else text)
    (folder / "traversal.password").write_text(secrets.token_urlsafe(12))  # no revision of the consoles holds one
    if xmpp:
        (folder / "link.secret").write_text(secrets.token_urlsafe(24))
    if xmpp or web:
        for file in folder.iterdir():
            file.chmod(0o600)
        folder.chmod(0o711)  # where the lab is root, the engines are not, and their folders are below this one
    return Layout(folder, block, authority.file, imp, sfb, partner, cms, xmpp, web)


def _data(name: str) -> str:
    return files("sipedge.lab").joinpath("data", name).read_text()
