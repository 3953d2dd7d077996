"""Zones of an Expressway -> tables of ``edge.toml``. A zone keeps its name, so that the rules find it.

What the box does is taken over as it is. Where this edge would by default be stricter, the setting is written out and
remarked on.
"""

from __future__ import annotations

from collections.abc import Callable

from dialplan.importers.expressway import ZoneUse
from dialplan.importers.xconfiguration import Dump, Remark, View
from dialplan.model import DEFAULT_ZONE, LOCAL_ZONE, Variables
from zones.addresses import canonical_address
from zones.names import host_name

from .default_zone import ANYBODY, default_zone
from .toml import Value
from .zone_table import MAX_NAME, POLICIES, ZoneSection, possible_name

STAND_IN = "no-equal.invalid"
"""The peer of a zone that has no equal. No name server knows it: what is sent there fails, and the search goes on."""

MAX_USERNAME = 128

_LOCAL = {"localzone", "defaultsubzone", "traversalsubzone"}


class Zones:
    """All zones of a dump, and stand-ins for those that rules name and that have no equal or are not in it."""

    def __init__(self, dump: Dump, tcp: bool, variables: Variables, ports: set[int]) -> None:
        """``tcp``: whether the box speaks TCP at all (``SIP TCP Mode``). ``ports``: of the listeners."""
        self.ports = set(ports)
        """Taken so far."""
        self.remarks: list[Remark] = []
        self.usernames: dict[str, View] = {}
        """Of traversal zones, with where the password would be."""
        self.zones: list[ZoneSection] = []
        self.tcp = tcp
        self._local = {name.casefold() for name in _subzones(dump)}
        self._by_name: dict[str, str] = {}
        """Name in the dump, folded -> name here."""
        self._services: dict[str, str] = {}
        for number in dump.indexes("Zones Zone"):
            self._zone(dump.under("Zones Zone", str(number)), number)
        default = default_zone(dump, tcp, variables, self.remark)
        if default is not None:
            self.zones.append(default)

    def named(self, name: str, kind: ZoneUse, line: int) -> str:
        """What a rule's source or target is called here."""
        folded = name.casefold()
        word = "".join(folded.split())
        if kind is ZoneUse.POLICY_SERVICE:
            if folded not in self._services:
                self._services[folded] = self._stand_in(name or "policy service", line, "is a policy service")
            return self._services[folded]
        if word in _LOCAL:
            return LOCAL_ZONE
        if word == "defaultzone" and kind is ZoneUse.SOURCE:
            return DEFAULT_ZONE
        if folded not in self._by_name and folded in self._local:
            self.remarks.append(Remark(line, f'subzone "{name}" is read as the Local Zone: nothing registers here'))
            return LOCAL_ZONE
        if folded not in self._by_name:
            self._by_name[folded] = self._stand_in(name or "no zone", line, "is not in the dump")
        return self._by_name[folded]

    def remark(self, view: View, words: str, text: str) -> None:
        place = f"{view.prefix} {words}".strip()
        self.remarks.append(Remark(view.line(words) or view.line(), f"{place}: {text}"))

    def _stand_in(self, name: str, line: int, why: str) -> str:
        kept = self._unique(name, "stand-in")
        self.zones.append(_stand_in(kept, [f"A stand-in that reaches nobody: {name!r} {why}."]))
        self.remarks.append(Remark(line, f'"{name}" {why}; the zone "{kept}" stands in for it and reaches nobody'))
        return kept

    def _unique(self, name: str, other: str) -> str:
        kept = possible_name(name) or other
        taken = {zone.name.casefold() for zone in self.zones} | {DEFAULT_ZONE.casefold(), LOCAL_ZONE.casefold()}
        if kept.casefold() in taken:
            suffix = f" ({other})"
            kept = kept[: MAX_NAME - len(suffix)] + suffix
        return kept

    def _zone(self, view: View, number: int) -> None:
        name = view.text("Name") or f"zone {number}"
        kept = self._unique(name, f"zone {number}")
        if kept != name:
            self.remark(view, "Name", f'"{name}" is taken or not possible; here it is "{kept}"')
        self._by_name.setdefault(name.casefold(), kept)
        kind = view.word("Type")
        maker = _MAKERS.get(kind)
        why = "" if maker else f"zones of type {view.text('Type') or 'unknown'} have no equal"
        if view.word("SIP Mode", "on") == "off":
            why = "SIP is off"
        if why or maker is None:
            self.remark(view, "Type", f'{why}; the zone "{kept}" is a stand-in and reaches nobody')
            self.zones.append(_stand_in(kept, [f"A stand-in that reaches nobody: {why}."]))
            return
        if view.word("H323 Mode", "off") == "on":
            self.remark(view, "H323 Mode", "there is no H.323 here")
        self.zones.append(maker(self, view, kept))

    def common(self, view: View, prefix: str, kind: str, name: str) -> ZoneSection:
        """What all kinds of zones have. ``prefix``: the word before its settings, "Neighbor"."""
        keys: dict[str, Value] = {"name": name, "type": kind}
        inner = view.dump.under(view.prefix, prefix)
        hop_count = view.text("HopCount")
        if hop_count.isdigit() and 0 < int(hop_count[:4]) < 256 and hop_count != "15":
            keys["hop_count"] = int(hop_count)
        elif hop_count and hop_count != "15":
            self.remark(view, "HopCount", f'"{hop_count}" is none; 15 is taken')
        self._authentication(inner, keys)
        keys["preloaded_routes"] = inner.on("SIP PreloadedSipRoutes Accept")
        if inner.on("SIP Poison Mode"):
            keys["poison"] = True
        if inner.word("SIP Record Route Address Type") == "hostname":
            keys["record_route_hostname"] = True
        if inner.on("Collaboration Edge"):
            self.remark(inner, "Collaboration Edge", "mobile and remote access has no equal")
        tags = [tag.strip() for tag in inner.text("SIP ProxyRequire Strip List").split(",") if tag.strip()]
        if tags:
            keys["proxy_require_strip"] = list(tags)
            text = "the box strips requests from this zone; here it is done on the way to it"
            self.remark(inner, "SIP ProxyRequire Strip List", text)
        return ZoneSection(keys, self._verification(inner, kind))

    def _authentication(self, inner: View, keys: dict[str, Value]) -> None:
        policy = inner.word("Authentication Mode", "donotcheckcredentials")
        if policy not in POLICIES:
            keys["authentication_policy"] = POLICIES["checkcredentials"]
            self.remark(inner, "Authentication Mode", f'"{policy}" is not known; credentials are checked')
        elif policy != "donotcheckcredentials":
            keys["authentication_policy"] = POLICIES[policy]
        if inner.on("SIP Authentication Trust Mode"):
            keys["authentication_trust"] = True

    def _verification(self, inner: View, kind: str) -> dict[str, Value]:
        subject = inner.text("SIP TLS Verify Subject Name").strip()
        if subject and not is_peer(subject):
            self.remark(inner, "SIP TLS Verify Subject Name", f'"{subject}" is neither an address nor a host name')
            subject = ""
        verify = inner.on("SIP TLS Verify Mode", unknown=True)
        tls: dict[str, Value] = {"verify": verify}
        if subject:
            tls["subject_names"] = [subject]
        if verify and kind == "traversal server" and not subject:
            tls["verify"] = False
            text = "is on without a subject name, which the box cannot check either; verify is off"
            self.remark(inner, "SIP TLS Verify Mode", text)
        elif not verify:
            text = "is off: any certificate of a trusted CA is good; think of verify = true"
            self.remark(inner, "SIP TLS Verify Mode", text)
        return tls

    def transport(self, inner: View, zone: ZoneSection) -> None:
        transport = inner.text("SIP Transport", "TLS").upper()
        if transport == "UDP":
            self.remark(inner, "SIP Transport", "there is no UDP here; TCP is taken")
        if transport in ("TCP", "UDP"):
            zone.keys["transport"] = "TCP"

    def port(self, inner: View, default: int) -> int:
        text = inner.text("SIP Port", str(default))
        if text.isdigit() and 0 < int(text[:6]) < 65536:
            return int(text)
        self.remark(inner, "SIP Port", f'"{text}" is no port; {default} is taken')
        return default

    def peers(self, inner: View) -> list[str]:
        """Addresses and host names, each once; the stand-in where there is none."""
        peers: list[str] = []
        for number in inner.indexes("Peer"):
            peer = inner.text(f"Peer {number} Address").strip()
            if peer and not is_peer(peer):
                self.remark(inner, f"Peer {number} Address", f'"{peer}" is neither an address nor a host name')
            elif peer and peer.casefold() not in map(str.casefold, peers):
                peers.append(peer)
        if not peers:
            self.remark(inner, "Peer", f"no peer; {STAND_IN} stands in")
        return peers[:6] or [STAND_IN]

    def username(self, inner: View, zone: ZoneSection) -> None:
        name = inner.text("Authentication UserName").strip()[:MAX_USERNAME]
        if not name:
            name = zone.name
            self.remark(inner, "Authentication UserName", f'there is none; "{name}" is taken')
        zone.keys["username"] = name
        self.usernames.setdefault(name, inner)


def _neighbor(zones: Zones, view: View, name: str) -> ZoneSection:
    zone = zones.common(view, "Neighbor", "neighbor", name)
    inner = view.dump.under(view.prefix, "Neighbor")
    zone.keys |= {"peers": list(zones.peers(inner)), "port": zones.port(inner, 5061)}
    zones.transport(inner, zone)
    if not inner.on("Monitor", True):
        zone.keys["monitor"] = False
    if not inner.on("SIP ClassFiveResponseLiveness", True):
        zone.keys["server_error_alive"] = False
    return zone


def _traversal_client(zones: Zones, view: View, name: str) -> ZoneSection:
    zone = zones.common(view, "TraversalClient", "traversal client", name)
    inner = view.dump.under(view.prefix, "TraversalClient")
    zone.keys |= {"peers": list(zones.peers(inner)), "port": zones.port(inner, 7001)}
    zones.transport(inner, zone)
    zones.username(inner, zone)
    interval = inner.text("RetryInterval")
    if interval.isdigit() and 0 < int(interval[:6]) <= 65534:
        zone.keys["retry_interval"] = int(interval)
    return zone


def _traversal_server(zones: Zones, view: View, name: str) -> ZoneSection:
    zone = zones.common(view, "TraversalServer", "traversal server", name)
    inner = view.dump.under(view.prefix, "TraversalServer")
    free = next(port for port in range(7001, 65536) if port not in zones.ports)
    port = zones.port(inner, free)
    if port in zones.ports:
        zones.remark(inner, "SIP Port", f"{port} is taken; here it is {free}")
        port = free
    zones.ports.add(port)
    zone.keys["port"] = port
    zones.transport(inner, zone)
    zones.username(inner, zone)
    return zone


def _dns(zones: Zones, view: View, name: str) -> ZoneSection:
    zone = zones.common(view, "DNS", "dns", name)
    inner = view.dump.under(view.prefix, "DNS")
    domain = inner.text("SIP DnsOverride Name").strip()
    if inner.on("SIP DnsOverride Override") and host_name(domain):
        zone.keys["modify_dns_request"] = domain
    elif inner.on("SIP DnsOverride Override"):
        zones.remark(inner, "SIP DnsOverride Name", f'"{domain}" is no domain name; requests are not modified')
    if inner.on("IncludeAddressRecord"):
        zone.keys["include_address_record"] = True
    if inner.on("SIP TLS Verify InboundClassification"):
        if "subject_names" in zone.tls:
            zone.keys |= {"inbound_mapping": True, "from_domain": "any"}
            zones.remark(inner, "SIP TLS Verify InboundClassification", ANYBODY)
        else:
            zones.remark(inner, "SIP TLS Verify InboundClassification", "is on without a subject name; left off")
    if zones.tcp:
        zone.keys["transport"] = "TCP"
        fallback = inner.text("SIP Default Transport", "UDP").upper()
        if fallback == "UDP":
            zones.remark(inner, "SIP Default Transport", "there is no UDP here; TCP is taken")
        zone.keys["fallback_transport"] = "TLS" if fallback == "TLS" else "TCP"
    elif inner.text("SIP Default Transport", "TLS").upper() != "TLS":
        zones.remark(inner, "SIP Default Transport", "TCP and UDP are off; TLS is taken")
    return zone


_MAKERS: dict[str, Callable[[Zones, View, str], ZoneSection]] = {
    "neighbor": _neighbor,
    "traversalclient": _traversal_client,
    "traversalserver": _traversal_server,
    "dns": _dns,
}


def _stand_in(name: str, comments: list[str]) -> ZoneSection:
    return ZoneSection({"name": name, "type": "neighbor", "peers": [STAND_IN], "monitor": False}, comments=comments)


def _subzones(dump: Dump) -> list[str]:
    words = "Zones LocalZone SubZones SubZone"
    return [dump.under(words, str(number)).text("Name") for number in dump.indexes(words)]


def is_peer(text: str) -> bool:
    """Whether ``edge.toml`` takes it for an address or a host name."""
    return bool(canonical_address(text) or host_name(text)) and len(text) <= 128
