"""Tokens for programs: sent as ``Authorization: Bearer``, with a role and an end, shown once, kept as a hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .accounts import AccountError
from .database import Database
from .roles import Role
from .sessions import hash_of

PREFIX = "sipedge_"
"""So that tools which look for secrets in texts know one."""
LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Token:
    number: int
    name: str
    role: Role
    account: str
    """Who made it; it ends with that account, and may never do more than it."""
    made: float
    """Times in seconds since 1970."""
    ends: float


_COLUMNS = "t.number, t.name, min(t.role, a.role), t.account, t.made, t.ends"
_FROM = "from token t join account a on a.name = t.account"


class Tokens:
    """``now``: seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, role: Role, account: str, days: int, now: float) -> str:
        """The token itself, which nobody can be told again. Raises AccountError."""
        if not 1 <= days <= LONGEST_DAYS:
            raise AccountError(f"a token lasts from 1 to {LONGEST_DAYS} days")
        if not 1 <= len(name) <= 64:
            raise AccountError("the name of a token says what it is for, in 1 to 64 characters")
        text = PREFIX + secrets.token_urlsafe(32)
        values = (hash_of(text), name, role, account, now, now + 86400 * days)
        with self._database.open() as tables:
            tables.execute("insert into token values (null, ?, ?, ?, ?, ?, ?)", values)
        return text

    def of(self, text: str, now: float) -> Token | None:
        """None for what is no token, or one whose end has come."""
        query = f"select {_COLUMNS} {_FROM} where t.hash = ? and t.ends > ?"
        with self._database.open() as tables:
            row = tables.execute(query, (hash_of(text), now)).fetchone()
        return _token(row) if row else None

    def all(self) -> list[Token]:
        """Those that have ended, too; newest first."""
        with self._database.open() as tables:
            rows = tables.execute(f"select {_COLUMNS} {_FROM} order by t.made desc").fetchall()
        return list(map(_token, rows))

    def end(self, number: int) -> str:
        """Its name; '' where there is none such."""
        with self._database.open() as tables:
            row = tables.execute("delete from token where number = ? returning name", (number,)).fetchone()
        return str(row[0]) if row else ""


def _token(row: Sequence[Any]) -> Token:
    number, name, role, *others = row
    return Token(number, name, Role(role), *others)
