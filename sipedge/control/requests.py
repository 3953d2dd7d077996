"""What can be asked of a running edge. A request is one line, a JSON object: ``{"do": "close", "connection": 7}``."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, Field, asdict, dataclass, fields
from typing import Any

from .refusal import BAD_REQUEST, Refused

LONGEST = 16384
"""Bytes of a request's line."""
LONGEST_TIME = 86400.0
"""Seconds within which a load may ask to be confirmed."""


LEVELS = ("debug", "info", "warning", "error")
"""Of the log."""
FAIL_MORE = 0.2
"""A wrong plan loses whole classes of requests; a partner who has a bad minute does not reach this."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the edge is: an item for each connection, then a ``StatusJson``."""


@dataclass(frozen=True, slots=True)
class History:
    """Decisions that are kept in memory, oldest first: an item each. '' and 0 demand nothing."""

    alias: str = ""
    """Text in the alias or the Request-URI."""
    rule: str = ""
    """Name of a rule of which a target was used."""
    zone: str = ""
    """Name of the zone that it came from or went to."""
    call_id: str = ""
    """Text in the Call-ID."""
    status: str = ""
    """``504`` or ``5xx``."""
    failed: bool = False
    """A final status of 400 or more."""
    last: int = 0
    """At most so many, the newest."""
    follow: bool = False
    """Then go on with each decision as it gets its final status, until the client closes."""


@dataclass(frozen=True, slots=True)
class Log:
    """The last lines of the edge's log, oldest first: an item each, a ``LogLineJson``."""

    level: str = ""
    """One of LEVELS: lines of this one and worse ones; '' all."""
    text: str = ""
    """A part of the line."""
    last: int = 0
    """At most so many, the newest; 0 all."""
    follow: bool = False
    """Then go on with each further line, until the client closes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The dial plan of a revision that a decision in memory names: a ``PlanJson``."""

    revision: str


@dataclass(frozen=True, slots=True)
class Load:
    """Read the files anew and put them in force, all or nothing: a ``LoadedJson``."""

    expect: str = ""
    """The revision that must be in force before, whole or its first digits; '' any."""
    revision: str = ""
    """The revision that the files must hold, as ``expect``: whoever wrote them has no other one put in force."""
    confirm_within: float = 0.0
    """Seconds after which the edge goes back unless it was told to ``Confirm``; 0: it stays."""
    fail_more: float = FAIL_MORE
    """With ``confirm_within``: by what share of requests more may fail than before (0.2: 20 of 100); at more than that
    the edge goes back at once. 1: it does not for that."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """What is in force stays in force: a ``ConfirmedJson``."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Changes of engines that wait for a restart take effect now: a ``RestartedJson``."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Send an OPTIONS to each peer of a zone now: a ``ProbedJson``."""

    zone: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close a connection: a ``ClosedJson``."""

    connection: int


Request = Status | History | Log | Plan | Load | Confirm | Restart | Probe | Close
_KINDS: dict[str, type[Request]] = {
    "status": Status,
    "history": History,
    "log": Log,
    "plan": Plan,
    "load": Load,
    "confirm": Confirm,
    "restart": Restart,
    "probe": Probe,
    "close": Close,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}
_WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}
"""By the annotation of a field."""


def write_request(request: Request) -> bytes:
    return json.dumps({"do": _NAMES[type(request)], **asdict(request)}).encode() + b"\n"


def read_request(line: bytes) -> Request:
    """Raises Refused, 400, whose sentence says what would be right."""
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Refused(BAD_REQUEST, 'a request is one JSON object on one line, such as {"do": "status"}')
    what = given.pop("do", None)
    kind = _KINDS.get(what) if isinstance(what, str) else None
    if kind is None:
        raise Refused(BAD_REQUEST, f'"do" must be one of {", ".join(_KINDS)}')
    known = {field.name: field for field in fields(kind)}
    if strange := sorted(given.keys() - known.keys()):
        raise Refused(BAD_REQUEST, f'{what} has no "{strange[0]}"; it knows {", ".join(known) or "nothing more"}')
    request = kind(**{name: _value(field, given) for name, field in known.items()})
    _check(request)
    return request


def _value(field: Field[Any], given: dict[str, Any]) -> Any:
    value = given.get(field.name, field.default)
    if value is MISSING:
        raise Refused(BAD_REQUEST, f'"{field.name}" is missing')
    annotation = str(field.type)
    if not isinstance(value, _TYPES[annotation]) or (isinstance(value, bool) and annotation != "bool"):
        raise Refused(BAD_REQUEST, f'"{field.name}" must be {_WORDS[annotation]}')
    return value


def _check(request: Request) -> None:
    if isinstance(request, Load) and not 0 <= request.confirm_within <= LONGEST_TIME:
        raise Refused(BAD_REQUEST, f'"confirm_within" must be from 0 to {LONGEST_TIME:g} seconds')
    if isinstance(request, Load) and not 0 < request.fail_more <= 1:
        raise Refused(BAD_REQUEST, '"fail_more" must be a share above 0, such as 0.2, and at most 1')
    if isinstance(request, History) and request.status and not re.fullmatch(r"[1-6](xx|[0-9]{2})", request.status):
        raise Refused(BAD_REQUEST, '"status" must be a status such as 504 or a class such as 5xx')
    if isinstance(request, Log) and request.level not in ("", *LEVELS):
        raise Refused(BAD_REQUEST, f'"level" must be one of {", ".join(LEVELS)}')
    if isinstance(request, History | Log) and request.last < 0:
        raise Refused(BAD_REQUEST, '"last" must not be negative')
