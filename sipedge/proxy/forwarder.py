"""From a target to what is sent: its hops, and the request as RFC 3261 16.6 wants it forwarded."""

from __future__ import annotations

from collections.abc import Callable

from dialplan.model import Target, Traffic
from sipedge.decision.installation import Installation
from sipedge.decision.record_route import HOUR, NO_SEAL, RECORD_ROUTED, ZonePair, is_record_routed
from sipedge.decision.routing import seal_of_contact, sealed_response
from sipedge.decision.speaking import host_of
from sipedge.decision.validation import POISON
from sipedge.dialogs.crossing import Crossings, Passage
from sipedge.dialogs.policies import policies_of
from sipedge.dialogs.table import Dialogs
from sipedge.remembered.verdict import verdict_of
from sipedge.remembered.way import Way
from sipedge.sip.message import Message
from sipedge.sip.uri import Uri, UriError, parse_uri
from sipedge.sip.values import MessageError, parse_address
from sipedge.sip.via import stamped_via
from sipedge.topology.border import Crossing, Outgoing
from sipedge.topology.gate import Gate
from sipedge.topology.headers import remade
from zones.authentication import Identity
from zones.neighbor import NeighborPeers
from zones.zone import DefaultZone, DnsZone, Hop, RatePolicy, Topology

from .commands import Asker, Command, Log
from .forwarding import ASSERTED_IDENTITY, Changes, forwarded_head, own_lines, unbelieved
from .incoming import Incoming
from .locating import NOT_FOUND, UNREACHABLE, Destination, Hops, LookUps, NoHops
from .upkeep import Upkeep
from .way_back import WaysBack

BRANCH_COOKIE = "z9hG4bK"
SIPS = "sips"
DEFAULT_MAX_BREADTH = 60
"""RFC 5393 5.3.3.1."""


class Forwarder:
    """Knows the installation; keeps nothing about single requests."""

    def __init__(
        self,
        installation: Installation,
        upkeep: Upkeep,
        look_ups: LookUps,
        ways_back: WaysBack,
        ids: Callable[[], str],
        dialogs: Dialogs,
    ) -> None:
        policies = policies_of(installation.zones, installation.settings.credentials)
        self.installation = installation
        border = installation.border or installation.open_border()
        self._crossings = Crossings(border, dialogs, policies, ids)
        self._upkeep = upkeep
        self._ways_back = ways_back
        self._look_ups = look_ups
        self._ids = ids
        self._paced = {zone.name: zone.rate for zone in installation.zones if zone.rate.pace}
        sent_by = {installation.edge.sent_by(zone.name).text for zone in installation.zones}
        self._vias = {(transport, text): _via(transport, text) for transport in ("TLS", "TCP") for text in sent_by}
        """Transport and sent-by -> the edge's own Via line up to the branch."""
        self._own_vias = tuple(self._vias.values())

    def hops_of(self, incoming: Incoming, target: Target, now: float, out: list[Command]) -> Hops | NoHops | int:
        """Where a target is. A number is the ticket of a look-up, whose result is to go through ``permitted``."""
        zone = self.installation.zones.get(target.zone)
        if zone is None:
            return NoHops(NOT_FOUND, f'there is no zone "{target.zone}"')
        try:
            uri = _next_hop_uri(incoming, target)
        except UriError as error:
            return NoHops(NOT_FOUND, f"the alias cannot be routed: {error}")
        if uri.parameters and uri.transport == "udp":  # RFC 3263 4.1 wants it; this edge has no UDP
            text = f"{uri.text[:80]} asks for UDP, which is not spoken here: it goes over {zone.transport}"
            out.append(Log("info", text, source=incoming.peer.address))
        if isinstance(zone, (DnsZone, DefaultZone)):
            destination = Destination(zone.name, uri.host, uri.port, uri.transport, _is_microsoft(incoming))
            asker = Asker(incoming.peer.zone, incoming.peer.address)
            result = self._look_ups.locate(zone, destination, asker, now, out)
            return result if isinstance(result, int) else self.permitted(incoming, result)
        hops = self._upkeep.hops(zone, uri, now)
        if not hops:
            return NoHops(UNREACHABLE, f'zone "{zone.name}" has no peer that can be reached')
        return self.permitted(incoming, hops)

    def permitted(self, incoming: Incoming, hops: Hops | NoHops) -> Hops | NoHops:
        """A SIPS request leaves over TLS or not at all (RFC 3261 26.2.2)."""
        if isinstance(hops, NoHops) or not _is_sips(incoming):
            return hops
        secure = tuple(hop for hop in hops if hop.transport == "TLS")
        return secure or NoHops(NOT_FOUND, "sips: asks for TLS, and there it is TCP")

    def rate_towards(self, incoming: Incoming, target: Target) -> RatePolicy | None:
        """The pace of what goes to a target. Outside it is Microsoft's Edges that count, and only Microsoft traffic."""
        rate = self._paced.get(target.zone)
        if rate is not None and target.zone in self.installation.outside and not _is_microsoft(incoming):
            return None
        return rate

    def build(self, incoming: Incoming, target: Target, hop: Hop, targets: int) -> tuple[str, bytes, bytes]:
        """A new branch id, the header section and the body to send.

        ``hop``: one of the target's, so its alias is a URI; ``targets``: how many are tried at the same time.
        """
        installation, decided = self.installation, incoming.decided
        zone = installation.zone(target.zone)
        sent_by = installation.edge.sent_by(target.zone)
        branch = f"{BRANCH_COOKIE}{self._ids()}.{incoming.loop}{POISON if zone.poison else ''}"
        changes = Changes(
            via=self._vias[hop.transport, sent_by.text] + branch.encode(),
            record_routes=self._record_routes(incoming, target.zone),
            request_uri=_request_uri(incoming, target),
            hop_count=zone.hop_count,
            max_breadth=None if targets == 1 else breadth(incoming) // targets,
            asserted_identity=decided.authentication.identity,
            removed=unbelieved(decided.message, decided.source),
            proxy_require_strip=zone.proxy_require_strip,
        )
        if changes.asserted_identity is Identity.INSERT:
            changes.own_identity = _identity_of(incoming)
        source = incoming.peer.source
        head = forwarded_head(decided.message, decided.routes, changes, source, decided.max_forwards)
        body = decided.message.body
        border, way = installation.border, incoming.way
        if way is not None and self._ends_call(incoming, target.zone):
            outgoing = self._outgoing(remade(head, body, decided.message), incoming, hop, ())
            head, body, incoming.crossings[branch] = self._crossings.request(outgoing, decided.message, way)
        elif border is not None and border.lies_between(decided.source.name, target.zone):
            outgoing = self._outgoing(remade(head, body, decided.message), incoming, hop, changes.record_routes)
            head, body, incoming.crossings[branch] = border.request(outgoing)
        return branch, head, body

    def way(self, incoming: Incoming, target: Target, hop: Hop, asks: bool) -> Way | None:
        """How requests that say the same may go on without the core; None: each of them needs it. ``asks``: see Way.

        As ``build`` does it: whatever that does of its own for each request has no way.
        """
        installation, decided, zone = self.installation, incoming.decided, self.installation.zone(target.zone)
        message, identity = decided.message, decided.authentication.identity
        verdict = verdict_of(decided, decided.found) if decided.found is not None else None
        is_strip = bool(zone.proxy_require_strip) and "proxy-require" in message.index
        pair, own = decided.routes.pair, own_lines(message, decided.routes)
        if own is None or (pair is not None and not pair.issued):
            return None
        crosses, gate = self._gate(message, decided.source.name, target.zone)
        if crosses and gate is None:
            return None
        if verdict is None or identity is Identity.INSERT or is_strip or self._record_routes(incoming, target.zone):
            return None
        peers = self._upkeep.zone(target.zone)
        if not isinstance(peers, NeighborPeers) or self.rate_towards(incoming, target) is not None:
            return None
        removed = (*own, *unbelieved(message, decided.source))
        if identity is Identity.REMOVE:
            removed = (*removed, *message.index.get(ASSERTED_IDENTITY, ()))
        return Way(
            verdict,
            hop,
            installation.settings.revision,
            incoming.peer.opened.names if decided.source.name in installation.from_policies else (),
            self._vias[hop.transport, installation.edge.sent_by(target.zone).text],
            _request_uri(incoming, target) or b"",
            removed,
            zone.hop_count,
            zone.poison,
            float("inf") if pair is None else installation.young_until(pair),
            asks,
            host_of(message.first("from") or "") if asks else "",
            _next_hop_uri(incoming, target) if len(peers.states()) > 1 else None,
            gate,
        )

    def _gate(self, message: Message, source: str, target: str) -> tuple[bool, Gate | None]:
        """Whether requests cross a border, and its gate for those like this one."""
        border, seat = self.installation.border, self.installation.seat
        if border is None or not border.lies_between(source, target):
            return False, None
        return True, border.gate(message, source, target, seat(source), seat(target))

    def crossing(self, incoming: Incoming, hop: Hop) -> Crossing | None:
        """What responses need to a request that went to a hop without the core; None where it crossed no border."""
        message, border = incoming.decided.message, self.installation.border
        if border is None or not border.lies_between(incoming.decided.source.name, hop.zone):
            return None
        first, *others = (message.lines[number] for number in message.index["via"])
        vias = (stamped_via(message, incoming.peer.source) or first, *others)
        return border.crossing(self._outgoing(message, incoming, hop, ()), vias)

    def _ends_call(self, incoming: Incoming, zone: str) -> bool:
        """Whether a request goes from one leg of a call to another one, of which the edge is the user agent.

        Of an INVITE that begins a call some targets may be in zones that are all open.
        """
        way = incoming.way
        if way is None:
            return False
        return (
            way.target is not None or way.number > 0 or self.installation.ends_calls(incoming.decided.source.name, zone)
        )

    def _outgoing(self, message: Message, incoming: Incoming, hop: Hop, record_routes: tuple[bytes, ...]) -> Outgoing:
        installation, received = self.installation, incoming.decided.message
        return Outgoing(
            message,
            source=incoming.decided.source.name,
            target=hop.zone,
            at_source=installation.seat(incoming.decided.source.name),
            at_target=installation.seat(hop.zone),
            own=tuple(line.partition(b":")[2].strip().decode() for line in record_routes),
            received_call_id=received.lines[received.index["call-id"][0]],
            source_hosts=frozenset({incoming.peer.address}),
            target_hosts=frozenset(filter(None, (hop.address, hop.name.lower()))),
        )

    def _record_routes(self, incoming: Incoming, egress: str) -> tuple[bytes, ...]:
        """One line for each side, outgoing side on top (RFC 5658 double record-routing)."""
        decided = incoming.decided
        message, pair = decided.message, decided.routes.pair
        if message.method not in RECORD_ROUTED or self._ends_call(incoming, egress):
            return ()
        ingress = pair.here if pair is not None else decided.source.name
        target = self.installation.zone(egress)
        if not is_record_routed(message.method, decided.source, target, _is_microsoft(incoming)):
            # The proxies behind a hidden zone are on the way back only as a part of the edge's own value.
            if decided.source.topology is Topology.OPEN or "record-route" not in message.index:
                return ()
        if not message.from_tag:  # RFC 2543: no tag, nothing to bind a token to
            return ()
        sides = ((egress, ingress),) if egress == ingress else ((egress, ingress), (ingress, egress))
        return tuple(self._record_route(incoming, here, there) for here, there in sides)

    def _record_route(self, incoming: Incoming, here: str, there: str) -> bytes:
        sent_by = self.installation.edge.sent_by(here)
        message = incoming.decided.message
        issued = int(incoming.decided.time or 0) // HOUR
        pair = ZonePair(here, there, _is_microsoft(incoming), self._seal(message, here), issued)
        call_id, border = message.call_id, self.installation.border
        if border is not None and here != incoming.decided.source.name:
            call_id = border.call_id(call_id, incoming.decided.source.name, here)
        token = self.installation.key.mint(pair, call_id, message.from_tag or "")
        if _is_sips(incoming):
            return f"Record-Route: <sips:{token}@{sent_by.text};lr>".encode()  # 16.6 step 4
        return f"Record-Route: <sip:{token}@{sent_by.text};transport={sent_by.transport.lower()};lr>".encode()

    def _seal(self, message: Message, here: str) -> bytes:
        """The caller's Contact for a callee outside; the callee's comes with its response (Proxy._response)."""
        if here not in self.installation.outside or "contact" not in message.index:
            return NO_SEAL
        return seal_of_contact(message, [parse_address(item).uri for item in message.items("record-route")])

    def wrote(self, response: Message) -> bool:
        """Whether the topmost Via of a response is one that this edge put there; none that cannot be read is."""
        if response.lines[response.index["via"][0]].startswith(self._own_vias):  # as a rule it comes back unchanged
            return True
        try:
            host = response.plain_via_host or response.via.host
        except MessageError:  # port 0, for example, which pjsip takes
            return False
        return host in self.installation.edge.hosts

    def via_fault(self, incoming: Incoming, branch: str, response: Message) -> str:
        """Why a response is not forwarded; '' where its Via values are those it was sent with."""
        if not self.wrote(response):  # RFC 3261 18.1.2
            return "a response whose topmost Via names somebody else"
        numbers = response.index.get("via", ())
        if incoming.sent_alone(branch):
            return ""
        if len(numbers) > 1 or (len(numbers) == 1 and len(response.items("via")) > 1):
            return ""
        return "a response without the Via values it was sent with"

    def as_seen_upstream(self, response: Message, incoming: Incoming, branch: str) -> Message:
        """A response without what the caller's side must not see, and with what it alone may see (hidden zones)."""
        installation, crossing = self.installation, incoming.crossings.get(branch)
        border = installation.border
        if isinstance(crossing, Passage):
            return self._crossings.response(response, crossing)
        if border is not None and crossing is not None:
            response = border.restored(response, crossing)
        if incoming.peer.speaks_in in installation.outside and 100 < response.status < 300:
            response = sealed_response(response, installation.key, installation.outside)
        if border is not None and crossing is not None:
            response = border.covered(response, crossing)
        return response

    def again(self, hop: Hop, now: float) -> Hop:
        """Where to send what has to follow a request to ``hop``."""
        return self._ways_back.again(hop, now)

    def failed(self, hop: Hop, now: float, why: str) -> None:
        """A hop did not take a request."""
        self._upkeep.failed(hop, now, why)

    def succeeded(self, hop: Hop, now: float) -> None:
        """A hop answered a request."""
        self._upkeep.succeeded(hop, now)


def _via(transport: str, sent_by: str) -> bytes:
    """The edge's own Via line up to the branch."""
    return f"Via: SIP/2.0/{transport} {sent_by};branch=".encode()


def breadth(incoming: Incoming) -> int:
    """How many branches may be open at the same time for a request, here and behind (RFC 5393 5.3)."""
    received = incoming.decided.max_breadth
    return DEFAULT_MAX_BREADTH if received is None else received


def _is_rewritten(incoming: Incoming, target: Target) -> bool:
    """A rule or transform changed the alias."""
    return incoming.explanation is not None and target.alias != incoming.explanation.alias


def _next_hop_uri(incoming: Incoming, target: Target) -> Uri:
    """RFC 3261 16.6 step 7: the topmost Route that is left, else the Request-URI; a rule may change either.

    Raises UriError when a rule made an alias that is no URI.
    """
    routes = incoming.decided.routes
    if _is_rewritten(incoming, target):
        return parse_uri(f"{routes.uri.scheme}:{target.alias}")
    return routes.foreign or routes.uri


def _request_uri(incoming: Incoming, target: Target) -> bytes | None:
    """The new Request-URI, None where nothing changes: a rule's alias, or what 16.4 made of it."""
    routes = incoming.decided.routes
    if routes.foreign is None and _is_rewritten(incoming, target):
        return f"{routes.uri.scheme}:{target.alias}".encode("utf-8", "surrogateescape")
    if routes.uri.text != incoming.decided.message.uri:
        return routes.uri.text.encode("utf-8", "surrogateescape")
    return None


def _is_sips(incoming: Incoming) -> bool:
    routes = incoming.decided.routes
    return SIPS in (routes.uri.scheme, routes.foreign.scheme if routes.foreign is not None else "")


def _is_microsoft(incoming: Incoming) -> bool:
    """Whether a request is traffic of Microsoft's, or its dialog is: a BYE or ACK need not show it."""
    decided = incoming.decided
    pair = decided.routes.pair
    return decided.classification.traffic is not Traffic.STANDARD or (pair is not None and pair.microsoft)


def _identity_of(incoming: Incoming) -> bytes:
    """The originator as the edge vouches for it (RFC 3325): the URI of From."""
    uri = parse_address(incoming.decided.message.first("from") or "").uri
    return b"<" + uri.encode("utf-8", "surrogateescape") + b">"
