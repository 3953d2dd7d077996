"""Transfers that the edge carries out itself (RFC 3515, 5589): the other party sees a re-INVITE, and no REFER.

    asking    the new party gets an INVITE without an offer; of a call of the edge (Replaces) a re-INVITE without one
    offering  its offer goes to the transferred party in a re-INVITE
    done      both answers are acknowledged, the two legs are one call, and the referrer gets a BYE

A referrer may hang up as soon as its REFER is accepted: it has left, and nobody else hears of it. Pure: what is to be
sent comes back as orders, which are carried out in their sequence.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from sipedge.sip.message import Message
from sipedge.sip.uri import Uri, UriError, parse_uri
from sipedge.sip.values import parse_address

from .dialog import Dialog, Leg, Stage, Transfer, Way
from .identifiers import Identity, identity_of
from .orders import Answer, Kind, Order
from .sessions import is_description
from .states import DialogState
from .table import Dialogs

SDP = "Content-Type: application/sdp"
TRYING, OK, TEMPORARILY_UNAVAILABLE = "100 Trying", "200 OK", "480 Temporarily Unavailable"
_MOST_URI = 2048


class Transfers:
    """All that are under way."""

    def __init__(self, dialogs: Dialogs, ids: Callable[[], str]) -> None:
        self._dialogs, self._ids = dialogs, ids

    def asked(self, way: Way, refer: Message) -> tuple[Answer, list[Order]]:
        """A REFER within a call; its answer, and what follows."""
        call, referrer, transferee = way.dialog, way.source, way.target
        value = refer.first("refer-to") or ""
        text, _, headers = parse_address(value).uri.partition("?")
        uri = _readable(text)
        if uri is None or transferee is None:
            return Answer(400, text="Refer-To is no SIP URI"), []
        if call.state is not DialogState.TALKING or call.transfer is not None:
            return Answer(491, text="another transfer of this call is under way"), []
        event = f"refer;id={refer.cseq[0]}" if (refer.first("refer-sub") or "true").strip().lower() != "false" else ""
        replaced, identity = _replaced(headers)
        other = self._named(identity, referrer.side) if identity else None
        if other is None:
            leg = Leg("", "", self._ids(), self._ids(), target=uri.text)
            dialog = Dialog(transferee, leg, call.address_of(transferee), f"<{uri.text}>", is_pending=True)
            self._dialogs.add_far(dialog)
            transfer = Transfer(call, referrer, transferee, dialog, False, event)
            by = refer.first("referred-by")
            lines = [f"Replaces: {replaced}"] * bool(replaced) + [f"Referred-By: {by}"] * bool(by)
            number = leg.own_number(transferee)
            order = Order(Kind.CALL, dialog, transferee, leg, "INVITE", number, tuple(lines), transfer=transfer)
        else:
            dialog, here, there = other
            transfer = Transfer(call, referrer, transferee, dialog, True, event)
            order = Order(Kind.REQUEST, dialog, here, there, transfer=transfer)
        call.transfer = dialog.transfer = transfer
        headers_of = () if event else (("Refer-Sub", "false"),)
        return Answer(202, headers_of), [*self._told(transfer, TRYING), order]

    def _named(self, identity: Identity, side: str) -> tuple[Dialog, Leg, Leg] | None:
        found = self._dialogs.named(identity, side)
        return found if found is not None and found[0].is_free else None

    def answered(self, transfer: Transfer, leg: Leg, number: int, response: Message) -> list[Order]:
        """A 2xx to an INVITE of the transfer's. ``leg``: who has answered; ``number``: of that INVITE's CSeq."""
        if transfer.stage is Stage.ASKING and leg is not transfer.transferee:
            transfer.target, transfer.number = leg, number
            if not self._is_possible(transfer) or not is_description(response):
                return self.failed(transfer, TEMPORARILY_UNAVAILABLE)
            transfer.stage = Stage.OFFERING
            call, one = transfer.call, transfer.transferee
            body = response.body
            return [Order(Kind.REQUEST, call, transfer.referrer, one, headers=(SDP,), body=body, transfer=transfer)]
        if transfer.stage is Stage.OVER and transfer.target is None:  # it crossed the CANCEL
            transfer.target, transfer.number = leg, number
            return self._sent_away(transfer, leg)
        is_last = transfer.stage is Stage.OFFERING and leg is transfer.transferee
        return self._done(transfer, response) if is_last else []

    @staticmethod
    def _is_possible(transfer: Transfer) -> bool:
        """Whether nobody has hung up who is needed."""
        return transfer.call.state is DialogState.TALKING and (
            not transfer.replaces or transfer.other.state is DialogState.TALKING
        )

    def _done(self, transfer: Transfer, response: Message) -> list[Order]:
        call, other, one, two = transfer.call, transfer.other, transfer.transferee, transfer.target
        assert two is not None
        transfer.stage = Stage.OVER
        caller = call.address_of(one)
        callee = other.address_of(two)
        source = other.other(two)
        orders = [Order(Kind.ACK, other, source, two, "ACK", transfer.number, (SDP,), response.body)]
        orders += self._told(transfer, OK)
        joined = Dialog(one, two, caller, callee, DialogState.TALKING)
        one.shift, two.shift = one.sent - two.received, two.sent - one.received
        for dialog in (call, other):
            dialog.transfer, dialog.is_left = None, True
            dialog.is_kept = dialog.is_kept and dialog.near is not one  # its key in the journal is the new call's
        self._dialogs.add(joined)
        orders.append(Order(Kind.JOINED, joined, one, two))
        if transfer.has_left:
            self._dialogs.remove(call)
        else:
            orders.append(Order(Kind.END, call, one, transfer.referrer, "BYE"))
        if transfer.replaces:
            orders.append(Order(Kind.END, other, two, source, "BYE"))
        return orders

    def failed(self, transfer: Transfer, status: str) -> list[Order]:
        """It comes to nothing: the call goes on as it was, unless the referrer has left it. ``status``: with reason."""
        if transfer.stage is Stage.OVER:
            return []
        transfer.stage = Stage.OVER
        call, other, two = transfer.call, transfer.other, transfer.target
        orders = self._told(transfer, status)
        if two is not None:
            orders += self._sent_away(transfer, two)
        elif not transfer.replaces:
            orders.append(Order(Kind.CANCEL, other, transfer.transferee, other.far, transfer=transfer))
        call.transfer = other.transfer = None
        if not transfer.replaces:
            self._dialogs.remove(other)
        if transfer.has_left:
            orders.append(Order(Kind.END, call, transfer.referrer, transfer.transferee, "BYE"))
        return orders

    @staticmethod
    def _sent_away(transfer: Transfer, two: Leg) -> list[Order]:
        """Who has answered is never told of an answer to its offer: so a call that was to be replaced ends, too."""
        other, source = transfer.other, transfer.other.other(two)
        ack = Order(Kind.ACK, other, source, two, "ACK", transfer.number)
        if not transfer.replaces:
            return [ack, Order(Kind.REQUEST, other, source, two, "BYE")]
        return [ack, Order(Kind.END, other, source, two, "BYE"), Order(Kind.END, other, two, source, "BYE")]

    def _told(self, transfer: Transfer, status: str) -> list[Order]:
        """NOTIFY with the status of the transfer, as long as the referrer listens."""
        if not transfer.event or transfer.has_left:
            return []
        state = "active;expires=180" if status == TRYING else "terminated;reason=noresource"
        headers = (
            f"Event: {transfer.event}",
            f"Subscription-State: {state}",
            "Content-Type: message/sipfrag;version=2.0",
        )
        body = f"SIP/2.0 {status}\r\n".encode()
        call, one, referrer = transfer.call, transfer.transferee, transfer.referrer
        return [Order(Kind.REQUEST, call, one, referrer, "NOTIFY", headers=headers, body=body)]

    def heard(self, way: Way, method: str) -> tuple[Answer | None, list[Order]]:
        """A request of a party in a call with a transfer; None: it goes its way."""
        dialog, transfer = way.dialog, way.dialog.transfer
        if dialog.is_left:
            return Answer(200 if method == "BYE" else 481), []
        if dialog.is_pending:
            if method != "BYE" or transfer is None:
                return Answer(500), []
            return Answer(200), self.failed(transfer, TEMPORARILY_UNAVAILABLE)
        if transfer is None or method != "BYE" or dialog is not transfer.call:
            return None, []
        if way.source is transfer.referrer:
            transfer.has_left = True
            return Answer(200), []
        return (Answer(200) if transfer.has_left else None), self.failed(transfer, TEMPORARILY_UNAVAILABLE)


def _readable(text: str) -> Uri | None:
    try:
        uri = parse_uri(text) if len(text) <= _MOST_URI else None
    except UriError:
        return None
    return uri if uri is not None and uri.is_sip else None


def _replaced(headers: str) -> tuple[str, Identity | None]:
    """The Replaces in the header components of a URI, and whom it names."""
    for each in headers.split("&"):
        name, _, value = each.partition("=")
        if name.lower() == "replaces":
            text = unquote(value)
            return (text, identity_of(text)) if "\r" not in text and "\n" not in text else ("", None)
    return "", None
