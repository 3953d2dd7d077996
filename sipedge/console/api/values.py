"""The values that answers below ``/api`` carry. Times are seconds since the epoch, spans are seconds."""

from __future__ import annotations

from typing import Any, TypedDict


class FoundJson(TypedDict):
    """A decision, as lists have it."""

    key: str
    """Names it for as long as it is kept."""
    time: float
    method: str
    alias: str
    request_uri: str
    sender: str
    """The From header."""
    zone: str
    target: str
    rule: str
    status: int
    ms: float | None
    revision: str
    call_id: str


class HistoryJson(TypedDict):
    decisions: list[FoundJson]
    """The newest first."""
    before: str | None
    """For the next question: ``before``; None where these were the last ones."""


class GapJson(TypedDict):
    time: float
    count: int


class StoredJson(TypedDict):
    rows: int
    since: float | None
    bytes: int
    lost: int
    gaps: list[GapJson]
    unreadable: list[str]
    """Parts that are left out, each with why."""


class CountedJson(TypedDict):
    since: float
    step: int
    classes: dict[str, list[int]]
    rules: dict[str, int]
    failed_rules: dict[str, int]
    median: list[float | None]
    high: list[float | None]


class WordsJson(TypedDict):
    text: str
    tone: str


class BranchJson(TypedDict):
    words: list[WordsJson]
    branches: list[BranchJson]
    place: str
    """Of a rule, where what decided about it is written; ''."""


class EntryJson(TypedDict):
    decision: dict[str, Any]
    """As the edge wrote it (docs/traces.md)."""
    under: str
    """The plan of the tree."""
    tree: BranchJson | None


class AlarmJson(TypedDict):
    number: int
    text: str
    raised: float
    cleared: float | None
    seen: float | None
    seen_by: str
    key: str
    """The same as long as it is the same trouble, and whenever that comes again."""


class EventJson(TypedDict):
    time: float
    kind: str
    text: str
    revision: str


class AuditedJson(TypedDict):
    number: int
    """Each has the next one."""
    time: float
    who: str
    address: str
    what: str
    about: str
    revision: str


class ErrorTextJson(TypedDict):
    code: int
    sentence: str
    problems: list[str]


class ErrorJson(TypedDict):
    error: ErrorTextJson
