"""Who is logged in. The browser has the key, the database its hash: a copy of the database opens no session."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .database import Database
from .roles import Role

IDLE = 3600.0
"""Seconds without a request after which a session is over."""
LONGEST = 12 * 3600.0
"""Seconds after which it is over in any case."""
TOUCHED = 30.0
"""Seconds within which it is not noted again that a session is in use."""
MOST_EACH = 20
"""Sessions of one account; a further one ends the oldest."""


@dataclass(frozen=True, slots=True)
class Session:
    number: int
    account: str
    role: Role
    form_token: str
    """What its forms carry, which another site cannot know."""
    began: float
    """Times in seconds since 1970."""
    seen: float
    address: str
    browser: str


_COLUMNS = "s.number, s.account, a.role, s.form_token, s.began, s.seen, s.address, s.browser"
_FROM = "from session s join account a on a.name = s.account"


class Sessions:
    """``now``: seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, account: str, address: str, browser: str, now: float) -> str:
        """The key, for the cookie."""
        key = secrets.token_urlsafe(32)
        values = (hash_of(key), account, secrets.token_urlsafe(24), now, now, address, browser[:200])
        oldest = "select number from session where account = ? order by began desc limit -1 offset ?"
        with self._database.open() as tables:
            tables.execute("delete from session where seen < ? or began < ?", (now - IDLE, now - LONGEST))
            tables.execute(f"delete from session where number in ({oldest})", (account, MOST_EACH - 1))
            tables.execute("insert into session values (null, ?, ?, ?, ?, ?, ?, ?)", values)
        return key

    def of(self, key: str, now: float) -> Session | None:
        """None for a key that never was one, or whose session is over. The role is that which the account has now."""
        with self._database.open() as tables:
            row = tables.execute(f"select {_COLUMNS} {_FROM} where s.hash = ?", (hash_of(key),)).fetchone()
            session = _session(row) if row else None
            if session is None or session.seen < now - IDLE or session.began < now - LONGEST:
                return None
        if session.seen < now - TOUCHED:
            with suppress(OSError), self._database.open() as tables:  # a full disk locks nobody out who is in
                tables.execute("update session set seen = ? where number = ?", (now, session.number))
        return session

    def all(self, now: float) -> list[Session]:
        """Those that are not over, newest first."""
        query = f"select {_COLUMNS} {_FROM} where s.seen >= ? and s.began >= ? order by s.began desc"
        with self._database.open() as tables:
            rows = tables.execute(query, (now - IDLE, now - LONGEST)).fetchall()
        return list(map(_session, rows))

    def end(self, number: int) -> str:
        """Whose it was; '' where there is none such."""
        with self._database.open() as tables:
            row = tables.execute("delete from session where number = ? returning account", (number,)).fetchone()
        return str(row[0]) if row else ""


def hash_of(key: str) -> str:
    """The keys are long and random: a plain hash of them cannot be searched."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def _session(row: Sequence[Any]) -> Session:
    number, account, role, *others = row
    return Session(number, account, Role(role), *others)
