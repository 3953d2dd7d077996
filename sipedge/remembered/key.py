"""All that a decision reads of a request whose decision may be remembered: two requests with one key have one decision.

What each request has of its own, such as Max-Forwards and Via, is no part of it: ``Verdict.again`` looks at that.
"""

from __future__ import annotations

from operator import itemgetter
from typing import NamedTuple

from sipedge.decision.classification import EVENT_METHODS, IMP_METHODS
from sipedge.decision.installation import Installation
from sipedge.decision.speaking import host_of
from sipedge.sip.message import HeaderIndex, Message
from sipedge.topology.contacts import IN_URI as SEALED
from zones.zone import AnyZone, AuthenticationPolicy

METHODS = IMP_METHODS | EVENT_METHODS
"""Of others the body or any header may be what decides their class of traffic."""
READ = ("event", "proxy-require", "p-asserted-identity")
"""Headers that decide, beside Route and From. Of Event the first counts, and a second one makes another key."""
DIALOG = ("route", "call-id", "from", "to")
"""Those that decide where there is a Route: a signed one counts in its own dialog only."""
LONGEST = 1024
"""Bytes of a Request-URI and of these headers: so that strangers cannot fill the memory."""


class Key(NamedTuple):
    source: str
    """The zone."""
    names: tuple[str, ...]
    """Of the peer's certificate, where From is compared with them."""
    method: str
    uri: str
    domain: str
    """The host in From; '' where nobody asks for it."""
    lines: tuple[bytes, ...]
    """Of the headers that decide."""
    numbers: tuple[int, ...]
    """Of these lines, where there is a Route: verdicts name lines of it."""


def key_of(message: Message, source: AnyZone, names: tuple[str, ...], installation: Installation) -> Key | None:
    """None: a decision about such a request is not remembered. ``names``: of the peer's certificate."""
    has_route = "route" in message.index
    if message.method not in METHODS or (has_route and not message.to_tag):
        return None
    if installation.border is not None and (has_route or SEALED in message.uri):  # what is sealed there is read, too
        return None
    lines = read_lines(message)
    if len(message.uri) + sum(map(len, lines)) > LONGEST:
        return None
    is_judged = source.name in installation.from_policies
    domain = host_of(message.first("from") or "") if is_judged or reads_from(source) else ""
    numbers = read_numbers(message.index) if has_route else ()
    return Key(source.name, names if is_judged else (), message.method, message.uri, domain, lines, numbers)


def reads_from(source: AnyZone) -> bool:
    """Whether From decides if a request of a zone is authenticated."""
    return source.authentication_policy is not AuthenticationPolicy.DO_NOT_CHECK


def read_lines(message: Message) -> tuple[bytes, ...]:
    """The lines of the headers that decide."""
    numbers = read_numbers(message.index)
    return itemgetter(0, 0, *numbers)(message.lines)[2:] if numbers else ()


def read_numbers(index: HeaderIndex) -> tuple[int, ...]:
    """Their numbers."""
    numbers: tuple[int, ...] | None = index.memo.get(read_numbers)
    if numbers is None:
        names = READ + DIALOG if "route" in index else READ
        found = tuple(number for name in names for number in index.get(name, ()))
        numbers = index.memo[read_numbers] = found
    return numbers
