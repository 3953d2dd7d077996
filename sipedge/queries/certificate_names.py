"""Which names an edge's certificate needs: for which feature, and from which key of its configuration.

After the table of alternative names in Cisco's guide to chat and presence federation ("Expressway Certificates"). A
pair of edges has two configurations; each says what its own features need.
"""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.config import ConfigError
from sipedge.config.reading.reader import open_toml
from sipedge.config.tables import read_tables
from sipedge.settings import Xmpp
from sipedge.web_settings import Web


@dataclass(frozen=True, slots=True)
class NeededName:
    """One DNS name of the SAN."""

    name: str
    feature: str
    key: str
    """Where the configuration says so."""


@dataclass(frozen=True, slots=True)
class CertificateNeeds:
    """``names`` without doubles, the edge's own first; ``certificates`` as files, which need not be there yet."""

    names: tuple[NeededName, ...]
    certificates: tuple[str, ...]


def certificate_needs(config: str) -> CertificateNeeds:
    """Reads a configuration whose certificates may be missing: they are what is to be asked for.

    Raises ConfigError when [edge], [xmpp] or [web] is broken.
    """
    reader = open_toml(config)
    tables = read_tables(reader)
    edge = tables.edge
    broken = [name for name, table in (("xmpp", tables.xmpp), ("web", tables.web)) if name in reader.data and not table]
    if edge is None or broken:
        raise ConfigError(reader.problems)
    needed = [
        NeededName(edge.system_name, "all", "[edge] system_name"),
        *(NeededName(name, "all", "[edge] names") for name in edge.names),
        *(_for_xmpp(tables.xmpp) if tables.xmpp else ()),
        *(_for_web(tables.web) if tables.web else ()),
    ]
    first = {entry.name.lower(): entry for entry in reversed(needed)}
    names = tuple(NeededName(name, entry.feature, entry.key) for name, entry in reversed(first.items()))
    return CertificateNeeds(names, tuple(entry.certificate for entry in tables.tls.server))


def _for_xmpp(xmpp: Xmpp) -> list[NeededName]:
    """The federated domains are shown to partners only, the chat node aliases on both sides."""
    return [
        *(NeededName(name, "XMPP federation", "[xmpp] domains") for name in xmpp.domains if xmpp.role != "inside"),
        *(NeededName(name, "XMPP group chat", "[xmpp] chat_node_aliases") for name in xmpp.chat_node_aliases),
    ]


def _for_web(web: Web) -> list[NeededName]:
    guests = (NeededName(entry.guest_uri, "Meeting Server", "[[web.meeting_server]]") for entry in web.meeting_servers)
    rules = (
        NeededName(name, "web publishing", f'[[web.publish]] "{rule.name}"')
        for rule in web.publish
        for name in rule.public_names
    )
    return [*guests, *rules]
