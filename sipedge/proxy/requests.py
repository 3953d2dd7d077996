"""The path of one request from its arrival to its response context (docs/architecture.md, steps 4 to 9)."""

from __future__ import annotations

from functools import partial

from dialplan.model import Tier
from sipedge.decision.classification import Classification, classify_method
from sipedge.decision.deciding import Cancellation, Decided, Decision, decide, tiers_of
from sipedge.decision.installation import Installation
from sipedge.decision.speaking import host_of
from sipedge.decision.validation import Refusal, loop_hash
from sipedge.dialogs.dialog import Way
from sipedge.dialogs.orders import Answer
from sipedge.rates.arrivals import Arrivals, TooMany
from sipedge.rates.rates import Rates
from sipedge.remembered.key import Key, key_of
from sipedge.remembered.memory import Heard, Memory
from sipedge.remembered.record import ENTRY, HOPS, WAY
from sipedge.remembered.verdict import verdict_of
from sipedge.remembered.way import Way as RememberedWay
from sipedge.sip.message import Message
from sipedge.sip.responses import ALLOW
from zones.authentication import Authentication, Identity
from zones.zone import AnyZone, FromDomain, TraversalClientZone, TraversalServerZone

from .answers import ENDING, conclude, own_response, respond, retry_after, retry_in
from .calls import Calls
from .commands import Asker, Command, Log, Record, Remember, Respond
from .contexts import Contexts, StatelessForward, transaction_key
from .events import Adopted, RequestReceived
from .forwarder import Forwarder
from .history import Entry, entry_of, kept_lines
from .incoming import Incoming, Peer
from .locating import UNREACHABLE, TargetLookUps
from .response_context import ResponseContext
from .upkeep import Upkeep

WITHOUT_RESPONSE = frozenset({"ACK", "BENOTIFY"})
STRANGER = Authentication(False, Identity.REMOVE)
LONGEST_DOMAIN = 255
"""Characters that a rate remembers of a domain (RFC 1035 2.3.4)."""
OPTIONS_HEADERS = (("Allow", ALLOW), ("Accept", "*/*"))


class RequestPath:
    """One installation's way of handling requests; replaced as a whole on a reload."""

    def __init__(
        self,
        installation: Installation,
        forwarder: Forwarder,
        contexts: Contexts,
        upkeep: Upkeep,
        targets: TargetLookUps,
        rates: Rates,
        calls: Calls,
        memory: Memory,
    ) -> None:
        self.ending = False
        """Whether a request that begins something is answered 503."""
        self._installation = installation
        self._targets = targets
        self._rates, self._arrivals = rates, rates.zones
        self._forwarder = forwarder
        self._contexts = contexts
        self._upkeep = upkeep
        self._calls = calls
        self._memory = memory
        self._asked: tuple[int, TooMany | None] | None = None
        """The connection of a request that comes next and is counted already, and whether it is one too many."""

    def take(self, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        """What the request alone decides (decision/), and what depends on the moment: its connection, its password."""
        message, zone = event.message, self._installation.zone(peer.speaks_in)
        if self.ending and event.transaction and _begins_something(message):
            self.refuse(event, peer, Refusal(503, ENDING, (retry_after(self._installation),)), out)
            return
        if isinstance(zone, (TraversalServerZone, TraversalClientZone)) and message.method != "CANCEL":
            if self._upkeep.takes(peer, event, now, out):
                return
            if not self._upkeep.is_admitted(peer, now):
                self.refuse(event, peer, Refusal(403, "this traversal connection is not authenticated"), out)
                return
        arrivals = self._arrivals.get(peer.speaks_in)
        if arrivals is not None and self._is_too_much(arrivals, event, peer, now, out):
            return
        decision = self._decide(event, peer, now)
        if isinstance(decision, Decided) and decision.asks:
            self._wait(decision, event, peer, now, out)
        else:
            self._carry_out(decision, event, peer, now, out)

    def go_on(self, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        """A request that waited for the DNS is decided with what is known now; nothing is asked twice."""
        decision = self._decide(event, peer, now)
        if isinstance(decision, Decided) and decision.asks:
            decision = Refusal(UNREACHABLE, "the DNS did not say in time who may speak for the domain in From")
        self._carry_out(decision, event, peer, now, out, waited=True)

    def _decide(self, event: RequestReceived, peer: Peer, now: float) -> Decision:
        if peer.barred:
            return Refusal(403, peer.barred)
        message, zone, installation = event.message, self._installation.zone(peer.speaks_in), self._installation
        known = Heard(partial(self._targets.known, now=now))
        is_call = self._calls.may_have_any and message.method != "CANCEL"
        arrival = self._calls.arrivals.arriving(message, zone.name) if is_call else None
        if isinstance(arrival, Refusal):
            return arrival
        if arrival is not None:
            return decide(arrival.message, zone, installation, peer.names, known, event.time, arrival.routes)
        key = self._key(message, zone, peer)
        verdict = None if key is None else self._memory.find(key)
        decided = None if verdict is None else verdict.again(message, installation, event.time)
        if decided is not None:
            self._memory.hits += 1
            return decided
        decision = decide(message, zone, installation, peer.names, known, event.time)
        if key is not None and isinstance(decision, Decided) and not known.used:
            self._remember(key, decision)
        return decision

    def _key(self, message: Message, zone: AnyZone, peer: Peer) -> Key | None:
        """None: the memory is not asked. What a call of a b2bua zone makes of a request is in no key."""
        if not self._memory.is_on or len(self._calls.dialogs):
            return None
        return key_of(message, zone, peer.opened.names, self._installation)

    def _remember(self, key: Key, decided: Decided) -> None:
        found = tiers_of(decided, self._installation.settings)
        verdict = verdict_of(decided, found)
        if verdict is not None:
            decided.found = found
            self._memory.keep(key, verdict)

    def _wait(self, decided: Decided, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        """Ask the DNS for whom the peer may speak; the request goes on when it has answered, or its time is over."""
        if event.message.method == "INVITE":
            out.append(respond(self._installation, event.transaction, peer, event.message, 100))
        if not self._targets.ask(decided.asks, event, Asker(peer.speaks_in, peer.address), now, out):
            text = "too many requests wait for the DNS to say who may speak for the domain in From"
            self.refuse(event, peer, Refusal(UNREACHABLE, text), out)

    def _carry_out(
        self,
        decision: Decision,
        event: RequestReceived,
        peer: Peer,
        now: float,
        out: list[Command],
        waited: bool = False,
    ) -> None:
        """``waited``: it has got its 100."""
        if isinstance(decision, Decided):
            decision = self._challenged(decision, peer, now, out)
        if isinstance(decision, Decided):
            arrivals = self._arrivals.get(peer.speaks_in)
            if arrivals is None or not self._exceeds(arrivals, decision, event, peer, now, out):
                self._send_on(decision, event, peer, now, out, waited)
        elif isinstance(decision, Refusal):
            self.refuse(event, peer, decision, out)
        elif isinstance(decision, Cancellation):
            self._cancel(event, peer, now, out)
        else:
            self._answer_options(event, peer, out)

    def _is_too_much(
        self, arrivals: Arrivals, event: RequestReceived, peer: Peer, now: float, out: list[Command]
    ) -> bool:
        """Whether a request is one too many for its peer or zone. A CANCEL goes no further than to its INVITE."""
        method = event.message.method
        if method == "CANCEL":
            return False
        asked, self._asked = self._asked, None
        if asked is not None and asked[0] == peer.connection:
            too_many = asked[1]
        else:
            counted = arrivals.ack if method == "ACK" else arrivals.request
            too_many = counted(peer.share, now)
        if too_many is not None:
            self._turn_away(too_many, event, peer, now, out)
        return too_many is not None

    def _exceeds(
        self,
        arrivals: Arrivals,
        decided: Decided,
        event: RequestReceived,
        peer: Peer,
        now: float,
        out: list[Command],
    ) -> bool:
        """Whether a request is one too many for its domain, or a subscription too many.

        It is asked once the sender may speak for the domain: else a stranger could use up another's rate.
        """
        message = event.message
        if message.method == "ACK":
            return False
        too_many = None
        if arrivals.policy.per_domain:
            too_many = arrivals.domain(self._whose(peer, host_of(message.first("from") or "")), now)
        if too_many is None and message.method == "SUBSCRIBE" and not message.to_tag:
            too_many = arrivals.subscription(peer.share, decided.alias, now)
        if too_many is not None:
            self._turn_away(too_many, event, peer, now, out)
        return too_many is not None

    def _whose(self, peer: Peer, domain: str) -> str:
        """What a domain in From is counted as: with the source where anybody may name it."""
        policy, domain = self._installation.from_policies.get(peer.speaks_in), domain[:LONGEST_DOMAIN]
        is_judged = policy is not None and policy.kind is not FromDomain.ANY
        return domain if is_judged else f"{domain} {peer.share}"

    def _turn_away(self, too_many: TooMany, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        """503 with Retry-After, and nothing for the history: a flood would push all else out of it."""
        zone = peer.speaks_in
        self._rates.refused[zone, too_many.reason] += 1
        if self._rates.is_news(zone, too_many.reason, peer.share, now):
            text = f'zone "{zone}": requests of {peer.address} are refused: {too_many.text}'
            out.append(Log("warning", text, source=peer.address))
        if event.transaction:
            headers = (retry_in(too_many.pause),)
            out.append(respond(self._installation, event.transaction, peer, event.message, 503, too_many.text, headers))

    def _challenged(self, decided: Decided, peer: Peer, now: float, out: list[Command]) -> Decided | Refusal:
        """Ask for credentials where the zone checks them."""
        if not decided.authentication.challenge:
            return decided
        refusal = self._upkeep.challenge(decided.message, peer, now, out)
        if refusal is not None and decided.message.method not in WITHOUT_RESPONSE:
            return refusal
        if refusal is not None and decided.source.name in self._installation.from_policies:
            return Refusal(403, "it cannot be asked for the password that its own domain in From needs")
        if refusal is not None:  # nobody can be challenged who gets no response: it goes on as a stranger's
            decided.authentication = STRANGER
        return decided

    def _cancel(self, event: RequestReceived, peer: Peer, now: float, out: list[Command]) -> None:
        """RFC 3261 9.2, 16.10. Only the peer that sent the INVITE may cancel it."""
        context = self._contexts.by_key(transaction_key(event.message, peer.who))
        message, installation = event.message, self._installation
        if context is None:
            waiting = self._waiting_for(event, peer)
            status = 481 if waiting is None else 200
            out.append(respond(installation, event.transaction, peer, message, status))
            if waiting is not None:
                self._targets.withdraw(waiting)
                out.append(respond(installation, waiting.transaction, peer, waiting.message, 487))
            return
        # 9.2: the same To tag as in the responses to the INVITE
        data = own_response(installation, context.transaction, peer, message, 200)
        out.append(Respond(event.transaction, 200, data))
        self._calls.cancelled(context.incoming, now)
        self._contexts.cancel(context, now, out)

    def _waiting_for(self, cancel: RequestReceived, peer: Peer) -> RequestReceived | None:
        """The INVITE of the same connection that a CANCEL means and that still waits for the DNS."""
        key = transaction_key(cancel.message, peer.who)
        for event in self._targets.waiting_of(peer.connection):
            if event.message.method == "INVITE" and transaction_key(event.message, peer.who) == key:
                return event
        return None

    def _answer_options(self, event: RequestReceived, peer: Peer, out: list[Command]) -> None:
        headers = OPTIONS_HEADERS
        out.append(respond(self._installation, event.transaction, peer, event.message, 200, headers=headers))

    def refuse(self, event: RequestReceived, peer: Peer, refusal: Refusal, out: list[Command]) -> None:
        """Answer a request that goes no further."""
        self._rates.refused[peer.speaks_in, str(refusal.status)] += 1
        message = event.message
        entry = self._entry(event, peer, classify_method(message.method))
        entry.refused(refusal.status, refusal.reason)
        out.append(Record(entry))
        conclude(entry, out)
        if event.transaction == 0:  # ACK and BENOTIFY get no response, whatever is wrong with them
            return
        status, text, headers = refusal.status, refusal.reason, refusal.headers
        out.append(respond(self._installation, event.transaction, peer, message, status, text, headers))

    def _send_on(
        self, decided: Decided, event: RequestReceived, peer: Peer, now: float, out: list[Command], waited: bool
    ) -> None:
        settings = self._installation.settings
        message = event.message
        tiers, explanation = tiers_of(decided, settings)
        way = self._way(decided, tiers, event, now) if self._calls.may_have_any else None
        if way is not None and isinstance(way, (Answer, Refusal)):
            self._answer(way, event, peer, out)
            return
        entry = self._entry(event, peer, decided.classification)
        entry.explanation, entry.alias, entry.also = explanation, decided.alias, decided.also
        if decided.routes.pair is not None:
            entry.route = decided.routes.pair.there
        out.append(Record(entry))
        loop = loop_hash(message, decided.source.name, settings.secret)
        incoming = Incoming(decided, event.transaction, peer, loop, entry, explanation)
        if way is not None:
            self._calls.follow(incoming, way)
        if event.transaction == 0:
            targets = tiers[0].targets if tiers else ()
            self._contexts.begin_stateless(StatelessForward(self._forwarder, incoming), targets, now, out)
            return
        if message.method == "INVITE" and not waited:  # RFC 3261 16.2: a stateful proxy answers 100 within 200 ms
            out.append(respond(self._installation, event.transaction, peer, message, 100))
        context = ResponseContext(self._forwarder, incoming, iter(tiers))
        self._contexts.begin(context, now, out)
        if decided.recalled and self._memory.shows_ways and not self._calls.may_have_any:
            self._show_way(context, out)
        if not tiers and self._is_scan(decided):
            self._upkeep.offence(peer, "scan", out)

    def _way(
        self, decided: Decided, tiers: tuple[Tier, ...], event: RequestReceived, now: float
    ) -> Way | Answer | Refusal | None:
        """Where a request goes in a call, or what the edge answers itself; None: it is no part of one."""
        message, arrivals = decided.message, self._calls.arrivals
        way = arrivals.way(message, decided.source.name)
        if way is not None:
            return self._calls.requested(way, message, now) or way
        begun = arrivals.begin(decided, tiers, event.transaction)
        if isinstance(begun, Way):
            return self._calls.begun(begun, message, now) or begun
        return begun

    def _answer(self, answer: Answer | Refusal, event: RequestReceived, peer: Peer, out: list[Command]) -> None:
        """Of the edge's own, in a call."""
        if isinstance(answer, Refusal):
            self.refuse(event, peer, answer, out)
        elif answer.status >= 300:
            self.refuse(event, peer, Refusal(answer.status, answer.text, answer.headers), out)
        elif event.transaction:
            number, headers = event.transaction, answer.headers
            out.append(respond(self._installation, number, peer, event.message, answer.status, headers=headers))

    def _show_way(self, context: ResponseContext, out: list[Command]) -> None:
        """Requests that say the same may go where this one has gone, if nothing but the memory was asked about it."""
        peer, message = context.peer, context.request
        is_traversal = isinstance(context.incoming.decided.source, (TraversalServerZone, TraversalClientZone))
        asks = peer.speaks_in in self._arrivals
        if is_traversal or (asks and message.method == "SUBSCRIBE") or context.targets != 1:
            return
        if context.outcomes or context.located_later or len(context.branches) != 1:
            return
        (branch,) = context.branches.values()
        if self._upkeep.awaits(branch.hop.zone):
            return
        way = self._forwarder.way(context.incoming, branch.target, branch.hop, asks)
        if way is not None:
            out.append(Remember(peer.connection, message.head, way))

    def may_pass(self, peer: Peer, way: RememberedWay, now: float) -> bool:
        """Count a request that goes on without the core. False: ``take`` is to turn it away."""
        arrivals = self._arrivals.get(peer.speaks_in)
        if arrivals is None:
            return True
        too_many = arrivals.request(peer.share, now)
        if too_many is None and arrivals.domain(self._whose(peer, way.domain), now) is None:
            return True
        self._asked = peer.connection, too_many
        return False

    def adopt(self, event: Adopted, peer: Peer) -> None:
        """Take over a request that went on without the core: it was decided about as its way says."""
        message, record, request = event.request.message, event.record, event.request
        way: RememberedWay = record[WAY]
        decided = way.verdict.again(message, self._installation, request.time)
        assert decided is not None  # else it would not have gone this way
        entry = record[ENTRY] = entry_of(record)
        loop = loop_hash(message, decided.source.name, self._installation.settings.secret)
        tiers, explanation = way.verdict.found
        incoming = Incoming(decided, request.transaction, peer, loop, entry, explanation)
        crossing = self._forwarder.crossing(incoming, record[HOPS][0])
        if crossing is not None:
            incoming.crossings[event.branch] = crossing
        context = ResponseContext(self._forwarder, incoming, iter(tiers))
        self._contexts.adopt(context, event.branch, event.head, record[HOPS], event.begun)

    def _is_scan(self, decided: Decided) -> bool:
        """Whether a stranger asks for what is none of this edge's business: it looks for a gateway or a relay."""
        outside, domains = self._installation.outside, self._installation.domains
        return decided.source.name in outside and decided.routes.uri.host not in domains

    def _entry(self, event: RequestReceived, peer: Peer, classification: Classification) -> Entry:
        message, revision = event.message, self._installation.settings.revision
        lines = kept_lines(message)
        return Entry(
            0.0,
            peer.opened,
            peer.speaks_in,
            revision,
            message.method,
            message.uri,
            message.call_id,
            lines,
            classification,
        )


def _begins_something(message: Message) -> bool:
    """Out of any dialog, OPTIONS included: peers that ask whether the edge is there go elsewhere from now on."""
    return not message.to_tag and message.method != "CANCEL"
