"""Calls of b2bua zones as a trace shows them: the two legs are found again, and requests within them go as at the edge.

The legs of a call share no identifier. What joins them is the branch of the INVITE that the edge has sent: it holds the
loop hash of the one that it got (RFC 5393), which only the edge's secret makes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeVar

from sipedge.decision.installation import Installation
from sipedge.decision.validation import POISON, Refusal, loop_hash
from sipedge.dialogs.arrivals import Arrival, Arrivals
from sipedge.dialogs.crossing import PREFIX, learn
from sipedge.dialogs.dialog import Dialog, Leg
from sipedge.dialogs.requests import TARGET_REFRESHES
from sipedge.dialogs.sessions import REFRESHES
from sipedge.dialogs.states import DialogState
from sipedge.dialogs.table import Dialogs
from sipedge.sip.message import Message
from sipedge.topology.routes import values_of

T = TypeVar("T")
CHALLENGES = (401, 407)
MOST = 10_000
"""Calls that are kept; the oldest give way."""
JOINING = ("INVITE", "UPDATE", "BYE")
"""Methods whose responses say something about a call."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """What becomes of a request to a Contact of the edge whose call began before the trace."""


class SeenCalls:
    """Shown one message after the other, in the order of the trace."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._dialogs = Dialogs()
        self._arrivals = Arrivals(installation, self._dialogs, str)
        self._invites: OrderedDict[str, Leg] = OrderedDict()
        """Loop hash -> the caller's leg, without the edge's own tag as yet."""
        self._calls: OrderedDict[str, Dialog] = OrderedDict()
        """By the Call-ID of either leg."""
        self._tags: OrderedDict[str, None] = OrderedDict()
        """Of the edge's own, also of calls that are over."""

    def arriving(self, message: Message, zone: str) -> Arrival | Refusal | Unseen | None:
        """As ``Arrivals.arriving``."""
        found = self._arrivals.arriving(message, zone)
        return Unseen() if isinstance(found, Refusal) and self._tag_of(message) not in self._tags else found

    @staticmethod
    def _tag_of(message: Message) -> str:
        return message.uri.partition("@")[0].partition(":")[2].removeprefix(PREFIX)

    def received(self, message: Message, zone: str) -> None:
        """A request that the edge has got."""
        if message.method == "INVITE" and not message.to_tag and message.from_tag:
            near = Leg(zone, self._installation.side(zone), message.call_id, "", message.from_tag)
            near.routes, near.received = tuple(values_of(message, "record-route")), message.cseq[0]
            learn(near, message)
            _keep(self._invites, loop_hash(message, zone, self._installation.settings.secret), near)
        elif message.method in TARGET_REFRESHES and (way := self._arrivals.way(message, zone)) is not None:
            learn(way.source, message)

    def sent(self, message: Message, zone: str) -> None:
        """A request that the edge has sent. ``zone``: where to."""
        if message.method != "INVITE" or message.to_tag or message.call_id in self._calls:
            return
        near = self._invites.get(message.via.branch.rpartition(".")[2].removesuffix(POISON))
        if near is None or near.call_id == message.call_id or not self._installation.ends_calls(near.zone, zone):
            return
        far = Leg(zone, self._installation.side(zone), message.call_id, message.from_tag or "")
        dialog = Dialog(near, far, "", "")
        for call_id in (near.call_id, far.call_id):
            _keep(self._calls, call_id, dialog)
        _keep(self._tags, far.tag, None)

    def answered(self, response: Message, zone: str, is_sent: bool) -> None:
        """A response that the edge has sent to a zone, or got from one."""
        dialog, method, status = self._calls.get(response.call_id), response.cseq[1], response.status
        if dialog is None or status == 100:
            return
        if method == "BYE" and status >= 200 and status not in CHALLENGES:
            self._dialogs.remove(dialog)
        elif method == "INVITE" and status < 300 and dialog.is_early:
            if is_sent:
                self._told(dialog, response)
            else:
                self._taken(dialog, response, zone)
        elif method in REFRESHES and status < 300 and not is_sent:
            self._refreshed(dialog, response)

    def _told(self, dialog: Dialog, response: Message) -> None:
        """The caller hears that."""
        dialog.near.tag = response.to_tag or ""
        self._dialogs.add(dialog)
        _keep(self._tags, dialog.near.tag, None)
        if response.status >= 200:
            dialog.state = DialogState.TALKING

    def _taken(self, dialog: Dialog, response: Message, zone: str) -> None:
        """A callee rings or takes the call."""
        far = dialog.far
        far.zone, far.side, far.remote_tag = zone, self._installation.side(zone), response.to_tag or ""
        learn(far, response)
        far.routes = tuple(reversed(values_of(response, "record-route")))

    @staticmethod
    def _refreshed(dialog: Dialog, response: Message) -> None:
        """A party agrees to a re-INVITE or an UPDATE, and may have moved (RFC 3261 12.2.1.2)."""
        for leg in (dialog.near, dialog.far):
            if (leg.call_id, leg.remote_tag) == (response.call_id, response.to_tag):
                learn(leg, response)


def _keep(kept: OrderedDict[str, T], key: str, value: T) -> None:
    kept[key] = value
    if len(kept) > MOST:
        kept.popitem(last=False)
