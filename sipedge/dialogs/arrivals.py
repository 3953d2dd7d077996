"""Which call a request belongs to, and how it has to be read there: before it is decided like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dialplan.model import Tier
from sipedge.decision.deciding import Decided
from sipedge.decision.installation import Installation
from sipedge.decision.record_route import ZonePair
from sipedge.decision.routing import RouteInformation
from sipedge.decision.validation import Refusal
from sipedge.sip.message import Message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import parse_address
from sipedge.topology.routes import values_of

from .crossing import PREFIX, learn, with_tag
from .dialog import Dialog, Leg, Way
from .requests import revealed
from .sessions import learn_methods
from .table import Dialogs


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request to one of the edge's Contacts, as it is to be decided."""

    message: Message
    routes: RouteInformation


class Arrivals:
    """One installation's; replaced as a whole on a reload."""

    def __init__(self, installation: Installation, dialogs: Dialogs, ids: Callable[[], str]) -> None:
        self._installation, self._dialogs, self._ids = installation, dialogs, ids

    def arriving(self, message: Message, zone: str) -> Arrival | Refusal | None:
        """What becomes of a request to a Contact of the edge; None: it belongs to no call, and is decided as any other.

        ``zone``: where it comes from.
        """
        way = self.way(message, zone)
        if way is not None and way.target is not None:
            return self._arrival(message, way.source, way.target)
        tag = self._contact(message)
        if not tag:
            return None
        leg = None if message.to_tag else self._dialogs.by_contact(tag, self._installation.side(zone))
        if leg is None:
            return Refusal(481, "the edge keeps no call that this Contact belongs to")
        return self._arrival(message, Leg(zone, "", "", ""), leg)

    def way(self, message: Message, zone: str) -> Way | None:
        """From which leg to which one a request within a call goes; None: it is within none."""
        if not message.to_tag or not len(self._dialogs):
            return None
        return self._dialogs.way(message, self._installation.side(zone))

    def _contact(self, message: Message) -> str:
        """The tag in a Request-URI that looks like one of the edge's Contacts; '' for any other."""
        user = message.uri.partition("@")[0].partition(":")[2]
        if not user.startswith(PREFIX):
            return ""
        try:
            return user.removeprefix(PREFIX) if self._installation.edge.is_own(parse_uri(message.uri)) else ""
        except UriError:
            return ""

    @staticmethod
    def _arrival(message: Message, source: Leg, target: Leg) -> Arrival | Refusal:
        if not target.target:
            return Refusal(481, "the other party has not said where it can be reached")
        try:
            message = revealed(message, target)
            return Arrival(message, routes_of(message, source, target))
        except UriError as error:
            return Refusal(502, f"the other party's Contact or Record-Route cannot be read: {error}")

    def begin(self, decided: Decided, tiers: tuple[Tier, ...], transaction: int) -> Way | Refusal | None:
        """A new call, where an INVITE goes into a b2bua zone or comes out of one; None for any other request."""
        message, source, installation = decided.message, decided.source.name, self._installation
        if message.method != "INVITE" or message.to_tag or not message.from_tag:
            return None
        if not any(installation.ends_calls(source, target.zone) for tier in tiers for target in tier.targets):
            return None
        if len(self._dialogs) + self._dialogs.others.calls() >= installation.settings.limits.dialogs:
            return Refusal(503, "as many calls are open as limits.dialogs allows")
        routes = tuple(values_of(message, "record-route"))
        side, tag = installation.side(source), installation.tag(transaction)
        near = Leg(source, side, message.call_id, tag, message.from_tag, routes=routes, received=message.cseq[0])
        learn(near, message)
        learn_methods(near, message)
        if near.is_too_large:
            return Refusal(513, "Call-ID, Contact and Record-Route are longer than the edge keeps of a call")
        if not near.target:
            return Refusal(400, "an INVITE needs a Contact that is a SIP URI")
        from_, to = (with_tag(message.first(name) or "", "") for name in ("from", "to"))
        dialog = Dialog(near, Leg("", "", self._ids(), self._ids()), from_, to)
        self._dialogs.add(dialog)
        return Way(dialog, near, None)


def routes_of(message: Message, source: Leg, target: Leg) -> RouteInformation:
    """Where a request goes that has the Request-URI and the Route of its leg. Raises UriError."""
    routes = RouteInformation(parse_uri(target.target), pair=ZonePair(source.zone, target.zone))
    if target.routes:
        routes.foreign = parse_uri(parse_address(target.routes[0]).uri)
        routes.foreign_line = message.index["route"][0]
    return routes
