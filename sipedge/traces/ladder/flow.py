"""Recorded messages -> the ladder of their dialogs: the parties, the messages of each dialog, the text of each line.

Messages with one Call-ID are one dialog, across all hops that show it. A party is a host; where hosts talk to
themselves (everything on loopback) it is a host and a port, and the port that a client happened to get is taken for the
one that it names in its Via.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sipedge.sip.message import Message, parse_message
from sipedge.sip.values import MessageError, parse_address
from sipedge.traces.records.record import Endpoint, Record, iso_time

from .ladder import Arrow, Heading, Note
from .ladder import Record as Line

_CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
NOBODY = Endpoint("?")
LONGEST_NAME = 60


@dataclass(slots=True)
class Sighting:
    """One message of a trace. ``index``: its number, counted from 1 as everywhere."""

    index: int
    record: Record
    message: Message | None
    """None for what is no whole SIP message."""
    received: Sighting | None = None
    """The same message on the same hop in the log of who received it; this one is then of who sent it."""

    @property
    def call_id(self) -> str:
        if self.message is not None:
            return self.message.call_id
        match = _CALL_ID.search(self.record.data)
        return match[1].decode("utf-8", "replace") if match else ""

    @property
    def start_line(self) -> str:
        return self.record.data.partition(b"\n")[0].rstrip(b"\r").decode("utf-8", "replace")


def sighting(index: int, record: Record) -> Sighting:
    try:
        return Sighting(index, record, parse_message(record.data))
    except MessageError:
        return Sighting(index, record, None)


@dataclass(frozen=True, slots=True)
class Filter:
    """Demands on a dialog that is to be drawn; '' demands nothing."""

    call_id: str = ""
    """A part of it."""
    user: str = ""
    """A part of the URI in From or To, or of the Request-URI."""
    method: str = ""
    status: str = ""
    """``504`` or ``5xx``."""

    @property
    def wanted(self) -> int:
        """One bit for each demand."""
        return sum(bit for bit, text in self._demands())

    def met(self, seen: Sighting) -> int:
        """The bits of the demands that this message meets."""
        return sum(bit for bit, text in self._demands() if self._meets(bit, text, seen))

    def _demands(self) -> Iterator[tuple[int, str]]:
        texts = (self.call_id, self.user, self.method, self.status)
        return ((1 << number, text) for number, text in enumerate(texts) if text)

    @staticmethod
    def _meets(bit: int, text: str, seen: Sighting) -> bool:
        message = seen.message
        if bit == 1:
            return text in seen.call_id
        if message is None:
            return False
        if bit == 2:
            uris = (message.uri, *(parse_address(message.first(name) or "").uri for name in ("from", "to")))
            return any(text.lower() in uri.lower() for uri in uris)
        if bit == 4:
            return message.is_request and message.method.upper() == text.upper()
        return not message.is_request and f"{message.status:03}".startswith(text.lower().rstrip("x"))


class Parties:
    """The columns of a ladder, in the order in which they appear."""

    def __init__(self, sightings: Sequence[Sighting], called: Mapping[Endpoint, Endpoint] | None = None) -> None:
        """``called``: ends -> the end by which their party is called, where that is known."""
        self._called = called or {}
        pairs = [self._ends(seen) for seen in sightings]
        self._same: dict[Endpoint, Endpoint] = {}
        for pair, seen in zip(pairs, sightings, strict=True):
            self._learn(pair[0], seen.message)
        own = {source.host for source, destination in pairs if source.host == destination.host}
        self._with_port = frozenset(own)
        self.columns = tuple(dict.fromkeys(self.name(end) for pair in pairs for end in pair))

    def name(self, end: Endpoint) -> str:
        if end.host not in self._with_port:
            return end.host
        return str(self._same.get(end, end))

    def of(self, seen: Sighting) -> tuple[str, str]:
        """(source, destination)."""
        source, destination = self._ends(seen)
        return self.name(source), self.name(destination)

    def _ends(self, seen: Sighting) -> tuple[Endpoint, Endpoint]:
        source, destination = seen.record.source or NOBODY, seen.record.destination or NOBODY
        return self._called.get(source, source), self._called.get(destination, destination)

    def _learn(self, source: Endpoint, message: Message | None) -> None:
        """A request's top Via names the port at which its sender listens (RFC 3261 18.1.1)."""
        if message is None or not message.is_request:
            return
        try:
            via = message.via
        except MessageError:
            return
        if via.port is not None and via.host == source.host.lower():
            self._same.setdefault(source, Endpoint(source.host, via.port))


def flow(
    sightings: Iterable[Sighting], parties: Parties, note: Callable[[Sighting], str], titles: Mapping[str, str]
) -> Iterator[Line]:
    """The lines of a ladder, one dialog after the other by the time of their first messages.

    ``note``: what stands under the arrow of a message, '' for nothing. ``titles``: column -> its heading.
    """
    sightings = list(sightings)
    # Messages without a time stand where the others begin.
    earliest = min((seen.record.time for seen in sightings if seen.record.time is not None), default=0.0)

    def at(seen: Sighting) -> float:
        return earliest if seen.record.time is None else seen.record.time

    dialogs: dict[str, list[Sighting]] = {}
    for seen in sightings:
        dialogs.setdefault(seen.call_id, []).append(seen)
    for members in dialogs.values():
        members.sort(key=at)
    for call_id, members in sorted(dialogs.items(), key=lambda dialog: at(dialog[1][0])):
        clock = f"{iso_time(members[0].record.time) or 'no time':.19}"
        yield Heading(at(members[0]), f"{clock} {_summary(members)} · Call-ID {call_id or 'missing'}")
        for seen in members:
            source, destination = (titles.get(party, party) for party in parties.of(seen))
            yield Arrow(at(seen), source, destination, f"{number(seen)} {label(seen)}")
            if text := note(seen):
                yield Note(at(seen), destination, text)


def sections(lines: Iterable[Line]) -> Iterator[tuple[list[Line], list[str]]]:
    """The lines of each dialog, and the columns that it needs in the order in which they appear."""
    section: list[Line] = []
    for line in lines:
        if isinstance(line, Heading) and section:
            yield section, _columns(section)
            section = []
        section.append(line)
    if section:
        yield section, _columns(section)


def gathered(lines: list[Line], columns: list[str], most: int) -> tuple[list[Line], list[str]]:
    """With ``most`` columns at most: the parties with the fewest messages share the last one."""
    if len(columns) <= most:
        return lines, columns
    busy = Counter(end for line in lines if isinstance(line, Arrow) for end in (line.source, line.target))
    kept = {name for name, _ in busy.most_common(most - 1)}
    others = f"{len(columns) - len(kept)} others"
    name = {column: column if column in kept else others for column in columns}
    shown: list[Line] = []
    for line in lines:
        if isinstance(line, Arrow):
            line = replace(line, source=name[line.source], target=name[line.target])
        elif isinstance(line, Note):
            line = replace(line, column=name[line.column])
        shown.append(line)
    return shown, [*(column for column in columns if column in kept), others]


def _columns(section: list[Line]) -> list[str]:
    ends = (end for line in section if isinstance(line, Arrow) for end in (line.source, line.target))
    return list(dict.fromkeys(ends))


def number(seen: Sighting) -> str:
    """``3``, or ``3=17`` where message 17 is the same hop seen at the other end."""
    return str(seen.index) if seen.received is None else f"{seen.index}={seen.received.index}"


def label(seen: Sighting) -> str:
    """``INVITE bob@example.com`` or ``504 Server time-out (INVITE)``."""
    message = seen.message
    if message is None:
        return seen.start_line
    if message.is_request:
        return f"{message.method} {message.uri.partition(':')[2] or message.uri}"
    return f"{message.status} {message.reason} ({_method(message)})"


def _method(message: Message) -> str:
    try:
        return message.cseq[1]
    except MessageError:
        return "?"


def _summary(members: list[Sighting]) -> str:
    """``INVITE from a to b: 504 Server time-out``: the first request and the last final answer."""
    messages = [seen.message for seen in members if seen.message is not None]
    request = next((message for message in messages if message.is_request), None)
    final = next((message for message in reversed(messages) if message.status >= 200), None)
    if not messages:
        return "no whole SIP message"
    first = request or messages[0]
    ends = (parse_address(first.first(name) or "?").uri.partition(";")[0] for name in ("from", "to"))
    caller, callee = (end.partition(":")[2] or end for end in ends)
    text = f"{first.method or _method(first)} from {caller[:LONGEST_NAME]} to {callee[:LONGEST_NAME]}"
    return text if final is None else f"{text}: {final.status} {final.reason}"
