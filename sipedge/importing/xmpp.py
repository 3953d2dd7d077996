"""XMPP federation of an Expressway -> ``[xmpp]`` of one edge of a pair.

A dump says which domains are federated: ``SIP Domain N Xmppfederation``, as the record is called in Cisco's open-source
hybrid connector and in as-built scripts that read dumps. What the pages about static routes, lists of domains, security
mode, dialback secret and chat node aliases hold is not in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.importers.xconfiguration import Dump, Remark, View
from zones.addresses import canonical_address
from zones.names import host_name

from .edge import DOMAIN_PATHS, Box
from .toml import Table, Value

LINK_SECRET = "link.secret"
NO_ADDRESS = "192.0.2.1"
"""A stand-in (RFC 5737): nobody has it."""
NO_NAME = "no-equal.invalid"
NOT_IN_DUMP = (
    "XMPP federation is on, and a dump has only its domains: copy security mode, privacy mode, allow and deny lists, "
    "static routes and the dialback secret from Configuration > Unified Communications of the Expressway-E, and the "
    "chat node aliases from IM and Presence"
)
_WORDS = ("xcp", "xmpp")


@dataclass(frozen=True, slots=True)
class _Way:
    """The traversal zone between the two boxes, by its number in the dump."""

    role: str
    view: View
    """Of the zone's own kind."""


def xmpp_tables(dump: Dump, box: Box) -> list[Table]:
    """None or one; what is left to do becomes a remark of the box. Takes its settings last: it names those left."""
    domains = _domains(dump)
    way = _way(dump) if domains else None
    tables = []
    if domains and way is None:
        _remark(box, dump, f"XMPP federation is on for {', '.join(domains)}: without a traversal zone, write [xmpp]")
    elif way is not None:
        tables.append(_table(box, domains, way))
        _remark(box, dump, NOT_IN_DUMP)
    left = [setting for setting in dump.unused() if any(word in setting.name.casefold() for word in _WORDS)]
    if left:
        names = ", ".join(setting.name for setting in left)
        box.remarks.append(Remark(left[0].line, f"about XMPP and not taken over: {names}"))
    return tables


def _domains(dump: Dump) -> list[str]:
    found: dict[str, None] = {}
    for words in DOMAIN_PATHS:
        for number in dump.indexes(words):
            view = dump.under(words, str(number))
            name = host_name(view.text("Name").strip())
            if view.on("Xmppfederation") and name:
                found[name.lower()] = None
    return list(found)


def _way(dump: Dump) -> _Way | None:
    """An Expressway-C has a traversal client zone, an Expressway-E a server's; Unified Communications zones first."""
    found = []
    for number in dump.indexes("Zones Zone"):
        zone = dump.under("Zones Zone", str(number))
        kind = zone.word("Type")
        for word, role in (("TraversalClient", "inside"), ("TraversalServer", "outside")):
            if kind == word.casefold():
                found.append(_Way(role, dump.under(zone.prefix, word)))
    return min(found, key=lambda way: (not way.view.on("Collaboration Edge"), way.role), default=None)


def _table(box: Box, domains: list[str], way: _Way) -> Table:
    own = next((address for address in box.addresses if ":" not in address), NO_ADDRESS)
    peer, outside = way.view.text("Peer 1 Address").strip(), way.role == "outside"
    subject = host_name(way.view.text("SIP TLS Verify Subject Name").strip()) or (
        host_name(peer) if not outside else ""
    )
    keys: dict[str, Value] = {
        "role": way.role,
        "domains": list(domains),
        "address" if outside else "inside_address": own,
        "peer_address": (own if outside else canonical_address(peer)) or NO_ADDRESS,
        "peer_subject_name": subject or NO_NAME,
        "link_secret_file": LINK_SECRET,
    }
    table = Table("[xmpp]", keys, ["The rest is not in a dump: the report says what to copy, and from where."])
    table.notes["link_secret_file"] = "a random stand-in: both edges need the same"
    if keys["peer_address"] == NO_ADDRESS:
        table.notes["peer_address"] = "a stand-in: write the address of the outside edge that this one connects to"
    if keys["peer_subject_name"] == NO_NAME:
        table.notes["peer_subject_name"] = "a stand-in: write the name in the other edge's certificate"
    return table


def _remark(box: Box, dump: Dump, text: str) -> None:
    lines = [line for words in DOMAIN_PATHS if (line := dump.line(words))]
    box.remarks.append(Remark(min(lines, default=0), text))
