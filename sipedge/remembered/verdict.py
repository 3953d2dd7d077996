"""A decision that holds for all requests with one key, and what is still asked of each of them."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.model import Traffic
from sipedge.decision.classification import Classification, classify_method
from sipedge.decision.deciding import Decided, Found
from sipedge.decision.installation import Installation
from sipedge.decision.routing import RouteInformation
from sipedge.decision.validation import Refusal, find_loop, transaction_of
from sipedge.sip.message import Message
from sipedge.sip.values import MessageError
from zones.authentication import Authentication
from zones.zone import AnyZone


@dataclass(slots=True)
class Verdict:
    """Read only, as is all that it refers to."""

    source: AnyZone
    routes: RouteInformation
    alias: str
    also: str
    authentication: Authentication
    classification: Classification
    found: Found

    def again(self, message: Message, installation: Installation, time: float) -> Decided | None:
        """The decision about another request with the same key; None: it has to be decided about by itself.

        ``time``: when it came, in seconds since 1970.
        """
        pair = self.routes.pair
        if pair is not None and not installation.is_young(pair, time):
            return None
        numbers = transaction_of(message)
        if isinstance(numbers, Refusal) or numbers[0] == 0:
            return None
        try:
            if find_loop(message, installation.edge.hosts, self.source.name, installation.settings.secret):
                return None
        except MessageError:
            return None
        return Decided(
            message,
            self.source,
            self.routes,
            self.alias,
            *numbers,
            self.authentication,
            self.classification,
            time,
            also=self.also,
            found=self.found,
            recalled=True,
        )


def verdict_of(decided: Decided, found: Found) -> Verdict | None:
    """None: this decision depends on more than the key, or on what happens afterwards."""
    message, routes = decided.message, decided.routes
    if decided.asks or decided.authentication.challenge:
        return None
    event = (message.first("event") or "").partition(";")[0].strip()
    by_method = classify_method(message.method, event)
    if by_method.traffic is Traffic.STANDARD or by_method != decided.classification:  # some other header decided
        return None
    return Verdict(
        decided.source,
        routes,
        decided.alias,
        decided.also,
        decided.authentication,
        decided.classification,
        found,
    )
