"""What went wrong, from a trace: refusals with Microsoft's diagnostics, and what the Edge wrote into its own log.

Every response of 4xx, 5xx or 6xx that the trace readers find, but for challenges and what a caller cancelled; every
TF_DIAG record of a Lync or Skype for Business log; events of an Expressway's log; headers quoted alone. Each becomes a
TraceFinding in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from sipedge.sip.message import Message, parse_message
from sipedge.sip.uri import UriError, parse_uri
from sipedge.sip.values import MessageError, parse_address, split_parameters
from sipedge.traces.reading import read_trace, unread_start
from sipedge.traces.records.clock import moment
from sipedge.traces.records.record import Direction, Item, Record, Skipped
from sipedge.traces.records.source import Source, TraceError
from sipedge.traces.records.text import Block, numbered_lines, opening, read_records
from sipedge.traces.records.wire import LARGEST_LINE
from zones.names import to_ascii

from .codes import (
    BARE,
    HRESULTS,
    LOG_CODES,
    LOG_NAMES,
    MEANINGS,
    POLICY_WARNING,
    RANGES,
    STATUSES,
    WINSOCK,
    Meaning,
    Side,
)
from .expressway_events import explain_events
from .finding import TraceFinding, clean

_ROUTINE = (401, 407, 487)
"""Challenges and cancelled calls are no faults, unless they carry diagnostics."""
_HEADERS = ("ms-diagnostics", "ms-diagnostics-public", "ms-client-diagnostics")
_DIAGNOSTICS = re.compile(r"\s*(\d{1,9})(?:\.\d+)?\s*(?:;(.*))?", re.DOTALL)
_NUMBER = re.compile(r"0x([0-9a-fA-F]{8})")
_WARNING = re.compile(r'\s*(\d{3})\s+(\S+)\s+"(.*)"\s*')
_TF_DIAG = re.compile(rb"TL_[A-Z]+ ?\(TF_DIAG\)[^\n]{0,1024}?\$\$begin_record")
_TF_END = re.compile(rb"(?P<end>\$\$end_record)")
_TF_KEYS = r"LogType|Severity|Text|Result-Code|SIP-Start-Line|SIP-Call-ID|SIP-CSeq|Peer|Data"
_TF_FIELD = re.compile(rf"(?:^|\s)({_TF_KEYS}):[ \t]*(.*?)(?=\s(?:{_TF_KEYS}):|\s*\$\$end_record|\s*$)", re.DOTALL)
_HEADER_ALONE = re.compile(r"[\s>|]*(?:ms-diagnostics(?:-public)?|ms-client-diagnostics)[ \t]*:(.*)", re.IGNORECASE)
_NO_MESSAGE = parse_message(b"SIP/2.0 500 Quoted\r\n\r\n")
_SERVERS = ("rtc/", "rtcc/")
_QUOTES = ' \t"'
_WINSOCK = re.compile(r"\s*(\d{5})\b")
_WINSOCK_NAMES = ("winsockfailurecode", "winsock-code")
MAX_FINDINGS = 1000


def explain_trace(path: str) -> Iterator[TraceFinding]:
    """Findings in the order of the file: first those of messages, then those of logs of an Edge and an Expressway.

    Raises TraceError when the file cannot be opened, or has nothing in it that could be explained.
    """
    messages = 0
    unknown: TraceError | None = None
    try:
        for item in read_trace(path):
            if isinstance(item, Record):
                messages += 1
                if (finding := explain_record(item)) is not None:
                    yield finding
    except TraceError as error:
        unknown = error
    found = False
    others = [explain_events(path, answers=not messages), _log_records(path), *([] if messages else [_headers(path)])]
    for finding in chain.from_iterable(others):
        found = True
        yield finding
    if not (messages or found):
        raise unknown or _nothing(path)


def _nothing(path: str) -> TraceError:
    start = unread_start(path)
    if start is not None:
        return TraceError(str(start))
    return TraceError(f"{path}: there is no SIP message in it (on an Expressway set network.sip to DEBUG)")


def collect(findings: Iterable[TraceFinding]) -> list[TraceFinding]:
    """Equal findings once, with their number. Of different ones the first MAX_FINDINGS are kept."""
    kept: dict[tuple[object, ...], TraceFinding] = {}
    for finding in findings:
        key = (finding.what, finding.codes, finding.words, finding.side, finding.domain)
        if key in kept:
            kept[key] = replace(kept[key], count=kept[key].count + 1)
        elif len(kept) < MAX_FINDINGS:
            kept[key] = finding
    return list(kept.values())


def explain_record(record: Record) -> TraceFinding | None:
    """None when the record is no refusal."""
    try:
        message = parse_message(record.data)
    except MessageError:
        return None
    if message.status < 400:
        return None
    diagnostics = [value for name in _HEADERS for value in message.values(name)]
    warnings = message.values("warning")
    if message.status in _ROUTINE and not diagnostics and not warnings:
        return None
    meanings = [*_of_diagnostics(diagnostics), *_of_warnings(warnings)] or [_bare(message)]
    return _finding(record, message, meanings)


@dataclass(frozen=True, slots=True)
class _HeaderMeaning:
    """What one header, or the status alone, says."""

    code: str
    meaning: Meaning
    details: dict[str, str]

    @property
    def codes(self) -> tuple[str, ...]:
        return (self.code, *_windows_codes(self.details))

    @property
    def words(self) -> tuple[str, ...]:
        """An HRESULT says exactly what a number with many causes leaves open."""
        exact = tuple(_windows_words(self.details))
        return exact if _hresult(self.details) is not None and self.meaning.checks else (self.meaning.words, *exact)


def _finding(record: Record, message: Message, headers: list[_HeaderMeaning], what: str = "") -> TraceFinding:
    """``headers``: at least one. Where two give the same detail, the first counts. ``what``: instead of the start
    line."""
    details: dict[str, str] = {}
    for header in headers:
        details |= {name: value for name, value in header.details.items() if name not in details}
    main = next((header.meaning for header in headers if header.meaning.checks), headers[0].meaning)
    sender, called = _domain_of(message.first("from")), _domain_of(message.first("to"))
    return TraceFinding(
        record.file,
        record.position,
        record.time,
        what or clean(message.start_line),
        clean(f"{message.first('cseq') or ''} {message.call_id}"),
        tuple(dict.fromkeys(code for header in headers for code in header.codes)),
        tuple(dict.fromkeys(words for header in headers for words in header.words)),
        main.side,
        details,
        _checks(main, details),
        _examined(main.side, details, sender, called),
    )


def _of_diagnostics(values: list[str]) -> Iterator[_HeaderMeaning]:
    for value in values[:16]:
        match = _DIAGNOSTICS.fullmatch(value)
        if match is not None:
            number, details = int(match[1]), _attributes(match[2] or "")
            meaning = meaning_of(number)
            if number not in MEANINGS and "reason" in details:
                meaning = replace(meaning, words=f'{meaning.words}; the header says: "{details["reason"]}"')
            yield _HeaderMeaning(f"ms-diagnostics {number}", meaning, details)


def meaning_of(number: int) -> Meaning:
    if number in MEANINGS:
        return MEANINGS[number]
    part = RANGES.get(number // 1000 * 1000, "")
    unknown = "a number that is not known here"
    return Meaning(f"{unknown}, of {part}" if part else unknown, Side.UNKNOWN)


def _attributes(text: str) -> dict[str, str]:
    """``;name="value"`` in lower case and without quotes; bounded in number and length."""
    pairs = split_parameters(text)[:32]
    return {clean(name): clean((value or "").strip(_QUOTES)) for name, value in pairs}


def _of_warnings(values: list[str]) -> Iterator[_HeaderMeaning]:
    for value in values[:16]:
        match = _WARNING.fullmatch(value)
        if match is None:
            continue
        code, agent, text = match.groups()
        words = f'{clean(agent)} says: "{clean(text)}"'
        if int(code) == POLICY_WARNING:
            words = f"the content was refused by a policy of the other side; {words}"
        yield _HeaderMeaning(f"Warning {code}", Meaning(words, Side.REFUSER), {})


def _bare(message: Message) -> _HeaderMeaning:
    server = (message.first("server") or "").lower()
    if message.status == 504 and server.startswith(_SERVERS):
        return _HeaderMeaning("504 without diagnostics", BARE, {})
    meaning = STATUSES.get(message.status) or Meaning("nothing but the status is told", Side.UNKNOWN)
    return _HeaderMeaning(str(message.status), meaning, {})


def _windows_codes(details: dict[str, str]) -> Iterator[str]:
    if "hresult" in details:
        yield f"HRESULT {details['hresult']}"
    for name in _WINSOCK_NAMES:
        if name in details:
            yield f"winsock {details[name]}"


def _windows_words(details: dict[str, str]) -> Iterator[str]:
    known = _hresult(details)
    if known is not None:
        yield known[1]
    for name in _WINSOCK_NAMES:
        match = _WINSOCK.match(details.get(name, ""))
        if match is not None and int(match[1]) in WINSOCK:
            yield WINSOCK[int(match[1])]


def _hresult(details: dict[str, str]) -> tuple[str, str, tuple[str, ...]] | None:
    """Name, words, checks; None for an HRESULT that is not known here."""
    number = _NUMBER.search(details.get("hresult", ""))
    return HRESULTS.get(int(number[1], 16)) if number else None


def _checks(meaning: Meaning, details: dict[str, str]) -> tuple[str, ...]:
    """The HRESULT narrows down what the number leaves open."""
    narrower = _hresult(details)
    return tuple(dict.fromkeys(narrower[2] if narrower is not None else meaning.checks))


def _examined(side: Side, details: dict[str, str], sender: str, called: str) -> str:
    for name in ("domain", "tls-target", "expected-fqdn"):
        if value := to_ascii(details.get(name, "")):
            return value if name == "domain" else value.partition(".")[2]
    if side is Side.TLS and (peer := to_ascii(details.get("peer", "").partition(":")[0])):
        return peer.partition(".")[2]
    return {Side.SENDER: sender, Side.TARGET: called, Side.TLS: called}.get(side, "")


def _domain_of(value: str | None) -> str:
    try:
        return to_ascii(parse_uri(parse_address(value or "").uri).host)
    except UriError:
        return ""


def _headers(path: str) -> Iterator[TraceFinding]:
    """Diagnostics that somebody quoted without the message that they stood in."""
    with Source(path) as source:
        for position, line in numbered_lines(source, LARGEST_LINE):
            match = _HEADER_ALONE.match(line.decode("utf-8", "replace"))
            if match is not None and (meanings := list(_of_diagnostics([match[1]]))):
                quoted = Record(None, Direction.UNKNOWN, None, None, "", b"", False, path, position)
                yield _finding(quoted, _NO_MESSAGE, meanings, clean(match[0].strip()))


def _log_records(path: str) -> Iterator[TraceFinding]:
    """TF_DIAG records, also those that somebody pasted into one line."""
    findings: list[TraceFinding] = []

    def take(block: Block) -> Iterator[Item]:
        findings.append(explain_log_record(block))
        yield Skipped(block.file, block.position, "a TF_DIAG record")

    def pass_over(_: Block) -> Iterator[Item]:
        return iter(())

    with Source(path) as source:
        for _ in read_records(source, path, opening(_TF_DIAG), _TF_END, take, pass_over):
            yield from findings
            findings.clear()


def explain_log_record(block: Block) -> TraceFinding:
    """One TF_DIAG record of an Edge's log."""
    header, _, content = block.text.partition(b"$$begin_record")
    text = content.decode("utf-8", "replace")
    fields = {name: value.strip() for name, value in _TF_FIELD.findall(text[:65536])}
    code = clean(fields.get("Result-Code", ""))
    meaning = _log_meaning(code, fields.get("Text", ""))
    details = _attributes(fields.get("Data", ""))
    words = [meaning.words, *_windows_words(details)]
    if "Text" in fields:
        words.append(f'the Edge says: "{clean(fields["Text"])}"')
    if "Peer" in fields:
        details["peer"] = clean(fields["Peer"])
    return TraceFinding(
        block.file,
        block.position,
        moment(header),
        clean(fields.get("SIP-Start-Line", "") or fields.get("Text", "")),
        clean(f"{fields.get('SIP-CSeq', '')} {fields.get('SIP-Call-ID', '')}".strip()),
        tuple(filter(None, (code, *_windows_codes(details)))),
        tuple(words),
        meaning.side,
        details,
        _checks(meaning, details),
        _examined(meaning.side, details, "", ""),
    )


def _log_meaning(code: str, text: str) -> Meaning:
    number = _NUMBER.search(code)
    if number is not None and (known := LOG_CODES.get(int(number[1], 16))) is not None:
        return known
    for name, meaning in LOG_NAMES.items():
        if name in code:
            return meaning
    if number is not None and (hresult := HRESULTS.get(int(number[1], 16))) is not None:
        return Meaning(hresult[1], Side.SENDER, hresult[2])
    return Meaning("a result code that is not known here" if text else "nothing is told", Side.UNKNOWN)
