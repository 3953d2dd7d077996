"""Two edges with a link between them, outside and inside, with the servers of ``xmpp_world`` on either side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sipedge.config import load_config
from sipedge.servers.xmpp.federation import Federation

from .certificates import Leaf, issue
from .xmpp_world import OUR_ROOMS, OURS, PARTNER, World, until, world

NAMES = {"outside": "expe.ours.example.com", "inside": "expc.ours.example.com"}
OTHER = {"outside": "inside", "inside": "outside"}
EDGE = """\
[edge]
system_name = "{name}"
domains = ["{ours}"]
[tls]
server = [{{certificate = "{leaf.certificate}", key = "{leaf.key}"}}]
trusted = "{here.ca.certificate}"
[dns]
servers = ["{here.dns}"]
[xmpp]
role = "{role}"
domains = ["{ours}"]
chat_node_aliases = ["{rooms}"]
link_address = "{address}"
peer_address = "{here.outside}"
peer_subject_name = "{peer}"
link_secret_file = "link.secret"
"""
OWN = {
    "outside": 'address = "{here.outside}"\nallow = ["{partner}"]\n',
    "inside": 'inside_address = "{here.inside}"\nservers = ["{here.behind}"]\n',
}


@dataclass
class Pair:
    here: World
    edges: dict[str, Federation]
    leaves: dict[str, Leaf]
    """Their certificates."""

    def use(self, role: str, keys: str = "") -> None:
        """Give one edge its configuration. ``keys``: its last lines, of [xmpp]."""
        here, path = self.here, self.here.folder / f"{role}.toml"
        text = EDGE + OWN[role] + keys
        address = here.outside if role == "outside" else here.inside
        named = {"name": NAMES[role], "peer": NAMES[OTHER[role]], "ours": OURS, "rooms": OUR_ROOMS, "partner": PARTNER}
        path.write_text(text.format(role=role, here=here, leaf=self.leaves[role], address=address, **named))
        self.edges[role].follow(load_config(path, create_secret=False))

    async def are_active(self, active: bool = True) -> None:
        await until(lambda: [bool(not self.reason(role)) for role in self.edges] == [active, active])

    def reason(self, role: str) -> str:
        """Why an edge is not active."""
        state = self.edges[role].state()
        return state.reason if state is not None else "there is no state"


@asynccontextmanager
async def pair() -> AsyncIterator[Pair]:
    async with world(None, waits=False) as here:
        (here.folder / "link.secret").write_text("of both edges\n")
        names = {"outside": [NAMES["outside"], OURS, OUR_ROOMS], "inside": [NAMES["inside"], OUR_ROOMS]}
        leaves = {role: issue(here.ca, names=names[role], cn="") for role in names}
        edges = {"outside": here.federation, "inside": Federation()}
        both = Pair(here, edges, leaves)
        try:
            for role in edges:
                both.use(role)
            yield both
        finally:
            await edges["inside"].aclose()
