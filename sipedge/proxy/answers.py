"""The edge's own responses, as its peers see them."""

from __future__ import annotations

from math import ceil

from sipedge.decision.installation import Installation
from sipedge.sip.message import Message
from sipedge.sip.responses import response, warning

from .commands import Command, Conclude, Log, Respond
from .history import Entry
from .incoming import Peer

ENDING = "this edge is ending"

_ORDINARY = frozenset({401, 407, 487})
"""Refusals that a call or a log-in has without anything being wrong."""
_SHOWN = 200
"""Characters of an alias in a line of the log."""


def own_response(
    installation: Installation,
    transaction: int,
    peer: Peer,
    request: Message,
    status: int,
    text: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """A response to a request of ``peer``; ``text`` says why, in a Warning.

    ``transaction``: its number makes the To tag, so that all responses in it carry the same one; 0 outside any.
    """
    if text:
        headers = (*headers, warning(installation.agent(peer.zone), text))
    return response(request, status, tag=installation.tag(transaction), headers=headers, source=peer.source)


def respond(
    installation: Installation,
    transaction: int,
    peer: Peer,
    request: Message,
    status: int,
    text: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> Respond:
    """``own_response`` through its server transaction."""
    data = own_response(installation, transaction, peer, request, status, text, headers)
    return Respond(transaction, status, data)


def conclude(entry: Entry, out: list[Command]) -> None:
    """Its request has the final status. What the edge refused itself is one line of the log, which says all of why."""
    if entry.own and entry.status >= 400:
        alias = (entry.alias or entry.request_uri)[:_SHOWN]
        what = f'{entry.method[:_SHOWN]} for {alias} from zone "{entry.zone}" is refused'
        level = "debug" if entry.status in _ORDINARY else "info"
        text = f"{what}: {entry.status} {entry.reason}".rstrip()
        out.append(Log(level, text, source=entry.opened.peer_address))
    out.append(Conclude(entry))


def retry_after(installation: Installation) -> tuple[str, str]:
    """For a 503 of an edge that ends: after this many seconds it is gone, or its successor is there."""
    return retry_in(installation.settings.limits.drain)


def retry_in(seconds: float) -> tuple[str, str]:
    """For a 503 of an edge that has too much to do."""
    return "Retry-After", str(max(1, ceil(seconds)))
