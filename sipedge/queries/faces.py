"""A request at the border of a hidden zone: what its peers have written, and what others see of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from sipedge.decision.installation import Installation
from sipedge.dialogs.crossing import Crossings
from sipedge.dialogs.dialog import Dialog, Leg, Way
from sipedge.dialogs.policies import policies_of
from sipedge.dialogs.table import Dialogs
from sipedge.settings import Settings
from sipedge.sip.message import Message
from sipedge.topology.border import Border, Outgoing
from zones.zone import Topology

OWN_BRANCH = "z9hG4bK"
CALL_ID, TAG = "CALL-ID", "TAG"


@dataclass(frozen=True, slots=True)
class Face:
    """One target zone's sight of a request."""

    zone: str
    hidden: str
    """The zones that are hidden here, in words."""
    lines: tuple[tuple[str, str], ...]
    """Header lines that differ: (as received, as sent on), '' where there is none. The edge's own Via is in neither."""

    def to_json(self) -> dict[str, object]:
        return {"zone": self.zone, "hidden": self.hidden, "lines": [list(pair) for pair in self.lines]}


def faces(source: str, targets: Iterable[str], message: Message | None, settings: Settings) -> list[Face]:
    """One for each target zone with something to hide on the way there; without a message no lines are known.

    Of a call of a b2bua zone the edge makes identifiers when it begins: CALL-ID and TAG stand for them. Of an INVITE
    within one no lines are known either.
    """
    if (guarded := _guarded(settings)) is None:
        return []
    installation, border = guarded
    found = []
    for target in dict.fromkeys(targets):
        if border.lies_between(source, target):
            hidden = " and ".join(f'"{zone}"' for zone in (source, target) if zone in border.hidden)
            lines: tuple[tuple[str, str], ...] = ()
            if message is not None:
                lines = tuple(_differences(message, source, target, installation, border))
            found.append(Face(target, hidden, lines))
    return found


def stands_for(uri: str, source: str, settings: Settings) -> str:
    """What a sealed Contact leads to, in words; '' for any other URI, or one that peers of ``source`` may not use."""
    if (guarded := _guarded(settings)) is None:
        return ""
    installation, border = guarded
    opened = border.opened(uri, installation.seat(source).side)
    return "" if opened is None else f'a sealed Contact of zone "{opened.zone}": {opened.text}'


def _guarded(settings: Settings) -> tuple[Installation, Border] | None:
    """None where every zone is open; a plan on its own has no zones, and no secret to make an installation of."""
    if all(zone.topology is Topology.OPEN for zone in settings.zones):
        return None
    installation = Installation(settings, {})
    return None if installation.border is None else (installation, installation.border)


def _differences(
    message: Message, source: str, target: str, installation: Installation, border: Border
) -> Iterator[tuple[str, str]]:
    """Addresses of peers are not known here, so a header that names nothing but these is not found."""
    own = installation.edge.sent_by(target)
    via = f"Via: SIP/2.0/{own.transport} {own.text};branch={OWN_BRANCH}".encode()
    start, *rest = message.head.split(b"\r\n")
    received = Message(b"\r\n".join((start, via, *rest)), message.body)
    nobody: frozenset[str] = frozenset()
    outgoing = Outgoing(
        received,
        source,
        target,
        at_source=installation.seat(source),
        at_target=installation.seat(target),
        own=(),
        received_call_id=message.lines[message.index["call-id"][0]],
        source_hosts=nobody,
        target_hosts=nobody,
    )
    before, after = _by_name(received), _by_name(Message(_sent(outgoing, message, installation, border)))
    for name in dict.fromkeys((*before, *after)):
        lines, others = before.get(name, []), after.get(name, [])
        gone, new = [line for line in lines if line not in others], [line for line in others if line not in lines]
        yield from zip_longest(gone, new, fillvalue="")


def _sent(out: Outgoing, message: Message, installation: Installation, border: Border) -> bytes:
    """The header section as the target's peers get it."""
    if message.method != "INVITE" or not installation.ends_calls(out.source, out.target):
        return border.request(out)[0]
    if message.to_tag:  # of its call nothing is known here
        return out.message.head
    near = Leg(out.source, "", message.call_id, TAG, message.from_tag or "", received=message.cseq[0])
    way = Way(Dialog(near, Leg("", "", CALL_ID, TAG), "", ""), near, None)
    policies = policies_of(installation.zones, installation.settings.credentials)
    return Crossings(border, Dialogs(), policies, str).request(out, message, way)[0]


def _by_name(message: Message) -> dict[str, list[str]]:
    return {
        name: [message.lines[number].decode("utf-8", "replace") for number in numbers]
        for name, numbers in message.index.items()
    }
