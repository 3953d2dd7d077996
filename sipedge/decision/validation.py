"""Request validation, RFC 3261 16.3 with RFC 5393: what the edge refuses before it looks for a way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s
from operator import itemgetter

from sipedge.sip.message import COMMA, SHORT, HeaderIndex, Message, value_of
from sipedge.sip.responses import ALLOW
from sipedge.sip.uri import Uri, UriError, parse_uri
from sipedge.sip.values import MessageError, parse_via

UNDERSTOOD_PROXY_REQUIRE = frozenset({"ms-benotify"})
"""BENOTIFY has no response, and this proxy expects none ([MS-SIP], BENOTIFY)."""

REFUSED_METHODS = frozenset({"NEGOTIATE"})
"""Compression (MS-SIPCOMP) is hop by hop: the edge does not compress, and never forwards the question."""

LONGEST_METHOD = 255
"""Characters that pjsip's transactions are given room for."""

MAX_VIAS = 70
"""More hops than Max-Forwards allows in its usual value: a header bomb, not a path."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A final answer to a request that goes no further."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Accepted:
    uri: Uri
    max_forwards: int | None
    max_breadth: int | None


def validate(message: Message) -> Accepted | Refusal:
    """The checks of RFC 3261 16.3 that need no knowledge of this edge: 1 to 3 and 5."""
    if message.method in REFUSED_METHODS:
        return Refusal(405, f"{message.method} is hop by hop and not supported here", (("Allow", ALLOW),))
    try:
        uri = parse_uri(message.uri)
    except UriError as error:
        return Refusal(400, f"Request-URI: {error}")
    if not uri.is_sip:  # 16.3 check 2
        return Refusal(416, f"the scheme {uri.scheme}: is not routed here, only sip: and sips:")
    if uri.headers is not None:  # RFC 3261 19.1.5: header components have no place in a Request-URI
        return Refusal(400, "the Request-URI carries header components after '?'")
    numbers = transaction_of(message)
    if isinstance(numbers, Refusal):
        return numbers
    unsupported = _unsupported(message)
    if unsupported:  # 16.3 check 5
        return Refusal(420, "Proxy-Require asks for what is not supported", (("Unsupported", ", ".join(unsupported)),))
    return Accepted(uri, *numbers)


def transaction_of(message: Message) -> tuple[int | None, int | None] | Refusal:
    """Max-Forwards and Max-Breadth, None where there are none, of a request whose transaction can be told apart."""
    try:
        message.check_transaction()  # the topmost Via too: forwarding, CANCEL and responses read it again
        max_forwards = _number(message, "max-forwards")
        max_breadth = _number(message, "max-breadth")  # RFC 5393 5
        method = message.cseq[1]
    except MessageError as error:
        return Refusal(400, error.reason)
    if len(method) > LONGEST_METHOD:
        return Refusal(400, f"the method has more than {LONGEST_METHOD} characters")
    if method != message.method:  # RFC 3261 8.1.1.5
        return Refusal(400, f"CSeq names the method {method[:40]} but the request line {message.method}")
    return max_forwards, max_breadth


def _number(message: Message, header: str) -> int | None:
    """The value of Max-Forwards or Max-Breadth. Raises MessageError."""
    numbers = message.index.get(header)
    if numbers is None:
        return None
    line = message.lines[numbers[0]]
    number = _remembered_number(line) if len(line) <= SHORT else _read_number(line)
    if number is None:
        name = header.title()
        raise MessageError(f"{name} is not a number from 0 to 255", header=name)
    return number


def _read_number(line: bytes) -> int | None:
    value = value_of(line)
    sound = value.isascii() and value.isdigit() and len(value) <= 10
    return int(value) if sound and int(value) <= 255 else None


_remembered_number = lru_cache(maxsize=1024)(_read_number)


def _unsupported(message: Message) -> list[str]:
    if "proxy-require" not in message.index:
        return []
    return [tag for tag in message.items("proxy-require") if tag.lower() not in UNDERSTOOD_PROXY_REQUIRE]


_OWN_BRANCH = re.compile(r"\.[0-9a-f]{12}p?\b")
"""What every branch of an edge holds, and hardly one of others: only then a Via is read and a hash computed."""


def loop_hash(message: Message, source: str, secret: bytes) -> str:
    """What must differ for a second visit to be a spiral: all that decides the way (RFC 5393 4.2.1).

    That is Request-URI, Route, dialog, Proxy-Require, and the zone it came from: rules ask for it. With ``secret`` in
    it, another edge that has the same private address is not taken for this one.
    """
    index = message.index
    deciding = index.memo.get(loop_hash)
    if deciding is None:  # two at least: else it gives no tuple
        deciding = index.memo[loop_hash] = itemgetter(0, 0, *hashed_numbers(index))
    hashed = _begun(source, secret).copy()
    hashed.update(b"\0".join(deciding(message.lines)[1:]))
    return hashed.hexdigest()


def hashed_numbers(index: HeaderIndex) -> tuple[int, ...]:
    """The lines that the loop hash is made of, beside the first one."""
    names = ("route", "call-id", "cseq", "from", "proxy-require")
    return tuple(number for name in names for number in index.get(name, ()))


@lru_cache(maxsize=256)
def _begun(source: str, secret: bytes) -> blake2s:
    return blake2s(source.encode() + b"\0", digest_size=6, key=secret[:32])


POISON = "p"
"""Ends the branch of a request sent through a zone in poison mode; a hash in hexadecimal never ends so."""


def find_loop(message: Message, own_hosts: frozenset[str], source: str, secret: bytes) -> str:
    """Why a request that this edge has forwarded before is refused, '' for all others.

    ``own_hosts``: lower case, what this edge writes into Via; ``source``: the zone it came from.

    A Via of this edge carries the same hash: a loop (RFC 3261 16.3 check 4, RFC 5393 4.2.2). Or it carries the mark of
    a zone in poison mode (Expressway: SIP poison mode), from which nothing may come back.

    Raises MessageError when there are too many Via lines or one of this edge's cannot be read.
    """
    numbers = message.index.get("via", ())
    if len(numbers) > MAX_VIAS:
        raise MessageError(f"there are more than {MAX_VIAS} Via header lines", header="Via")
    if len(numbers) == 1 and COMMA not in message.lines[numbers[0]]:  # straight from its sender
        return ""
    ending = ""
    for item in message.items("via"):
        if not _OWN_BRANCH.search(item):
            continue
        via = parse_via(item)
        if via.host not in own_hosts:
            continue
        ending = ending or "." + loop_hash(message, source, secret)
        if via.branch.endswith((ending, ending + POISON)):
            return "this request has been here before, unchanged"
        if via.branch.endswith(POISON):
            return "this request left through a zone in poison mode and came back"
    return ""
