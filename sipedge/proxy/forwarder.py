"""From a target to what is sent: its hops, and the request as RFC 3261 16.6 wants it forwarded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dialplan.model import Target, Traffic
from sipedge.decision.installation import Installation
from sipedge.decision.record_route import ZonePair
from sipedge.decision.validation import POISON
from sipedge.sip.message import parse_address
from sipedge.sip.uri import Uri, UriError, parse_uri
from zones.authentication import Identity
from zones.zone import DefaultZone, DnsZone, Hop

from .commands import Command, Conclude, Send
from .forwarding import DIALOG_METHODS, Changes, forwarded_head
from .history import Entry
from .incoming import Incoming
from .locating import Resolutions
from .upkeep import Upkeep

BRANCH_COOKIE = "z9hG4bK"
SIPS = "sips"
UNREACHABLE = 504
"""For a neighbour or traversal zone without a peer: to Microsoft a 404 would mean that there is no such user."""


class Located(Protocol):
    """Who waits for hops: a response context, or a request forwarded without one."""

    incoming: Incoming

    def located(
        self, target: Target, hops: tuple[Hop, ...], problem: str, now: float, out: list[Command], status: int = 404
    ) -> None: ...


class Forwarder:
    """Knows the installation; keeps nothing about single requests."""

    def __init__(
        self, installation: Installation, upkeep: Upkeep, resolutions: Resolutions, ids: Callable[[], str]
    ) -> None:
        self._installation = installation
        self._upkeep = upkeep
        self._resolutions = resolutions
        self._ids = ids

    # ------------------------------------------------------------------------------------------------------- where to

    def launch(self, waiting: Located, target: Target, now: float, out: list[Command]) -> None:
        """Find the hops of a target, now or after DNS answers; then tell ``waiting.located``."""
        zone = self._installation.zones.get(target.zone)
        if zone is None:
            waiting.located(target, (), f'there is no zone "{target.zone}"', now, out)
            return
        try:
            uri = self._next_hop_uri(waiting.incoming, target)
        except UriError as error:
            waiting.located(target, (), f"the alias cannot be routed: {error}", now, out)
            return
        if isinstance(zone, DnsZone | DefaultZone):

            def done(hops: tuple[Hop, ...], problem: str, when: float, commands: list[Command]) -> None:
                waiting.located(target, *_permitted(waiting.incoming, hops, problem), when, commands)

            self._resolutions.locate(zone, uri, _is_microsoft(waiting.incoming), now, done, out)
            return
        hops = self._upkeep.hops(zone, uri, now)
        if not hops:
            problem = f'zone "{zone.name}" has no peer that can be reached'
            waiting.located(target, (), problem, now, out, UNREACHABLE)
            return
        waiting.located(target, *_permitted(waiting.incoming, hops, ""), now, out)

    def _next_hop_uri(self, incoming: Incoming, target: Target) -> Uri:
        """RFC 3261 16.6 step 7: the topmost Route that is left, else the Request-URI; a rule may change either."""
        routes = incoming.routes
        explanation = incoming.explanation
        if explanation is not None and target.alias != explanation.alias:
            return parse_uri(f"{routes.uri.scheme}:{target.alias}")
        return routes.foreign or routes.uri

    # ----------------------------------------------------------------------------------------------------------- what

    def build(self, incoming: Incoming, target: Target, hop: Hop) -> tuple[str, bytes]:
        """A new branch id and the header section to send; the target has been launched, so its alias is a URI."""
        installation = self._installation
        zone = installation.zone(target.zone)
        place = installation.edge.sent_by(target.zone)
        branch = f"{BRANCH_COOKIE}{self._ids()}.{incoming.loop}{POISON if zone.poison else ''}"
        changes = Changes(
            via=f"Via: SIP/2.0/{hop.transport} {place.text};branch={branch}".encode(),
            record_routes=self._record_routes(incoming, target.zone),
            request_uri=self._request_uri(incoming, target),
            hop_count=zone.hop_count,
            asserted_identity=incoming.authentication.identity,
            remove_trust_header=incoming.source.border,
            proxy_require_strip=zone.proxy_require_strip,
        )
        if changes.asserted_identity is Identity.INSERT:
            changes.own_identity = _identity_of(incoming)
        source = (incoming.peer.address, incoming.peer.port)
        return branch, forwarded_head(incoming.message, incoming.routes, changes, source, incoming.max_forwards)

    def _request_uri(self, incoming: Incoming, target: Target) -> bytes | None:
        """The new Request-URI, None where nothing changes: a rule's alias, or what 16.4 made of it."""
        routes, explanation = incoming.routes, incoming.explanation
        changed = explanation is not None and target.alias != explanation.alias
        if changed and routes.foreign is None:
            return f"{routes.uri.scheme}:{target.alias}".encode("utf-8", "surrogateescape")
        if routes.uri.text != incoming.message.uri:
            return routes.uri.text.encode("utf-8", "surrogateescape")
        return None

    def _record_routes(self, incoming: Incoming, egress: str) -> tuple[bytes, ...]:
        """One line for each side, outgoing side on top (RFC 5658 double record-routing)."""
        installation, message = self._installation, incoming.message
        ingress = incoming.routes.pair.here if incoming.routes.pair is not None else incoming.source.name
        if message.method not in DIALOG_METHODS and not (
            message.method == "SUBSCRIBE"
            and (incoming.source.record_route_subscribe or installation.zone(egress).record_route_subscribe)
        ):
            return ()
        if not message.from_tag:  # RFC 2543: no tag, nothing to bind a token to
            return ()
        sides = ((egress, ingress),) if egress == ingress else ((egress, ingress), (ingress, egress))
        return tuple(self._record_route(incoming, here, there) for here, there in sides)

    def _record_route(self, incoming: Incoming, here: str, there: str) -> bytes:
        place = self._installation.edge.sent_by(here)
        message = incoming.message
        pair = ZonePair(here, there, _is_microsoft(incoming))
        token = self._installation.key.mint(pair, message.call_id, message.from_tag or "")
        if _is_sips(incoming):
            return f"Record-Route: <sips:{token}@{place.text};lr>".encode()  # 16.6 step 4
        return f"Record-Route: <sip:{token}@{place.text};transport={place.transport.lower()};lr>".encode()

    def failed(self, hop: Hop, now: float) -> None:
        self._upkeep.failed(hop, now)

    def succeeded(self, hop: Hop, now: float) -> None:
        self._upkeep.succeeded(hop, now)


def _is_sips(incoming: Incoming) -> bool:
    routes = incoming.routes
    return SIPS in (routes.uri.scheme, routes.foreign.scheme if routes.foreign is not None else "")


def _permitted(incoming: Incoming, hops: tuple[Hop, ...], problem: str) -> tuple[tuple[Hop, ...], str]:
    """A SIPS request leaves over TLS or not at all (RFC 3261 26.2.2)."""
    if not hops or not _is_sips(incoming):
        return hops, problem
    secure = tuple(hop for hop in hops if hop.transport == "TLS")
    return secure, "" if secure else "sips: asks for TLS, and there it is TCP"


def _is_microsoft(incoming: Incoming) -> bool:
    """Whether a request is traffic of Microsoft's, or its dialog is: a BYE or ACK need not show it."""
    pair = incoming.routes.pair
    return incoming.classification.traffic is not Traffic.STANDARD or (pair is not None and pair.microsoft)


def _identity_of(incoming: Incoming) -> bytes:
    """The originator as the edge vouches for it (RFC 3325): the URI of From."""
    return b"<" + parse_address(incoming.message.first("from") or "").uri.encode("utf-8", "surrogateescape") + b">"


class WithoutContext:
    """A request that has no response: an ACK to a 2xx, or a BENOTIFY. It is sent to every target of its first tier."""

    def __init__(self, incoming: Incoming, forwarder: Forwarder, entry: Entry) -> None:
        self.incoming = incoming
        self._forwarder = forwarder
        self._entry = entry
        self._waiting = 0

    def start(self, targets: tuple[Target, ...], now: float, out: list[Command]) -> None:
        self._waiting = len(targets)
        for target in targets:
            self._forwarder.launch(self, target, now, out)
        if not targets:
            out.append(Conclude(self._entry))

    def located(
        self, target: Target, hops: tuple[Hop, ...], problem: str, now: float, out: list[Command], status: int = 404
    ) -> None:
        if hops:
            _, head = self._forwarder.build(self.incoming, target, hops[0])
            self._entry.hops.append(hops[0])
            out.append(Send(hops[0], head + self.incoming.message.body))
        self._waiting -= 1
        if not self._waiting:
            out.append(Conclude(self._entry))
