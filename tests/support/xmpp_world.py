"""An edge's XMPP federation with a server behind and a partner, each a real Prosody, own CA, two views of the DNS."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sipedge.config import load_config
from sipedge.servers.state import ServiceState, Stream
from sipedge.servers.xmpp.federation import Federation

from .certificates import Ca, Leaf, issue, make_ca
from .dns_server import DnsServer
from .processes import fresh_address
from .prosody import LIMIT, Server, User, logged_in

OURS, OUR_ROOMS, OUR_LOUNGE = "ours.example.com", "rooms.ours.example.com", "lounge.ours.example.com"
PARTNER, PARTNER_ROOMS = "partner.example.com", "rooms.partner.example.com"
THIRD = "third.example.com"
"""A partner that only the servers behind can find: the edge has a static route to it, or none."""
SOA = "@ SOA ns.example.com. admin.example.com. 1 60 60 60 60\n@ NS ns.example.com.\n"
EDGE = """\
[edge]
system_name = "edge.ours.example.com"
domains = ["{ours}"]
[tls]
server = [{{certificate = "{leaf.certificate}", key = "{leaf.key}"}}]
trusted = "{ca.certificate}"
[dns]
servers = ["{here.dns}"]
[xmpp]
domains = ["{ours}"]
chat_node_aliases = ["{rooms}", "{lounge}"]
address = "{here.outside}"
inside_address = "{here.inside}"
servers = ["{here.behind}"]
link_address = "{here.outside}"
"""


@dataclass
class World:
    """Everybody's address; ``use`` gives the edge another configuration."""

    folder: Path
    ca: Ca
    federation: Federation
    leaf: Leaf
    """The partner's certificate."""
    own: Leaf
    """The edge's."""
    outside: str = field(default_factory=fresh_address)
    inside: str = field(default_factory=fresh_address)
    behind: str = field(default_factory=fresh_address)
    partner: str = field(default_factory=fresh_address)
    dns: str = ""
    asked: list[str] = field(default_factory=list)
    """What the edge and the partner have asked the DNS."""
    name: str = "edge"
    """Of the configuration file, and of the folder beside it."""

    def text(self, keys: str) -> str:
        """The whole configuration; ``keys``: its last lines, of [xmpp]."""
        names = {"ours": OURS, "rooms": OUR_ROOMS, "lounge": OUR_LOUNGE}
        return EDGE.format(**names, leaf=self.own, ca=self.ca, here=self) + keys

    async def change(self, keys: str) -> None:
        """``use``, and wait until that is in force."""
        self.use(keys)
        await until(lambda: (state := self.federation.state()) is not None and not state.pending)

    async def costs(self, keys: str) -> list[str]:
        """What ``use`` would cost."""
        path = self.folder / "next.toml"
        path.write_text(self.text(keys))
        settings = load_config(path, create_secret=False)
        assert settings.xmpp is not None
        xmpp = replace(settings.xmpp, folder=str(self.folder / "edge.xmpp"))
        return await self.federation.costs(replace(settings, xmpp=xmpp))

    def use(self, keys: str, *, xmpp: bool = True) -> None:
        path = self.folder / f"{self.name}.toml"
        text = self.text(keys)
        path.write_text(text if xmpp else text.partition("[xmpp]")[0])
        self.federation.follow(load_config(path, create_secret=False))

    def issue(self, names: Sequence[str]) -> Leaf:
        """A certificate of the CA that all trust."""
        return issue(self.ca, names=names)

    async def is_active(self, active: bool = True) -> ServiceState:
        """Wait until the federation is, or is not."""
        await until(lambda: (state := self.federation.state()) is not None and state.active is active)
        state = self.federation.state()
        assert state is not None
        return state

    def pending(self) -> bool:
        state = self.federation.state()
        return state is not None and state.pending

    def waits_for(self) -> str:
        """When changes that wait for a restart get it."""
        state = self.federation.state()
        return state.restart if state is not None else ""

    def processes(self) -> tuple[int, ...]:
        """Outside and inside; 0 for one that does not run."""
        state = self.federation.state()
        return state.processes if state is not None else ()

    def streams(self) -> tuple[Stream, ...]:
        state = self.federation.state()
        return state.streams if state is not None else ()


def records(places: dict[str, str], further: Sequence[str] = ()) -> str:
    """``further``: lines of the zone file."""
    lines = []
    for number, (name, address) in enumerate(places.items()):
        lines.append(f"_xmpp-server._tcp.{name}. SRV 0 65535 5269 host{number}.example.com.")
        lines.append(f"host{number}.example.com. A {address}")
    return SOA + "\n".join([*lines, *further]) + "\n"


@asynccontextmanager
async def world(
    keys: str | None,
    *,
    partner: dict[str, str] | None = None,
    names: Sequence[str] = (PARTNER, PARTNER_ROOMS),
    other_ca: bool = False,
    waits: bool = True,
    dns: Sequence[str] = (),
    found: Sequence[str] = (THIRD,),
) -> AsyncIterator[World]:
    """``keys``: further lines of ``[xmpp]``, None: nothing is run; ``partner``: Lua options of the partner; ``names``:
    of its certificate, issued by a CA that the edge trusts unless ``other_ca``; ``waits``: until all is active;
    ``dns``: further lines of the zone file that the edge and the partner see; ``found``: domains that the
    servers behind find beside the partner's.
    """
    folder = Path(tempfile.mkdtemp(prefix="sipedge-xmpp-"))
    folder.chmod(0o755)  # the engine is another user than root, under which tests may run
    try:
        async with AsyncExitStack() as stack:
            ca = make_ca(folder / "ca")
            leaf = issue(make_ca(folder / "other") if other_ca else ca, names=names)
            here = World(folder, ca, Federation(), leaf, issue(ca, names=[OURS, OUR_ROOMS, OUR_LOUNGE]))
            await _open(stack, here, partner or {}, dns, found)
            if keys is not None:
                here.use(keys)
            if waits:
                await here.is_active()
            yield here
    finally:
        shutil.rmtree(folder)


async def _open(
    stack: AsyncExitStack, here: World, options: dict[str, str], dns: Sequence[str], found: Sequence[str]
) -> None:
    stack.push_async_callback(here.federation.aclose)
    theirs = {PARTNER: here.partner, PARTNER_ROOMS: here.partner}
    outer = records(dict.fromkeys((OURS, OUR_ROOMS, OUR_LOUNGE), here.outside) | theirs, dns)
    outer_dns = await stack.enter_async_context(DnsServer(outer))
    inner_dns = await stack.enter_async_context(DnsServer(records(dict.fromkeys((*theirs, *found), here.inside))))
    here.dns, here.asked = outer_dns.address, outer_dns.asked
    ca, folder = here.ca.certificate, here.folder
    leaf = issue(here.ca, names=[OURS])
    servers = (
        Server(folder / "behind", here.behind, [OURS], inner_dns.address, leaf, ca, [OUR_ROOMS, OUR_LOUNGE]),
        Server(folder / "partner", here.partner, [PARTNER], here.dns, here.leaf, ca, [PARTNER_ROOMS], options),
    )
    for server in servers:
        # In a thread, because it waits; the DNS servers answer meanwhile.
        await asyncio.to_thread(stack.enter_context, server.program())


async def until(true: Callable[[], bool]) -> None:
    """Wait for what no event tells."""
    async with asyncio.timeout(LIMIT):
        while not true():
            await asyncio.sleep(0.02)


async def passes(sender: User, receiver: User) -> None:
    """A message arrives, and its addresses are unchanged."""
    sender.send_message(receiver.boundjid.bare, "hello", mtype="chat")
    message = await receiver.next_message()
    ends = (sender.boundjid.bare, receiver.boundjid.bare)
    assert (message["type"], message["body"], message["from"].bare, message["to"].bare) == ("chat", "hello", *ends)


async def bounces(sender: User, receiver: User) -> str:
    """The sender gets an error and nothing is delivered; the condition."""
    sender.send_message(receiver.boundjid.bare, "hello", mtype="chat")
    message = await sender.next_message()
    assert message["type"] == "error", message
    assert receiver.received.empty()
    return str(message["error"]["condition"])


@asynccontextmanager
async def two_users(here: World) -> AsyncIterator[tuple[User, User]]:
    """Ours and the partner's."""
    async with logged_in(f"user@{OURS}", here.behind) as ours, logged_in(f"user@{PARTNER}", here.partner) as theirs:
        yield ours, theirs
