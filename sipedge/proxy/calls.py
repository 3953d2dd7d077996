"""Calls of b2bua zones at work: where messages meet the table of dialogs, and what the edge begins itself.

A request of the edge's own is one that the other party might have sent: it goes the way of all requests, only that
nobody waits for its response but this file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from dialplan.model import Target, Tier
from sipedge.decision.classification import classify
from sipedge.decision.deciding import Decided
from sipedge.decision.installation import Installation
from sipedge.decision.record_route import ZonePair
from sipedge.decision.routing import RouteInformation
from sipedge.decision.validation import Refusal
from sipedge.dialogs.crossing import PREFIX, Passage, learn, with_tag
from sipedge.dialogs.dialog import Dialog, Leg, Way
from sipedge.dialogs.record import from_bytes, to_bytes
from sipedge.dialogs.requests import own_request, revealed
from sipedge.dialogs.states import DialogAction, DialogInput, DialogState
from sipedge.dialogs.table import Dialogs
from sipedge.sip.message import Message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import parse_address
from sipedge.topology.routes import values_of
from zones.authentication import Authentication, Identity

from .commands import Command, Drop, Keep, Log, Record, Respond
from .contexts import Contexts, StatelessForward
from .events import ConnectionOpened, Recalled
from .forwarder import Forwarder
from .history import Entry, kept_lines
from .incoming import Incoming, Peer
from .response_context import ResponseContext

_A, _I = DialogAction, DialogInput

PATIENCE = 40.0
"""Seconds for an ACK or the answer to a BYE: 64*T1 and what a repeated one takes."""
RESUMING = 2.0
"""Seconds after a start in which ways to peers are found."""
GONE = (408, 481)
_OTHER_USAGES = frozenset({"SUBSCRIBE", "NOTIFY", "REFER"})
"""Their 481 ends a subscription within the dialog, not the call (RFC 5057 5.1)."""
_ITSELF = ConnectionOpened(-1, "TLS", "127.0.0.1", 0, "127.0.0.1", 0)
"""Where requests of the edge's own come from."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request to one of the edge's Contacts, as it is to be decided."""

    message: Message
    routes: RouteInformation


class Calls:
    """All calls of one edge."""

    def __init__(self, ids: Callable[[], str]) -> None:
        self.dialogs = Dialogs()
        self._ids = ids
        self._installation: Installation
        self._forwarder: Forwarder
        self._contexts: Contexts
        self._finals: list[tuple[Incoming, int, Message | None]] = []
        """Final responses since the last ``settle``, and whose they are."""
        self._numbers = count(1)
        self._own: set[int] = set()
        """Transactions of the edge's own requests that wait for their final response: below 0."""
        self._journal = ""
        """The path of the one that is written."""
        self._touched: dict[Dialog, None] = {}
        """Calls that are not in it as they are now."""

    def configure(self, installation: Installation, forwarder: Forwarder, contexts: Contexts) -> None:
        self._installation, self._forwarder, self._contexts = installation, forwarder, contexts
        if installation.settings.journal != self._journal:
            self._journal = installation.settings.journal
            self._touched.update(dict.fromkeys(self.dialogs))

    def recalled(self, event: Recalled, now: float, out: list[Command]) -> None:
        """Calls of before a restart. What was under way in them then has no transaction any more."""
        for key, data in event.kept.items():
            dialog = from_bytes(data)
            if dialog is None or not self._is_configured(dialog):
                out += (Keep(key, None), Log("warning", f"a call of the journal cannot go on: {key}"))
                continue
            dialog.is_kept = True
            self.dialogs.add(dialog)
            if dialog.state is DialogState.ANSWERED:
                self.dialogs.schedule(dialog, now + PATIENCE)
            elif dialog.state is DialogState.ENDING:  # who has got no BYE gets one, who has sent it says 481
                dialog.state = DialogState.TALKING
                self.dialogs.schedule(dialog, now + RESUMING)

    def _is_configured(self, dialog: Dialog) -> bool:
        """Whether its zones are still there; their peers may be strangers now, or no longer."""
        for leg in (dialog.near, dialog.far):
            if self._installation.zones.get(leg.zone) is None:
                return False
            leg.side = self._installation.side(leg.zone)
        return True

    def arriving(self, message: Message, zone: str) -> Arrival | Refusal | None:
        """What becomes of a request to a Contact of the edge; None: it belongs to no call, and is decided as any other.

        ``zone``: where it comes from.
        """
        if self._installation.border is None and not len(self.dialogs):
            return None
        way = self.way(message, zone)
        if way is not None and way.target is not None:
            return self._arrival(message, way.source, way.target)
        tag = self._contact(message)
        if not tag:
            return None
        leg = None if message.to_tag else self.dialogs.by_contact(tag, self._installation.side(zone))
        if leg is None:
            return Refusal(481, "the edge keeps no call that this Contact belongs to")
        return self._arrival(message, Leg(zone, "", "", ""), leg)

    def way(self, message: Message, zone: str) -> Way | None:
        """From which leg to which one a request within a call goes; None: it is within none."""
        if not message.to_tag or not len(self.dialogs):
            return None
        return self.dialogs.way(message, self._installation.side(zone))

    def _contact(self, message: Message) -> str:
        """The tag in a Request-URI that looks like one of the edge's Contacts; '' for any other."""
        user = message.uri.partition("@")[0].partition(":")[2]
        if not user.startswith(PREFIX):
            return ""
        try:
            return user.removeprefix(PREFIX) if self._installation.edge.is_own(parse_uri(message.uri)) else ""
        except UriError:
            return ""

    def _arrival(self, message: Message, source: Leg, target: Leg) -> Arrival | Refusal:
        if not target.target:
            return Refusal(481, "the other party has not said where it can be reached")
        try:
            message = revealed(message, target)
            return Arrival(message, _routes(message, source, target))
        except UriError as error:
            return Refusal(502, f"the other party's Contact or Record-Route cannot be read: {error}")

    def begin(self, decided: Decided, tiers: tuple[Tier, ...], transaction: int) -> Way | Refusal | None:
        """A new call, where an INVITE goes into a b2bua zone or comes out of one; None for any other request."""
        message, source, installation = decided.message, decided.source.name, self._installation
        if message.method != "INVITE" or message.to_tag or not message.from_tag:
            return None
        if not any(installation.ends_calls(source, target.zone) for tier in tiers for target in tier.targets):
            return None
        if len(self.dialogs) >= installation.settings.limits.dialogs:
            return Refusal(503, "as many calls are open as limits.dialogs allows")
        routes = tuple(values_of(message, "record-route"))
        side, tag = installation.side(source), installation.tag(transaction)
        near = Leg(source, side, message.call_id, tag, message.from_tag, routes=routes, received=message.cseq[0])
        learn(near, message)
        if not near.target:
            return Refusal(400, "an INVITE needs a Contact that is a SIP URI")
        from_, to = (with_tag(message.first(name) or "", "") for name in ("from", "to"))
        dialog = Dialog(near, Leg("", "", self._ids(), self._ids()), from_, to)
        self.dialogs.add(dialog)
        return Way(dialog, near, None)

    def follow(self, incoming: Incoming, way: Way) -> None:
        """Whatever becomes of this request is told to its call."""
        incoming.way = way
        incoming.concluded = lambda status, answer: self._finals.append((incoming, status, answer))

    def requested(self, way: Way, message: Message, now: float) -> bool:
        """A request within a call is about to go to its other leg; False: it must not."""
        dialog, method = way.dialog, message.method
        way.source.received = max(way.source.received, message.cseq[0])
        learn(way.source, message)
        what = {"ACK": _I.ACK, "BYE": _I.BYE}.get(method, _I.REQUEST)
        if way.source is not dialog.near and what is _I.ACK:
            what = _I.REQUEST  # to an INVITE of the callee's
        action = dialog.take(what)
        self._touched[dialog] = None
        if what is _I.ACK and action is _A.PASS:
            self.dialogs.schedule(dialog, 0.0)
        elif what is _I.BYE:
            self.dialogs.schedule(dialog, now + PATIENCE)
        return action is not _A.REFUSE

    def cancelled(self, incoming: Incoming) -> None:
        """The caller has sent CANCEL."""
        if incoming.way is not None and incoming.way.target is None:
            incoming.way.dialog.take(_I.CANCEL)

    def responded(self, incoming: Incoming, branch: str, response: Message, now: float, out: list[Command]) -> bool:
        """A response on its way from leg to leg; False: it goes no further, because the edge ends that leg itself."""
        passage = incoming.crossings.get(branch)
        if not isinstance(passage, Passage) or not 100 < response.status < 300:
            return True
        way = passage.way
        if way.target is not None:
            if passage.method in ("INVITE", "UPDATE") and learn(way.target, response):
                self._touched[way.dialog] = None
            return True
        return self._answered(passage, response, now, out)

    def _answered(self, passage: Passage, response: Message, now: float, out: list[Command]) -> bool:
        """A callee rings or takes the call."""
        dialog, tag = passage.way.dialog, response.to_tag or ""
        is_first = dialog.is_early
        leg = dialog.far if dialog.far.remote_tag == tag else dialog.fork(tag, passage.target, passage.side)
        if leg is None:
            return response.status >= 200
        if is_first or leg is not dialog.far:
            learn(leg, response)
            leg.routes = tuple(reversed(values_of(response, "record-route")))
        if response.status < 200:
            dialog.far = leg if is_first else dialog.far
            return is_first
        if not is_first and leg is not dialog.far:
            if dialog.take(_I.SURPLUS) is _A.END_FORK:
                self._end_fork(dialog, leg, now, out)
            return False
        dialog.far = leg
        dialog.take(_I.ACCEPT)
        self._touched[dialog] = None
        if is_first:
            dialog.forks.clear()
            self.dialogs.schedule(dialog, now + PATIENCE)
        return True

    def _end_fork(self, dialog: Dialog, leg: Leg, now: float, out: list[Command]) -> None:
        """RFC 3261 13.2.2.4: each 2xx gets its ACK, and a BYE where nobody talks."""
        self._acknowledge(dialog, dialog.near, leg, leg.invite[1], now, out)
        self._originate(dialog, dialog.near, leg, "BYE", now, out)

    def settled(self, now: float, out: list[Command]) -> list[Command]:
        """Take up what has become of requests; gives the commands without answers to the edge itself."""
        if not (self._finals or self._own or self._touched):
            return out
        while self._finals:
            finals, self._finals = self._finals, []
            for incoming, status, _ in finals:
                self._own.discard(incoming.transaction)
                if incoming.way is not None:
                    self._concluded(incoming.way, incoming.decided.message.method, status, now, out)
        return [*self._notes(), *(command for command in out if not _is_to_itself(command))]

    def _notes(self) -> list[Command]:
        """For the journal: before what tells a party of the change."""
        touched, self._touched = self._touched, {}
        notes: list[Command] = []
        for dialog in touched if self._journal else ():
            if dialog.is_confirmed:
                notes.append(Keep(dialog.near.tag, to_bytes(dialog)))
                dialog.is_kept = True
            elif dialog.is_kept:
                notes.append(Keep(dialog.near.tag, None))
        return notes

    def _concluded(self, way: Way, method: str, status: int, now: float, out: list[Command]) -> None:
        if way.target is None:
            if way.dialog.is_early:
                self._act(way.dialog, _I.REFUSE, now, out)
        elif method == "BYE":
            self._act(way.dialog, _I.BYE_STOPPED if status in (401, 407) else _I.BYE_DONE, now, out)
        elif status in GONE and method not in _OTHER_USAGES:
            self._act(way.dialog, _I.GONE, now, out)

    def _act(self, dialog: Dialog, what: DialogInput, now: float, out: list[Command]) -> None:
        action = dialog.take(what)
        self._touched[dialog] = None
        if action is _A.FORGET:
            self.dialogs.remove(dialog)
        elif action is _A.END_BOTH:
            self.dialogs.schedule(dialog, now + PATIENCE)
            for source, target in ((dialog.near, dialog.far), (dialog.far, dialog.near)):
                self._originate(dialog, source, target, "BYE", now, out)

    def next_deadline(self) -> float | None:
        return self.dialogs.next_deadline()

    def tick(self, now: float, out: list[Command]) -> None:
        while (dialog := self.dialogs.due(now)) is not None:
            self._act(dialog, _I.EXPIRE, now, out)

    def _originate(
        self,
        dialog: Dialog,
        source: Leg,
        target: Leg,
        method: str,
        now: float,
        out: list[Command],
    ) -> None:
        """A request of the edge's own to a leg, in the name of the other party."""
        way = Way(dialog, source, target, target.own_number(source))
        self._touched[dialog] = None
        incoming = self._incoming(way, method, -next(self._numbers), out)
        if incoming is not None:
            self._own.add(incoming.transaction)
            self.follow(incoming, way)
            tier = Tier(0, True, (Target("", target.zone, ""),))
            self._contexts.begin(ResponseContext(self._forwarder, incoming, iter((tier,))), now, out)

    def _acknowledge(
        self, dialog: Dialog, source: Leg, target: Leg, number: int, now: float, out: list[Command]
    ) -> None:
        """The edge's own ACK to a 2xx."""
        incoming = self._incoming(Way(dialog, source, target, number), "ACK", 0, out)
        if incoming is not None:
            request = StatelessForward(self._forwarder, incoming)
            self._contexts.begin_stateless(request, (Target("", target.zone, ""),), now, out)

    def _incoming(self, way: Way, method: str, transaction: int, out: list[Command]) -> Incoming | None:
        """None, and a line in the log, where the party cannot be reached."""
        source, target = way.source, way.target or way.dialog.far
        zone = self._installation.source(source.zone)
        via = f"SIP/2.0/TLS {self._installation.agent(source.zone)};branch=z9hG4bK{self._ids()}"
        message = own_request(way.dialog, source, target, method, way.number, via)
        try:
            routes = _routes(message, source, target)
        except UriError as error:
            text = f'a {method} to zone "{target.zone}" cannot be sent: {error}'
            out.append(Log("warning", text))
            return None
        decided = Decided(message, zone, routes, "", None, None, Authentication(True, Identity.KEEP), classify(message))
        peer = Peer(_ITSELF.connection, source.zone, _ITSELF.peer_address, _ITSELF.peer_port, _ITSELF)
        entry = Entry(
            0.0,
            _ITSELF,
            source.zone,
            self._installation.settings.revision,
            method,
            message.uri,
            message.call_id,
            kept_lines(message),
            decided.classification,
            route=target.zone,
        )
        out.append(Record(entry))
        incoming = Incoming(decided, transaction, peer, "0" * 12, entry)
        incoming.way = way
        return incoming


def _routes(message: Message, source: Leg, target: Leg) -> RouteInformation:
    """Where a request goes that has the Request-URI and the Route of its leg. Raises UriError."""
    routes = RouteInformation(parse_uri(target.target), pair=ZonePair(source.zone, target.zone))
    if target.routes:
        routes.foreign = parse_uri(parse_address(target.routes[0]).uri)
        routes.foreign_line = message.index["route"][0]
    return routes


def _is_to_itself(command: Command) -> bool:
    return isinstance(command, Respond | Drop) and command.transaction < 0
