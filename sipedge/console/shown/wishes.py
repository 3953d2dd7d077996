"""A filter of the history as it stands in the address of a page or of the API, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from sipedge.control.refusal import BAD_REQUEST, Refused
from sipedge.history.wish import Key, Wish, key_of

TEXTS = ("alias", "destination", "sender", "rule", "zone", "method", "call_id", "status", "revision")
MOST = 1000
"""Entries of one answer."""
USUAL = 50
LONGEST = 4096
"""Characters of a demand."""
LONGEST_PART = 255
"""Of one on a part of a text: what each text costs to be compared with grows with it."""
_STATUS = re.compile(r"[1-6](xx|[0-9]{2})|failed")
_REVISION = re.compile(r"[0-9a-f]{0,64}")


def wish_of(given: Mapping[str, str]) -> Wish:
    """Raises Refused for what cannot be wished for: which, and what would be right."""
    status, revision = _text(given, "status"), _text(given, "revision")
    if status and not _STATUS.fullmatch(status):
        raise Refused(BAD_REQUEST, '"status" must be a status such as 504, a class such as 5xx, or "failed"')
    if not _REVISION.fullmatch(revision):
        raise Refused(BAD_REQUEST, '"revision" must be the first digits of a revision')
    return Wish(
        alias=_part(given, "alias"),
        destination=_part(given, "destination"),
        sender=_part(given, "sender"),
        rule=_text(given, "rule"),
        zone=_text(given, "zone"),
        method=_text(given, "method"),
        call_id=_text(given, "call_id"),
        status=status,
        revision=revision,
        since=_time(given, "since"),
        until=_time(given, "until"),
        before=_before(given.get("before", "")),
        most=_number(given, "most", USUAL),
    )


def address_of(given: Mapping[str, str], path: str, **more: object) -> str:
    """``path`` with the same filter; ``more``: what is otherwise in it, None for what is not in it."""
    names = (*TEXTS, "since", "until")
    kept = {name: given[name] for name in names if given.get(name)} | more
    query = urlencode({name: str(value) for name, value in kept.items() if value is not None}, errors="surrogatepass")
    return f"{path}?{query}" if query else path


def _text(given: Mapping[str, str], name: str) -> str:
    return given.get(name, "").strip()[:LONGEST]


def _part(given: Mapping[str, str], name: str) -> str:
    text = _text(given, name)
    if len(text) > LONGEST_PART:
        raise Refused(BAD_REQUEST, f'"{name}" may have {LONGEST_PART} characters')
    return text


def _time(given: Mapping[str, str], name: str) -> float:
    """``2026-11-30T10:04``, UTC unless it says otherwise, or seconds since the epoch -> the latter; 0 for nothing."""
    text = given.get(name, "").strip()
    if not text:
        return 0
    try:
        if text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit():
            return min(float(text), 1e11)
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Refused(BAD_REQUEST, f'"{name}" must be a time (UTC) such as 2026-11-30T10:04') from None


def _number(given: Mapping[str, str], name: str, usual: int) -> int:
    text = given.get(name, "") or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= MOST):
        raise Refused(BAD_REQUEST, f'"{name}" must be a number from 1 to {MOST}')
    return int(text)


def _before(text: str) -> Key | None:
    try:
        return key_of(text) if text else None
    except ValueError as error:
        raise Refused(BAD_REQUEST, str(error)) from None
