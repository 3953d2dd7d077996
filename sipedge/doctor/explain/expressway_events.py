"""Faults that an Expressway tells in its event log, without any message: TLS, credentials, searches, and the answers
that ``network.sip`` names at level INFO.

The texts of TLS faults are OpenSSL's (err/ssl_err.c, x509/x509_txt.c).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sipedge.traces.records.clock import moment
from sipedge.traces.records.source import Source
from sipedge.traces.records.text import numbered_lines
from sipedge.traces.records.wire import LARGEST_LINE
from zones.names import to_ascii

from .codes import STATUSES, Meaning, Side
from .finding import TraceFinding, clean

_FIELD = re.compile(r'([A-Za-z][A-Za-z-]*)="([^"]{0,4096})"')
_ANSWER = re.compile(r"(Sending|Received?) Response Code=([4-6]\d\d), Method=([A-Z]+)")
_CALL_ID = re.compile(r"Call-ID=([^,]+)")
_ROUTINE = (401, 407, 487)

_UNTRUSTED = Meaning(
    "the certificate chain of the other side leads to no CA that is trusted here",
    Side.TLS, ("tls.chain-complete", "tls.trusted"),
)  # fmt: skip
_TLS_FAULTS: tuple[tuple[str, Meaning], ...] = (
    (
        "did not return a certificate",
        Meaning("the other side showed no client certificate, which is demanded here", Side.TLS, ("tls.client-auth",)),
    ),
    ("self signed certificate", _UNTRUSTED),
    ("self-signed certificate", _UNTRUSTED),
    ("unable to get local issuer", _UNTRUSTED),
    ("unable to get issuer", _UNTRUSTED),
    ("unable to verify the first", _UNTRUSTED),
    ("certificate verify failed", _UNTRUSTED),
    ("has expired", Meaning("a certificate of the other side has expired", Side.TLS, ("tls.dates",))),
    ("not yet valid", Meaning("a certificate of the other side is not valid yet", Side.TLS, ("tls.dates",))),
    ("revoked", Meaning("the certificate of the other side is revoked", Side.TLS, ("tls.revocation",))),
    (
        "unknown ca",
        Meaning("the other side does not trust the CA of the certificate shown here", Side.TLS, ("own.chain",)),
    ),
    (
        "no shared cipher",
        Meaning("the two sides have no cipher suite in common", Side.TLS, ("tls.versions", "tls.suites")),
    ),
    (
        "protocol",
        Meaning("the two sides have no TLS version in common", Side.TLS, ("tls.versions",)),
    ),
    (
        "handshake failure",
        Meaning("the other side ended the handshake", Side.TLS, ("tls.handshake", "tls.suites", "own.chain")),
    ),
    ("wrong version number", Meaning("what came is no TLS", Side.TLS, ("tls.handshake",))),
)
"""In the order in which they are looked for."""
_OTHER_TLS = Meaning("TLS with the other side failed", Side.TLS, ("tls.handshake",))
_CREDENTIALS = Meaning(
    "a peer gave a wrong name or password; over a traversal zone the two boxes do not have the same", Side.CLOCK
)
_POLICY = Meaning(
    "the request found no way: preloaded Routes or the call policy refused it", Side.REFUSER, ("sip.notify-return",)
)
_NO_WAY = Meaning("the request found no way: no search rule matched, or no target knew it", Side.REFUSER)


def explain_events(path: str, *, answers: bool) -> Iterator[TraceFinding]:
    """``answers``: with those faults too that a log with messages shows by its messages. Raises TraceError."""
    with Source(path) as source:
        for position, raw in numbered_lines(source, LARGEST_LINE):
            if b'Event="' not in raw and not (answers and b"Response Code=" in raw):
                continue
            line = raw.decode("utf-8", "replace")
            fields = dict(_FIELD.findall(line))
            meaning, what = _event(fields, answers=answers)
            if meaning is not None:
                yield _finding(path, position, line, fields, meaning, what)


def _event(fields: dict[str, str], *, answers: bool) -> tuple[Meaning | None, str]:
    """The meaning of a line, None for one that tells of no fault; and what it says."""
    event, detail = fields.get("Event", ""), fields.get("Detail", "")
    if event.endswith("TLS Negotiation Error"):
        text = detail.lower()
        return next((meaning for words, meaning in _TLS_FAULTS if words in text), _OTHER_TLS), f"{event}: {detail}"
    if event == "Authentication Failed":
        return _CREDENTIALS, f"{event}: {detail}"
    if not answers:
        return None, ""
    if event == "Search Completed" and "found:false" in detail.replace(" ", ""):
        reason = " ".join(filter(None, (fields.get("Reason"), detail)))
        return (_POLICY if "Policy Response" in detail else _NO_WAY), f"{event}: {reason}"
    match = _ANSWER.search(detail)
    if match is None or int(match[2]) in _ROUTINE:
        return None, ""
    known = STATUSES.get(int(match[2])) or Meaning("nothing but the status is told", Side.UNKNOWN)
    by = "this box" if match[1] == "Sending" else "the other side"
    return known, f"{match[3]} answered by {by} with {match[2]}"


def _finding(path: str, position: int, line: str, fields: dict[str, str], meaning: Meaning, what: str) -> TraceFinding:
    call_id = _CALL_ID.search(fields.get("Detail", ""))
    names = ("Src-ip", "Src-port", "Dst-ip", "Dst-port", "Common-name", "Src-alias", "Dst-alias", "Method")
    domain = fields.get("Common-name", "").partition(".")[2] if meaning.side is Side.TLS else ""
    return TraceFinding(
        path,
        position,
        moment(fields.get("UTCTime", line[:64]).encode()),
        clean(what),
        clean(call_id[1] if call_id else ""),
        (clean(fields.get("Event") or what.rpartition(" ")[2]),),
        (meaning.words,),
        meaning.side,
        {name.lower(): clean(fields[name]) for name in names if fields.get(name)},
        meaning.checks,
        to_ascii(domain),
    )
