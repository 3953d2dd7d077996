"""Calls of b2bua zones at work: where messages meet the table of dialogs, and what the edge begins itself.

A request of the edge's own is one that the other party might have sent: it goes the way of all requests, only that
nobody waits for its response but this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from dialplan.model import Target, Tier
from sipedge.decision.deciding import tiers_of
from sipedge.decision.installation import Installation
from sipedge.decision.routing import alias_of_uri
from sipedge.dialogs import redirects, responses, sessions
from sipedge.dialogs.arrivals import Arrivals
from sipedge.dialogs.crossing import Passage, learn, own_contact
from sipedge.dialogs.dialog import Dialog, Leg, Way
from sipedge.dialogs.orders import Answer, Kind, Order
from sipedge.dialogs.policies import Policies, policies_of
from sipedge.dialogs.record import PATIENCE, RINGING, restored, resume, to_bytes
from sipedge.dialogs.requests import GONE, OTHER_USAGES, TARGET_REFRESHES
from sipedge.dialogs.responses import Said
from sipedge.dialogs.ringing import provisional
from sipedge.dialogs.ringing.provisional import RingAction, Ringing, begun
from sipedge.dialogs.states import DialogAction, DialogInput
from sipedge.dialogs.table import NOBODY, Dialogs, Others
from sipedge.dialogs.transfers import Transfers
from sipedge.sip.message import Message
from sipedge.sip.responses import REASONS, without_top_via
from sipedge.topology.handles import KEY, Board, Handles
from zones.authentication import Authentication, Identity
from zones.calls import Refer

from .commands import CallGiven, Command, Drop, Keep, Log, Record, Respond
from .contexts import Contexts, StatelessForward
from .events import CallMoved, CallWanted, ForwardFailed, Recalled
from .forwarder import Forwarder
from .incoming import Incoming, own_incoming
from .response_context import ResponseContext

_A, _I = DialogAction, DialogInput

MOST_TRIES = 3
"""How often one request is sent again because of what it was answered."""


class Calls:
    """All calls of one edge."""

    def __init__(self, ids: Callable[[], str], others: Others = NOBODY, board: Board | None = None) -> None:
        self.dialogs = Dialogs(others)
        self.handles = Handles(board)
        """Of hidden zones: they share the journal."""
        self._ids = ids
        self.arrivals: Arrivals
        self._installation: Installation
        self._policies: Policies
        self._forwarder: Forwarder
        self._contexts: Contexts
        self._finals: list[tuple[Incoming, int]] = []
        """Statuses of final responses since the last ``settled``, and whose they are."""
        self._numbers = count(1)
        self._transfers = Transfers(self.dialogs, ids)
        self._orders: list[Order] = []
        """What transfers want sent, behind what is said already."""
        self._ringing: dict[Dialog, ResponseContext] = {}
        """INVITEs of new calls of transfers that have no final response."""
        self._own: set[int] = set()
        """Transactions of the edge's own requests that wait for their final response: below 0."""
        self.may_have_any = False
        """Whether a request can belong to a call, or begin one."""
        self._journal = ""
        """The path of the one that is written."""
        self._touched: dict[Dialog, None] = {}
        """Calls that are not in it, or whose deadlines are not set, as they are now."""

    def configure(self, installation: Installation, forwarder: Forwarder, contexts: Contexts) -> None:
        self._installation, self._forwarder, self._contexts = installation, forwarder, contexts
        self.arrivals = Arrivals(installation, self.dialogs, self._ids)
        self._policies = policies_of(installation.zones, installation.settings.credentials)
        self.may_have_any = bool(self._policies.by_zone) or len(self.dialogs) > 0
        if installation.settings.journal != self._journal:
            self._journal = installation.settings.journal
            self._touched.update(dict.fromkeys(self.dialogs))
            self.handles.touch_all()

    def recalled(self, event: Recalled, now: float, out: list[Command]) -> None:
        """Calls of before a restart."""
        for number, (key, data) in enumerate(event.kept.items(), 1):
            if key.startswith(KEY):
                self.handles.recall(key.removeprefix(KEY), data.decode(errors="replace"))
                continue
            dialog = restored(data, self._installation)
            if dialog is None:
                out += (Keep(key, None), Log("warning", f"a call of the journal cannot go on: {key}"))
                continue
            self.dialogs.add(dialog)
            self.may_have_any = True
            resume(dialog, now, number / len(event.kept))
            self.dialogs.schedule(dialog)

    def wanted(self, event: CallWanted, now: float, out: list[Command]) -> None:
        """Give a call up that another worker needs beside one of its own; not while a request of it is under way."""
        ways = (context.incoming.way for context in self._contexts.open())
        dialog = self.dialogs.given_up(event.tag, [way.dialog for way in ways if way is not None])
        forgotten = [Keep(dialog.near.tag, None)] if dialog is not None else []
        out += (*forgotten, CallGiven(event.asker, event.tag, dialog))

    def moved(self, event: CallMoved, now: float, out: list[Command]) -> None:
        """Another worker has given a call up."""
        if event.dialog is not None:
            self.dialogs.add(event.dialog)
            self._touched[event.dialog], self.may_have_any = None, True

    def follow(self, incoming: Incoming, way: Way) -> None:
        """Whatever becomes of this request is told to its call."""
        incoming.way = way
        incoming.concluded = lambda status: self._finals.append((incoming, status))

    def requested(self, way: Way, message: Message, now: float) -> Answer | None:
        """A request within a call is about to go to its other leg; what the edge answers instead, if it must not."""
        dialog, leg, method = way.dialog, way.source, message.method
        if method == "PRACK" and dialog.ringing is not None and leg is dialog.near and dialog.ringing.is_named(message):
            self._touched[dialog] = None
            status = dialog.ringing.acknowledged(message, way.is_awaited, now)
            if status:
                return Answer(status, text=provisional.NO_OFFER if status == 488 else "")
        if dialog.transfer is not None or dialog.is_left:
            answer, orders = self._transfers.heard(way, method)
            self._orders += orders
            if answer is not None:
                return answer
        leg.received = max(leg.received, message.cseq[0])
        if method in TARGET_REFRESHES:
            learn(leg, message)
        self._touched[dialog] = None
        what = {"ACK": _I.ACK, "BYE": _I.BYE}.get(method, _I.REQUEST)
        if leg is not dialog.near and what is _I.ACK:
            what = _I.REQUEST  # to an INVITE of the callee's
        action = dialog.take(what)
        if action is _A.REFUSE:
            return Answer(481, text="this call is not answered yet")
        if what is _I.ACK:
            dialog.patience = 0.0
        elif what is _I.BYE and not dialog.is_early:
            dialog.patience = now + PATIENCE
        if method == "REFER" and self._policies.of(leg.zone).refer is Refer.HERE:
            answer, orders = self._transfers.asked(way, message)
            self._orders += orders
            return answer
        return self._session(leg, message, now) if method in sessions.REFRESHES else None

    def begun(self, way: Way, message: Message, now: float) -> Answer | None:
        """An INVITE that begins a call; what the edge answers instead of sending it on, if it must not go."""
        way.dialog.patience = now + RINGING
        self._touched[way.dialog] = None
        answer = self._session(way.source, message, now)
        if answer is not None:
            self.dialogs.remove(way.dialog)
        return answer

    def _session(self, leg: Leg, message: Message, now: float) -> Answer | None:
        """What the edge says to an INVITE or UPDATE where the sessions of a leg are its own business."""
        wanted = self._policies.of(leg.zone).session_timer or leg.interval
        if not wanted:
            return None
        contact = own_contact("", leg.tag, self._installation.seat(leg.zone))
        return sessions.answer(leg, message, wanted, contact, now)

    def cancelled(self, incoming: Incoming, now: float) -> None:
        """The caller has sent CANCEL."""
        if incoming.way is not None and incoming.way.target is None:
            dialog = incoming.way.dialog
            dialog.take(_I.CANCEL)
            if dialog.ringing is not None:
                dialog.ringing.cancelled(now)
                self._touched[dialog] = None

    def responded(
        self, context: ResponseContext, branch: str, response: Message, now: float, out: list[Command]
    ) -> bool:
        """A response on its way from leg to leg; False: it goes no further, because the edge has acted on it."""
        passage = context.incoming.crossings.get(branch)
        if not isinstance(passage, Passage) or response.status == 100:
            return True
        self._touched[passage.way.dialog] = None
        if response.status >= 300:
            return not self._goes_on(context, passage, branch, response, now, out)
        way, said = passage.way, Said(passage.way.target, True)
        if said.leg is not None and passage.method in sessions.REFRESHES:
            learn(said.leg, response)
        elif said.leg is None and passage.method == "INVITE":
            said = responses.said(passage, response, now + PATIENCE)
        if response.status < 200 and passage.acknowledges:
            return self._provisional(context, branch, passage, said, response, now, out)
        leg, goes_up, is_surplus = said
        if leg is not None and is_surplus:
            self._end_fork(way.dialog, leg, now, out)
        if leg is not None and goes_up and response.status >= 200:
            ack = responses.agreed(passage, leg, response, now)
            if ack is not None:
                self._carry_out(ack, now, out)
            if way.transfer is not None and passage.method == "INVITE":
                seen = self._forwarder.as_seen_upstream(response, context.incoming, branch)
                self._orders += self._transfers.answered(way.transfer, leg, passage.number, seen)
        if goes_up and passage.rings:
            return self._rings(context, branch, way.dialog, response, now)
        if not goes_up and response.status >= 200:
            self._contexts.failed(ForwardFailed(branch, 487, "the edge has ended the call of this callee"), now, out)
        return goes_up

    def _rings(self, context: ResponseContext, branch: str, dialog: Dialog, response: Message, now: float) -> bool:
        """Whether the caller hears a response now that it gets reliably."""
        if dialog.ringing is None:
            dialog.ringing = begun(self._ids(), context.transaction, context.request.cseq[0])
        passes = dialog.ringing.passes(branch, response, sessions.is_description(response), now)
        if not passes and response.status >= 200:
            context.hold(branch)
        return passes

    def _ring(self, dialog: Dialog, ringing: Ringing, now: float, out: list[Command]) -> None:
        """What is due: a response again, the next one, or an end to the call of a caller that acknowledges none."""
        action = ringing.due(now)
        if action is RingAction.REPEAT and ringing.sent is not None:
            out.append(Respond(ringing.transaction, ringing.sent.status, without_top_via(ringing.sent)))
        elif action is RingAction.NEXT:
            branch, response = ringing.waiting.popleft()
            dialog.patience = now + PATIENCE if response.status >= 200 else dialog.patience
            context = self._contexts.by_branch(branch)
            if context is not None and self._rings(context, branch, dialog, response, now):
                self._contexts.pass_on(context, branch, response, now, out)
        elif action is RingAction.GIVE_UP:
            self._contexts.give_up(ringing.transaction, 504, provisional.NO_PRACK, now, out)
            if not dialog.is_early:
                ack = Order(Kind.ACK, dialog, dialog.near, dialog.far, "ACK", dialog.far.invite[1])
                self._orders += (ack, Order(Kind.END, dialog, dialog.near, dialog.far, "BYE"))

    def _provisional(
        self,
        context: ResponseContext,
        branch: str,
        passage: Passage,
        said: Said,
        response: Message,
        now: float,
        out: list[Command],
    ) -> bool:
        """Whether the source hears a provisional response of a party that the edge acknowledges.

        What has come before, or is out of its order, gets no PRACK.
        """
        leg, way = said.leg, passage.way
        if leg is None:
            return said.goes_up
        sequence = provisional.acknowledged_by(leg.reliable.get(passage.number, 0), response)
        if sequence == 0:
            return False
        passes = said.goes_up and (not passage.rings or self._rings(context, branch, way.dialog, response, now))
        prack = responses.acknowledged(passage, leg, response, sequence, passes) if sequence is not None else None
        if prack is not None:
            self._carry_out(prack, now, out)
        return passes

    def _goes_on(
        self,
        context: ResponseContext,
        passage: Passage,
        branch: str,
        response: Message,
        now: float,
        out: list[Command],
    ) -> bool:
        """Whether the edge goes on by itself where a request was refused: with credentials, for longer, elsewhere."""
        incoming, way, status = context.incoming, passage.way, response.status
        leg = way.target or way.dialog.far
        if incoming.tries >= MOST_TRIES or not context.may_go_on():
            return False
        if status in range(300, 400) and way.target is None and self._policies.of(passage.target).follow_redirects:
            return self._follow(context, way.dialog, branch, response, now, out)
        if not self._policies.heeds(leg, passage.target, response, incoming.tries > 0):
            return False
        incoming.goes_again(way, leg)
        self._contexts.again(branch, status, now, out)
        return True

    def _follow(
        self, context: ResponseContext, dialog: Dialog, branch: str, response: Message, now: float, out: list[Command]
    ) -> bool:
        """Try the Contacts of a 3xx, as far as the rules lead there for the caller."""
        tiers = redirects.followed(response, dialog.visited, context.incoming.decided, self._installation.settings)
        if tiers:
            context.incoming.goes_again(context.incoming.way or Way(dialog, dialog.near, None), dialog.far)
            self._contexts.redirected(branch, response.status, tiers, now, out)
        return bool(tiers)

    def _end_fork(self, dialog: Dialog, leg: Leg, now: float, out: list[Command]) -> None:
        """RFC 3261 13.2.2.4: each 2xx gets its ACK, and a BYE where nobody talks."""
        self._carry_out(Order(Kind.ACK, dialog, dialog.near, leg, "ACK", leg.invite[1]), now, out)
        self._carry_out(Order(Kind.REQUEST, dialog, dialog.near, leg, "BYE"), now, out)

    def settled(self, now: float, out: list[Command]) -> list[Command]:
        """Take up what has become of requests; gives the commands without answers to the edge itself."""
        if not (self._finals or self._orders or self._own or self._touched or self.handles.changes):
            return out
        while self._finals or self._orders:
            orders, self._orders = self._orders, []
            for order in orders:
                self._carry_out(order, now, out)
            finals, self._finals = self._finals, []
            for incoming, status in finals:
                self._own.discard(incoming.transaction)
                if incoming.way is not None:
                    self._concluded(incoming.way, incoming.decided.message.method, status, now, out)
        return [
            *self._notes(),
            *(each for each in out if not (isinstance(each, Respond | Drop) and each.transaction < 0)),
        ]

    def _notes(self) -> list[Command]:
        """For the journal: before what tells a party of the change."""
        touched, self._touched = self._touched, {}
        notes: list[Command] = []
        for handle, token in self.handles.taken().items():
            if self._journal:
                notes.append(Keep(KEY + handle, None if token is None else token.encode()))
        for dialog in touched:
            self.dialogs.schedule(dialog)
            if self._journal and dialog.is_confirmed:
                notes.append(Keep(dialog.near.tag, to_bytes(dialog)))
                dialog.is_kept = True
            elif self._journal and dialog.is_kept:
                notes.append(Keep(dialog.near.tag, None))
        return notes

    def _concluded(self, way: Way, method: str, status: int, now: float, out: list[Command]) -> None:
        if way.transfer is not None and method == "INVITE" and status >= 300:
            self._orders += self._transfers.failed(way.transfer, f"{status} {REASONS.get(status, 'Refused')}")
        if way.target is None:
            self._ringing.pop(way.dialog, None)
            if way.dialog.is_early:
                self._act(way.dialog, _I.REFUSE, now, out)
        elif method == "BYE":
            self._act(way.dialog, _I.BYE_STOPPED if status in (401, 407) else _I.BYE_DONE, now, out)
        elif status in GONE and method not in OTHER_USAGES:
            self._act(way.dialog, _I.GONE, now, out)
        elif status >= 300 and way.number and way.transfer is None and method in sessions.REFRESHES:
            sessions.refused(way.target, status, now)
            self._touched[way.dialog] = None

    def _act(self, dialog: Dialog, what: DialogInput, now: float, out: list[Command]) -> None:
        action = dialog.take(what)
        self._touched[dialog] = None
        if action is _A.FORGET:
            self.dialogs.remove(dialog)
        elif action is _A.END_BOTH:
            dialog.patience = now + PATIENCE
            for source, target in ((dialog.near, dialog.far), (dialog.far, dialog.near)):
                target.expires_at = target.refresh_at = 0.0
                self._carry_out(Order(Kind.REQUEST, dialog, source, target, "BYE"), now, out)

    def next_deadline(self) -> float | None:
        return self.dialogs.next_deadline()

    def tick(self, now: float, out: list[Command]) -> None:
        while (dialog := self.dialogs.due(now)) is not None:
            self._touched[dialog] = None
            if sessions.has_expired(dialog, now):
                self._act(dialog, _I.EXPIRE, now, out)
                continue
            if dialog.ringing is not None:
                self._ring(dialog, dialog.ringing, now, out)
            for leg in sessions.to_refresh(dialog, now):
                method, headers, body = sessions.refresh_of(leg)
                order = Order(Kind.REQUEST, dialog, dialog.other(leg), leg, method, 0, headers, body)
                self._carry_out(order, now, out)

    def _carry_out(self, order: Order, now: float, out: list[Command]) -> None:
        """A request of the edge's own to a leg, in the name of the other party."""
        dialog, source, target = order.dialog, order.source, order.target
        self._touched[dialog] = None
        if order.kind is Kind.ACK:
            incoming = self._incoming(Way(dialog, source, target, order.number), order, 0, out)
            if incoming is not None:
                request = StatelessForward(self._forwarder, incoming)
                self._contexts.begin_stateless(request, (Target("", target.zone, ""),), now, out)
        elif order.kind is Kind.CALL:
            self._call(order, now, out)
        elif order.kind is Kind.CANCEL:
            context = self._ringing.pop(order.dialog, None)
            if context is not None:
                self._contexts.cancel(context, now, out)
        elif order.kind is not Kind.JOINED:
            if order.kind is Kind.END:
                dialog.take(_I.BYE)
                dialog.patience = now + PATIENCE
            way = Way(dialog, source, target, target.own_number(source), order.transfer)
            incoming = self._incoming(way, order, -next(self._numbers), out)
            if incoming is not None:
                self._begin((Tier(0, True, (Target("", target.zone, ""),)),), incoming, now, out)

    def _call(self, order: Order, now: float, out: list[Command]) -> None:
        """A new call for a party, which the rules lead as if it had made it; without a password."""
        settings, way = self._installation.settings, Way(order.dialog, order.source, None, order.number, order.transfer)
        incoming = self._incoming(way, order, -next(self._numbers), out)
        tiers: tuple[Tier, ...] = ()
        if incoming is not None:
            decided = incoming.decided
            decided.routes.pair, decided.authentication = None, Authentication(False, Identity.KEEP)
            decided.alias = alias_of_uri(decided.routes.uri, settings.keep_uri_parameters, settings.undo_escapes)
            tiers, incoming.explanation = tiers_of(decided, settings)
            incoming.entry.explanation, incoming.entry.alias = incoming.explanation, decided.alias
        if incoming is not None and tiers:
            self._begin(tiers, incoming, now, out)
        elif order.transfer is not None:
            self._orders += self._transfers.failed(order.transfer, "404 Not Found")

    def _begin(self, tiers: Iterable[Tier], incoming: Incoming, now: float, out: list[Command]) -> None:
        self._own.add(incoming.transaction)
        context = ResponseContext(self._forwarder, incoming, iter(tiers))
        if incoming.way is not None and incoming.way.target is None:
            self._ringing[incoming.way.dialog] = context
        self._contexts.begin(context, now, out)

    def _incoming(self, way: Way, order: Order, transaction: int, out: list[Command]) -> Incoming | None:
        """None, and a line in the log, where the party cannot be reached."""
        incoming = own_incoming(self._installation, way, order, transaction, self._ids())
        if isinstance(incoming, str):
            out.append(Log("warning", f'a {order.method} to zone "{order.target.zone}" cannot be sent: {incoming}'))
            return None
        out.append(Record(incoming.entry))
        self.follow(incoming, way)
        return incoming
