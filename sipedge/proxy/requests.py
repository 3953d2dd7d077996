"""The path of one request from its arrival to its response context (docs/architecture.md, steps 3 to 9)."""

from __future__ import annotations

from dialplan.model import Tier
from dialplan.search.search import Explanation
from sipedge.decision.classification import Classification, classify, classify_method
from sipedge.decision.deciding import authentication_of, is_for_the_edge, query_of_request, refuses_route, tier_of
from sipedge.decision.installation import Installation
from sipedge.decision.routing import read_routes, source_may_speak
from sipedge.decision.validation import Refusal, find_loop, loop_hash, validate
from sipedge.sip.message import Message, MessageError
from sipedge.sip.responses import ALLOW, response, warning
from sipedge.sip.uri import UriError
from zones.authentication import Authentication, Identity
from zones.zone import TraversalClientZone, TraversalServerZone

from .commands import Command, Conclude, Record, Respond
from .contexts import Contexts
from .events import RequestReceived
from .forwarder import Forwarder, WithoutContext
from .history import Entry
from .incoming import Incoming, Peer
from .response_context import ResponseContext
from .upkeep import Upkeep

WITHOUT_RESPONSE = frozenset({"ACK", "BENOTIFY"})
STRANGER = Authentication(False, Identity.REMOVE)


class RequestPath:
    """One installation's way of handling requests; replaced as a whole on a reload."""

    def __init__(self, installation: Installation, forwarder: Forwarder, contexts: Contexts, upkeep: Upkeep) -> None:
        self._installation = installation
        self._forwarder = forwarder
        self._contexts = contexts
        self._upkeep = upkeep

    def take(self, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        incoming = self._examine(event, peer, now, out)
        if isinstance(incoming, Refusal):
            self.refuse(event, peer, incoming, out)
        elif incoming is not None:
            self._send_on(incoming, now, out)

    def _examine(self, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> Incoming | Refusal | None:
        """Everything that is to be known before the search; None when the request was for the edge itself."""
        message = event.message
        zone = self._installation.zone(peer.zone)
        verdict = validate(message)
        if isinstance(verdict, Refusal):
            return verdict
        if isinstance(zone, TraversalServerZone | TraversalClientZone) and not self._upkeep.admits(
            peer, event, now, out
        ):
            return None
        try:
            routes = read_routes(message, verdict.uri, self._installation.edge, self._installation.key)
            loop = loop_hash(message, zone.name, self._installation.settings.secret)
            loop_text = find_loop(message, self._installation.edge.hosts, loop)
        except (UriError, MessageError) as error:
            return Refusal(400, str(error))
        if loop_text:
            return Refusal(482, loop_text)
        if not routes.uri.is_sip:  # what a strict router kept in Route
            return Refusal(416, f"the scheme {routes.uri.scheme}: is not routed here, only sip: and sips:")
        if is_for_the_edge(message, routes, self._installation.edge):
            self._answer_options(event, peer, out)
            return None
        if verdict.max_forwards == 0:  # RFC 3261 16.3 check 3
            return Refusal(483, "Max-Forwards has come down to 0")
        if routes.pair is not None and not source_may_speak(routes.pair, peer.zone, self._installation.outside):
            routes.pair = None
        if refuses_route(message, routes, zone):
            return Refusal(404, "Policy Response")
        authentication = authentication_of(message, zone, self._installation.domains)
        if authentication.challenge:
            refusal = self._upkeep.challenge(message, now)
            if refusal is not None and message.method not in WITHOUT_RESPONSE:
                return refusal
            if refusal is not None:  # nobody can be challenged who gets no response: it goes on as a stranger's
                authentication = STRANGER
        return Incoming(
            message,
            event.transaction,
            peer,
            zone,
            routes,
            verdict.max_forwards,
            loop,
            authentication,
            classify(message),
        )

    def _answer_options(self, event: RequestReceived, peer: Peer, out: list[Command]) -> None:
        headers = (("Allow", ALLOW), ("Accept", "*/*"))
        source = (peer.address, peer.port)
        data = response(
            event.message, 200, tag=self._installation.tag(event.transaction), headers=headers, source=source
        )
        out.append(Respond(event.transaction, 200, data))

    def refuse(self, event: RequestReceived, peer: Peer, refusal: Refusal, out: list[Command]) -> None:
        """Answer a request that goes no further."""
        message = event.message
        entry = self._entry(message, peer, classify_method(message.method), None, status=refusal.status)
        out += (Record(entry), Conclude(entry))
        if event.transaction == 0:  # ACK and BENOTIFY get no response, whatever is wrong with them
            return
        headers = (*refusal.headers, warning(self._installation.agent(peer.zone), refusal.text))
        source = (peer.address, peer.port)
        data = response(
            message, refusal.status, tag=self._installation.tag(event.transaction), headers=headers, source=source
        )
        out.append(Respond(event.transaction, refusal.status, data))

    # ------------------------------------------------------------------------------------------------ search and send

    def _send_on(self, incoming: Incoming, now: float, out: list[Command]) -> None:
        tiers = self._decide(incoming)
        explanation = incoming.explanation
        incoming.entry = self._entry(incoming.message, incoming.peer, incoming.classification, explanation)
        if incoming.routes.pair is not None:
            incoming.entry.route = incoming.routes.pair.there
        out.append(Record(incoming.entry))
        if incoming.transaction == 0:
            targets = tiers[0].targets if tiers else ()
            WithoutContext(incoming, self._forwarder, incoming.entry).start(targets, now, out)
            return
        message = incoming.message
        if message.method == "INVITE":  # RFC 3261 16.2: a stateful proxy answers 100 within 200 ms
            source = (incoming.peer.address, incoming.peer.port)
            out.append(Respond(incoming.transaction, 100, response(message, 100, source=source)))
        settings = self._installation.settings
        agent = self._installation.agent(incoming.peer.zone)
        tag = self._installation.tag(incoming.transaction)
        context = ResponseContext(self._forwarder, self._contexts, incoming, agent, tag, settings.timers.c, iter(tiers))
        self._contexts.begun(context)
        context.start(now, out)

    def _decide(self, incoming: Incoming) -> tuple[Tier, ...]:
        """The tiers to try: one target for a signed Route, else what the search rules say."""
        pair = incoming.routes.pair
        settings = self._installation.settings
        if pair is not None:
            return (tier_of(pair, incoming.routes, settings),)
        query = query_of_request(
            incoming.routes,
            incoming.peer.zone,
            incoming.classification.traffic,
            incoming.authentication,
            settings,
        )
        explanation = incoming.explanation = settings.plan.search(query)
        return explanation.tiers

    def _entry(
        self,
        message: Message,
        peer: Peer,
        classification: Classification,
        explanation: Explanation | None,
        status: int = 0,
    ) -> Entry:
        return Entry(
            0.0,
            peer.connection,
            peer.zone,
            message.method,
            message.uri,
            message.call_id,
            message.first("cseq") or "",
            classification,
            explanation,
            status=status,
        )
