"""The path of one request from its arrival to its response context (docs/architecture.md, steps 4 to 9)."""

from __future__ import annotations

from sipedge.decision.classification import Classification, classify_method
from sipedge.decision.deciding import Cancellation, Decided, decide, tiers_of
from sipedge.decision.installation import Installation
from sipedge.decision.validation import Refusal, loop_hash
from sipedge.sip.message import Message
from sipedge.sip.responses import ALLOW
from zones.authentication import Authentication, Identity
from zones.zone import TraversalClientZone, TraversalServerZone

from .answers import ENDING, own_response, respond, retry_after
from .commands import Command, Conclude, Record, Respond
from .contexts import Contexts, transaction_key
from .events import RequestReceived
from .forwarder import Forwarder
from .history import Entry
from .incoming import Incoming, Peer
from .response_context import ResponseContext
from .stateless import StatelessForward
from .upkeep import Upkeep

WITHOUT_RESPONSE = frozenset({"ACK", "BENOTIFY"})
STRANGER = Authentication(False, Identity.REMOVE)
OPTIONS_HEADERS = (("Allow", ALLOW), ("Accept", "*/*"))


class RequestPath:
    """One installation's way of handling requests; replaced as a whole on a reload."""

    def __init__(self, installation: Installation, forwarder: Forwarder, contexts: Contexts, upkeep: Upkeep) -> None:
        self.ending = False
        """Whether a request that begins something is answered 503."""
        self._installation = installation
        self._forwarder = forwarder
        self._contexts = contexts
        self._upkeep = upkeep

    def take(self, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        """What the request alone decides (decision/), and what depends on the moment: its connection, its password."""
        message, zone = event.message, self._installation.zone(peer.zone)
        if self.ending and event.transaction and _begins_something(message):
            self.refuse(event, peer, Refusal(503, ENDING, (retry_after(self._installation),)), out)
            return
        if isinstance(zone, TraversalServerZone | TraversalClientZone) and message.method != "CANCEL":
            if not self._upkeep.admits(peer, event, now, out):
                return
        decision = decide(message, zone, self._installation)
        if isinstance(decision, Decided):
            decision = self._challenged(decision, now)
        if isinstance(decision, Decided):
            self._send_on(decision, event, peer, now, out)
        elif isinstance(decision, Refusal):
            self.refuse(event, peer, decision, out)
        elif isinstance(decision, Cancellation):
            self._cancel(event, peer, now, out)
        else:
            self._answer_options(event, peer, out)

    def _challenged(self, decided: Decided, now: float) -> Decided | Refusal:
        """Ask for credentials where the zone checks them."""
        if not decided.authentication.challenge:
            return decided
        refusal = self._upkeep.challenge(decided.message, now)
        if refusal is not None and decided.message.method not in WITHOUT_RESPONSE:
            return refusal
        if refusal is not None:  # nobody can be challenged who gets no response: it goes on as a stranger's
            decided.authentication = STRANGER
        return decided

    def _cancel(self, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        """RFC 3261 9.2, 16.10. Only the peer that sent the INVITE may cancel it."""
        context = self._contexts.by_key(transaction_key(event.message, peer.address))
        message, installation = event.message, self._installation
        if context is None:
            out.append(respond(installation, event.transaction, peer, message, 481))
            return
        # 9.2: the same To tag as in the responses to the INVITE
        data = own_response(installation, context.transaction, peer, message, 200)
        out.append(Respond(event.transaction, 200, data))
        self._contexts.cancel(context, now, out)

    def _answer_options(self, event: RequestReceived, peer: Peer, out: list[Command]) -> None:
        headers = OPTIONS_HEADERS
        out.append(respond(self._installation, event.transaction, peer, event.message, 200, headers=headers))

    def refuse(self, event: RequestReceived, peer: Peer, refusal: Refusal, out: list[Command]) -> None:
        """Answer a request that goes no further."""
        message = event.message
        entry = _entry(event, peer, classify_method(message.method))
        entry.status = refusal.status
        out += (Record(entry), Conclude(entry))
        if event.transaction == 0:  # ACK and BENOTIFY get no response, whatever is wrong with them
            return
        status, text, headers = refusal.status, refusal.text, refusal.headers
        out.append(respond(self._installation, event.transaction, peer, message, status, text, headers))

    def _send_on(self, decided: Decided, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        settings = self._installation.settings
        message = event.message
        tiers, explanation = tiers_of(decided, settings)
        entry = _entry(event, peer, decided.classification)
        entry.explanation = explanation
        if decided.routes.pair is not None:
            entry.route = decided.routes.pair.there
        out.append(Record(entry))
        loop = loop_hash(message, decided.source.name, settings.secret)
        incoming = Incoming(decided, event.transaction, peer, loop, entry, explanation)
        if event.transaction == 0:
            targets = tiers[0].targets if tiers else ()
            self._contexts.begin_stateless(StatelessForward(self._forwarder, incoming), targets, now, out)
            return
        if message.method == "INVITE":  # RFC 3261 16.2: a stateful proxy answers 100 within 200 ms
            out.append(respond(self._installation, event.transaction, peer, message, 100))
        self._contexts.begin(ResponseContext(self._forwarder, incoming, iter(tiers)), now, out)


def _begins_something(message: Message) -> bool:
    """Out of any dialog, OPTIONS included: peers that ask whether the edge is there go elsewhere from now on."""
    return not message.to_tag and message.method != "CANCEL"


def _entry(event: RequestReceived, peer: Peer, classification: Classification) -> Entry:
    message = event.message
    cseq = message.first("cseq") or ""
    return Entry(0.0, peer.connection, peer.zone, message.method, message.uri, message.call_id, cseq, classification)
