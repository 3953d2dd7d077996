"""The last decisions of the edge, newest first, kept in memory (Expressway's search history).

An entry costs a request a few references to what the edge made anyway; its strings are made when somebody asks. What
each rule said is in no entry: a search is pure, so that the alias, its circumstances and the plan say it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from json import loads
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

from dialplan.model import Protocol
from dialplan.search.search import Explanation
from sipedge.decision.classification import Classification
from sipedge.decision.deciding import REFUSED, RULES, SIGNED_ROUTE
from sipedge.remembered.record import BEGUN, ENDED, ENTRY, HEAD, HOPS, OPENED, REASON, STATUS, TIME, WAY, Record
from sipedge.sip.message import Message
from zones.addresses import host_port
from zones.zone import Hop

from .events import ConnectionOpened

FORMAT = 1
"""Of ``Entry.to_json``: a reader of another format has to say so."""
MOST = 8
"""Rules and hops in a record: it costs no more with any plan, and they can all be made again."""
TEXTS_KEPT = 1024
"""Of hops, of rules, of kinds of traffic: many requests have the same."""
Value = str | bytes | float | int | bool | None
"""A string; of a header line its value; seconds, to the microsecond; the others are what JSON calls so."""
Piece = Value
"""Of a text: in turns text as it stands there and a value."""
_SIZE = 4096
"""Bytes that an entry keeps in memory beside what its peer wrote: an estimate."""
_KEPT = ("from", "to", "cseq")
_DIAGNOSTICS = ("ms-diagnostics", "ms-diagnostics-public")


@dataclass(slots=True)
class Attempt:
    """One hop that a request was sent to, and what came of it."""

    hop: Hop
    status: int = 0
    """Of the final response, or what the edge takes the lack of one for; 0 while there is neither."""
    reason: str = ""
    """Why there was no response; '' where there was one."""


@dataclass(slots=True)
class Entry:
    """One request and what became of it. ``time`` is seconds since the epoch."""

    time: float
    opened: ConnectionOpened
    """The connection that it came on; it may be closed by now."""
    zone: str
    """The source zone."""
    revision: str
    """Of the configuration that decided (Settings.revision)."""
    method: str
    request_uri: str
    call_id: str
    lines: tuple[bytes, ...]
    """The header lines From, To and CSeq as they came, b"" for one that is not there."""
    classification: Classification
    explanation: Explanation | None = None
    """None where no search was made: a signed Route decided, or the request was refused before."""
    alias: str = ""
    """What the rules were asked, or would have been; '' for a request that was refused before."""
    also: str = ""
    """A second alias that had to lead to the same zones (``deciding.Decided.also``)."""
    route: str = ""
    """The zone that a signed Route named; '' where rules decided."""
    attempts: list[Attempt] = field(default_factory=list)
    """Where it was sent, in that order."""
    status: int = 0
    """The final status; 0 while there is none."""
    own: bool = False
    """The edge made the final response itself."""
    reason: str = ""
    """Why, in the edge's own words; of another's response its reason phrase."""
    diagnostics: tuple[bytes, ...] = ()
    """The header lines ms-diagnostics of another's response."""
    begun: float = 0.0
    """By a clock that never goes back, in seconds."""
    seconds: float = 0.0
    """Until the final status."""

    def refused(self, status: int, reason: str) -> None:
        """The edge itself gives the final response."""
        self.status, self.own, self.reason = status, True, reason

    def answered(self, response: Message) -> None:
        """The final response is another's."""
        self.status, self.reason = response.status, response.reason
        if response.status >= 300:
            numbers = (number for name in _DIAGNOSTICS for number in response.index.get(name, ()))
            self.diagnostics = tuple(response.lines[number] for number in numbers)

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory, roughly: a peer's lines may be long."""
        return _SIZE + len(self.request_uri) + len(self.call_id) + sum(map(len, self.lines))

    @property
    def decided_by(self) -> str:
        return SIGNED_ROUTE if self.route else REFUSED if self.explanation is None else RULES

    def text(self) -> str:
        """The keys that docs/traces.md promises, as JSON without braces; takes as long with any plan."""
        return joined(self.pieces())

    def pieces(self, party: str = "", before: str = "", behind: str = "") -> list[Piece]:
        """Its text in pieces, between others. ``party``: ``party_text`` of its connection, by who has kept it."""
        sender, receiver, cseq = self.lines
        ms = _thousands(self.seconds, 1000) if self.status else "null"
        return [
            before + '"time":',
            self.time,
            f',"ms":{ms},"revision":',
            self.revision,
            *self._place(f",{party or party_text(self.opened)},"),
            ',"from":',
            sender,
            ',"to":',
            receiver,
            ',"call_id":',
            self.call_id,
            ',"cseq":',
            cseq,
            *self._decided(","),
            *self._outcome(behind),
        ]

    def place_text(self) -> str:
        """Its source zone and start line; see ``text``."""
        return joined(self._place())

    def decided_text(self) -> str:
        """What was decided, and by what; see ``text``."""
        return joined(self._decided())

    def _place(self, before: str = "") -> list[Piece]:
        return [before + '"zone":', self.zone, ',"method":', self.method, ',"request_uri":', self.request_uri]

    def _decided(self, before: str = "") -> list[Piece]:
        found = self.explanation
        return [
            f'{before}{_kind_text(self.classification, self.decided_by)},"alias":',
            self.alias,
            ',"also":',
            self.also,
            f'{_asked_text(found)},"transform":',
            found.transform if found else None,
            ',"searched":',
            found.searched if found else None,
            *_rules(found),
            ',"route":',
            self.route,
        ]

    def _outcome(self, behind: str) -> list[Piece]:
        pieces: list[Piece] = []
        start = ',"hops":['
        for attempt in self.attempts[:MOST]:
            pieces += [f'{start}{hop_text(attempt.hop)}{attempt.status},"reason":', attempt.reason]
            start = "},"
        end, more = "}" if pieces else start, max(0, len(self.attempts) - MOST)
        own = json_text(self.own)
        pieces += [f'{end}],"more_hops":{more},"status":{self.status},"own":{own},"reason":', self.reason]
        start = ',"diagnostics":['
        for line in self.diagnostics[:MOST]:
            pieces += [start, line]
            start = ","
        pieces.append(("" if self.diagnostics else start) + "]" + behind)
        return pieces

    def to_json(self) -> dict[str, Any]:
        """The same as values."""
        fields: dict[str, Any] = loads(f"{{{self.text()}}}")
        return fields


def kept_lines(request: Message) -> tuple[bytes, ...]:
    """For ``Entry.lines``. Messages of one shape share the numbers: that makes it four times as fast."""
    lines, memo = request.lines, request.index.memo
    numbers = memo.get(_KEPT)
    if numbers is None:
        numbers = memo[_KEPT] = [index[0] for name in _KEPT if (index := request.index.get(name))]
    if len(numbers) == 3:
        return lines[numbers[0]], lines[numbers[1]], lines[numbers[2]]
    return tuple(lines[request.index[name][0]] if name in request.index else b"" for name in _KEPT)


def _value(line: bytes) -> str:
    """Of a header line, unfolded."""
    folded = line.partition(b":")[2]
    unfolded = b" ".join(part.strip() for part in folded.split(b"\r\n")) if b"\r\n" in folded else folded
    return unfolded.strip().decode("utf-8", "surrogateescape")


def party_text(opened: ConnectionOpened) -> str:
    """See ``Entry.pieces``."""
    local, peer = host_port(opened.local_address, opened.local_port), host_port(opened.peer_address, opened.peer_port)
    return (
        f'"connection":{opened.connection},"transport":"{opened.transport}","local":"{local}","peer":"{peer}",'
        f'"names":[{",".join(map(_quoted, opened.names))}]'
    )


@lru_cache(TEXTS_KEPT)
def hop_text(hop: Hop) -> str:
    """Where a request was sent to, up to what came of it."""
    return (
        f'{{"zone":{_quoted(hop.zone)},"transport":"{hop.transport}","address":"{hop.address}","port":{hop.port},'
        f'"name":{_quoted(hop.name)},"connection":{hop.connection},"status":'
    )


@lru_cache(TEXTS_KEPT)
def _kind_text(classification: Classification, decided_by: str) -> str:
    traffic, evidence = _quoted(classification.traffic.value), _quoted(classification.evidence)
    return f'"traffic":{traffic},"evidence":{evidence},"decided_by":{_quoted(decided_by)}'


def _asked_text(found: Explanation | None) -> str:
    query = found.query if found else None
    return _query_text(query.protocol, query.authenticated) if query else ',"protocol":null,"authenticated":null'


@lru_cache
def _query_text(protocol: Protocol, authenticated: bool) -> str:
    return f',"protocol":{_quoted(protocol.value)},"authenticated":{json_text(authenticated)}'


def _rules(found: Explanation | None) -> list[Piece]:
    hit = [(tier, target) for tier in found.tiers for target in tier.targets] if found else []
    if found is None or not hit:
        return [',"rules":[],"more_rules":', 0]
    pieces: list[Piece] = []  # list[Piece]() takes ten times as long, and this is done for each request
    start = ',"rules":['
    for tier, target in hit[:MOST]:
        place = found.plan.places[target.rule]
        said = _rule_text(target.rule, place.file, place.line, tier.priority, tier.stop, target.zone)
        pieces += [start + said, target.alias]
        start = "},"
    return [*pieces, '}],"more_rules":', max(0, len(hit) - MOST)]


@lru_cache(TEXTS_KEPT)
def _rule_text(rule: str, file: str, line: int, priority: int, stop: bool, zone: str) -> str:
    """A rule that took the request, up to the alias that it made."""
    return (
        f'{{"rule":{_quoted(rule)},"file":{_quoted(file)},"line":{line},"priority":{priority},'
        f'"stop":{json_text(stop)},"zone":{_quoted(zone)},"alias":'
    )


def joined(pieces: list[Piece]) -> str:
    """The text of which pieces are; remembered/native/pieces.c does the same."""
    made = pieces.copy()
    made[1::2] = map(json_text, pieces[1::2])
    return "".join(made)  # type: ignore[arg-type]


def json_text(value: Value) -> str:
    """Of one value."""
    return _JSON[type(value)](value)


def _thousands(seconds: float, unit: int) -> str:
    """To the microsecond, in ``unit`` parts of them: 1000 for milliseconds, 1,000,000 for seconds."""
    whole, rest = divmod(int(seconds * 1e6 + 0.5), unit)
    return f"{whole}.{rest:06}" if unit == 1_000_000 else f"{whole}.{rest:03}"


_JSON: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    bytes: lambda line: _quoted(_value(line)),
    float: lambda seconds: _thousands(seconds, 1_000_000),
    int: str,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
}


def entry_of(record: Record) -> Entry:
    """The entry of a request that went on without the core, as the core would have made it."""
    if record[ENTRY] is not None:
        entry: Entry = record[ENTRY]
        return entry
    way, request = record[WAY], Message(record[HEAD])
    verdict, attempt = way.verdict, Attempt(record[HOPS][0])
    entry = Entry(
        record[TIME],
        record[OPENED],
        verdict.source.name,
        way.revision,
        request.method,
        request.uri,
        request.call_id,
        kept_lines(request),
        verdict.classification,
        verdict.found[1],
        verdict.alias,
        verdict.also,
        verdict.routes.pair.there if verdict.routes.pair is not None else "",
        [attempt],
        begun=record[BEGUN],
    )
    if record[STATUS] is not None:
        entry.status = attempt.status = record[STATUS]
        entry.reason = record[REASON].decode("utf-8", "replace")
        entry.seconds = record[ENDED] - record[BEGUN]
        record[ENTRY] = entry  # from now on it is the same for all who ask
    return entry


class History:
    """At most ``size`` entries; the oldest goes first."""

    def __init__(self, size: int) -> None:
        self._entries: deque[Entry | Record] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """Newest first."""
        return (entry_of(each) if type(each) is list else each for each in reversed(self._entries))  # type: ignore[misc]

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def extend(self, records: Iterable[Record]) -> None:
        """Requests that went on without the core: their entries are made when somebody asks."""
        self._entries.extend(records)

    def resized(self, size: int) -> History:
        """The newest entries under another bound, for a reload."""
        history = History(size)
        history._entries.extend(self._entries)
        return history
