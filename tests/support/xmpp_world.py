"""An edge's XMPP federation with a server behind and a partner, each a real Prosody, own CA, two views of the DNS."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sipedge.config import load_config
from sipedge.servers.state import ServiceState
from sipedge.servers.xmpp.federation import Federation

from .certificates import Ca, Leaf, issue, make_ca
from .dns_server import DnsServer
from .processes import fresh_address
from .prosody import LIMIT, Server, User, logged_in

OURS, OUR_ROOMS = "ours.example.com", "rooms.ours.example.com"
PARTNER, PARTNER_ROOMS = "partner.example.com", "rooms.partner.example.com"
SOA = "@ SOA ns.example.com. admin.example.com. 1 60 60 60 60\n@ NS ns.example.com.\n"
EDGE = """\
[edge]
system_name = "edge.ours.example.com"
domains = ["{ours}"]
[tls]
server = [{{certificate = "{leaf.certificate}", key = "{leaf.key}"}}]
trusted = "{ca.certificate}"
[dns]
servers = ["{dns}"]
[xmpp]
domains = ["{ours}"]
chat_node_aliases = ["{rooms}"]
address = "{outside}"
inside_address = "{inside}"
servers = ["{behind}"]
link_address = "{outside}"
"""


@dataclass
class World:
    """Everybody's address; ``settings`` writes and reads the edge's configuration."""

    folder: Path
    ca: Ca
    federation: Federation
    outside: str = field(default_factory=fresh_address)
    inside: str = field(default_factory=fresh_address)
    behind: str = field(default_factory=fresh_address)
    partner: str = field(default_factory=fresh_address)
    dns: str = ""

    def use(self, text: str, leaf: Leaf | None = None) -> None:
        """Have the federation follow a configuration whose last lines are ``text``."""
        leaf = leaf or issue(self.ca, names=[OURS, OUR_ROOMS])
        path = self.folder / "edge.toml"
        path.write_text(
            EDGE.format(
                ours=OURS,
                rooms=OUR_ROOMS,
                leaf=leaf,
                ca=self.ca,
                dns=self.dns,
                outside=self.outside,
                inside=self.inside,
                behind=self.behind,
            )
            + text
        )
        self.federation.follow(load_config(path, create_secret=False))

    async def until(self, active: bool = True) -> ServiceState:
        """Wait until the federation is active, or is not."""
        async with asyncio.timeout(LIMIT):
            while (state := self.federation.state()) is None or state.active is not active or state.pending:
                await asyncio.sleep(0.05)  # nobody tells of a change: ask again
            return state


def _records(places: dict[str, tuple[str, ...]]) -> str:
    lines = []
    for number, (name, addresses) in enumerate(places.items()):
        for index, address in enumerate(addresses):
            lines.append(f"_xmpp-server._tcp.{name}. SRV 0 0 5269 host{number}-{index}.example.com.")
            lines.append(f"host{number}-{index}.example.com. A {address}")
    return SOA + "\n".join(lines) + "\n"


@asynccontextmanager
async def world(text: str, *, partner: dict[str, str] | None = None, leaf: Leaf | None = None) -> AsyncIterator[World]:
    """``text``: further keys of ``[xmpp]``; ``partner``: Lua options of the partner; ``leaf``: its certificate."""
    folder = Path(tempfile.mkdtemp(prefix="sipedge-xmpp-"))
    folder.chmod(0o755)  # the engine is another user than root, under which tests may run
    try:
        async with AsyncExitStack() as stack:
            yield await _opened(stack, folder, text, partner or {}, leaf)
    finally:
        shutil.rmtree(folder)


async def _opened(stack: AsyncExitStack, folder: Path, text: str, options: dict[str, str], leaf: Leaf | None) -> World:
    ca = make_ca(folder / "ca")
    here = World(folder, ca, Federation())
    stack.push_async_callback(here.federation.aclose)
    theirs = {PARTNER: (here.partner,), PARTNER_ROOMS: (here.partner,)}
    outer = _records({OURS: (here.outside,), OUR_ROOMS: (here.outside,)} | theirs)
    inner = _records({name: (here.inside,) for name in theirs})
    outer_dns = await stack.enter_async_context(DnsServer(outer))
    inner_dns = await stack.enter_async_context(DnsServer(inner))
    here.dns = outer_dns.address
    behind = Server(
        folder / "behind", here.behind, [OURS], inner_dns.address, issue(ca, names=[OURS]), ca.certificate, [OUR_ROOMS]
    )
    leaf = leaf or issue(ca, names=[PARTNER, PARTNER_ROOMS])
    partner = Server(
        folder / "partner", here.partner, [PARTNER], outer_dns.address, leaf, ca.certificate, [PARTNER_ROOMS], options
    )
    for server in (behind, partner):
        program = server.program()
        await asyncio.to_thread(stack.enter_context, program)
    here.use(text)
    await here.until()
    return here


@asynccontextmanager
async def two_users(here: World) -> AsyncIterator[tuple[User, User]]:
    """Ours and the partner's."""
    async with logged_in(f"user@{OURS}", here.behind) as ours, logged_in(f"user@{PARTNER}", here.partner) as theirs:
        yield ours, theirs
