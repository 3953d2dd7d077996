"""Accounts: made, changed and removed by an admin, the first by the command line. From the start there is none."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from time import time

from .database import Database
from .passwords import fits, hashed, nobody
from .roles import Role

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_VOUCHED = "select account from vouched where issuer = ? and subject = ?"
VOUCHED = "oidc:"
"""Before the names of those for whom a provider vouches: no account with a password has one like it."""
_SELECT = "select name, role, made, coalesce(issuer, '') from account left join vouched on account = name"


class AccountError(ValueError):
    """What cannot be done with an account; one sentence."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    role: Role
    made: float
    """Seconds since 1970."""
    issuer: str = ""
    """The OpenID provider where he logs in; '': here, by a password."""


class Accounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Account]:
        """By name."""
        with self._database.open() as tables:
            rows = tables.execute(f"{_SELECT} order by name").fetchall()
        return [Account(name, Role(role), made, issuer) for name, role, made, issuer in rows]

    def some(self) -> bool:
        """Whether there is one."""
        with self._database.open() as tables:
            return tables.execute("select 1 from account limit 1").fetchone() is not None

    def add(self, name: str, role: Role, password: str) -> None:
        """Raises AccountError, PasswordError."""
        if not _NAME.fullmatch(name):
            raise AccountError(f'"{name}" is no name: it has letters, digits, ".", "_", "@" and "-", at most 64')
        kept = hashed(password)
        try:
            with self._database.open() as tables:
                tables.execute("insert into account values (?, ?, ?, ?)", (name, role, kept, time()))
        except sqlite3.IntegrityError:
            raise AccountError(f'there is an account "{name}" already') from None

    def give_password(self, name: str, password: str) -> None:
        """And end all its sessions. Raises AccountError, PasswordError."""
        kept = hashed(password)
        with self._database.open() as tables:
            self._check_own(tables, name)
            self._one(tables.execute("update account set password = ? where name = ?", (kept, name)).rowcount, name)
            tables.execute("delete from session where account = ?", (name,))

    def give_role(self, name: str, role: Role) -> None:
        """Raises AccountError, also for the last admin."""
        with self._database.open() as tables:
            self._check_own(tables, name)
            if role < Role.ADMIN:
                self._check_not_last(tables, name)
            self._one(tables.execute("update account set role = ? where name = ?", (role, name)).rowcount, name)

    def remove(self, name: str) -> None:
        """With its sessions and tokens. Raises AccountError, also for the last admin."""
        with self._database.open() as tables:
            self._check_not_last(tables, name)
            self._one(tables.execute("delete from account where name = ?", (name,)).rowcount, name)

    def checked(self, name: str, password: str) -> Account | None:
        """None where name or password is wrong; it takes as long in either case, about 0.1 s of a core."""
        with self._database.open() as tables:
            row = tables.execute("select name, role, made, password from account where name = ?", (name,)).fetchone()
        good = fits(password, row[3] if row and row[3] else nobody())
        return Account(row[0], Role(row[1]), row[2]) if row and row[3] and good else None

    def vouched(self, issuer: str, subject: str, name: str, role: Role) -> Account:
        """The account of somebody for whom a provider vouches now: made at his first log-in, with the role that he has
        there by now. ``name``: as he is called at first. Raises AccountError where another one is called so."""
        with self._database.open() as tables:
            known = tables.execute(_VOUCHED, (issuer, subject)).fetchone()
            account = known[0] if known else VOUCHED + name
            if known:
                tables.execute("update account set role = ? where name = ?", (role, account))
            elif tables.execute("select 1 from account where name = ?", (account,)).fetchone():
                raise AccountError(f'"{account}" is somebody else of the provider: an admin removes that account first')
            else:
                tables.execute("insert into account values (?, ?, '', ?)", (account, role, time()))
                tables.execute("insert into vouched values (?, ?, ?)", (issuer, subject, account))
            row = tables.execute(f"{_SELECT} where name = ?", (account,)).fetchone()
        return Account(row[0], Role(row[1]), row[2], row[3])

    def disowned(self, issuer: str, subject: str) -> str:
        """The provider gives him no role any more: his account goes, with sessions and tokens. Its name; '' where he
        has none."""
        with self._database.open() as tables:
            known = tables.execute(_VOUCHED, (issuer, subject)).fetchone()
            tables.execute("delete from account where name = ?", known or ("",))
        return str(known[0]) if known else ""

    def _check_not_last(self, tables: sqlite3.Connection, name: str) -> None:
        sql = "select name from account where role = ? and password != ''"
        admins = [row[0] for row in tables.execute(sql, (Role.ADMIN,))]
        if admins == [name]:
            raise AccountError(f'"{name}" is the last admin: make another one first')

    def _check_own(self, tables: sqlite3.Connection, name: str) -> None:
        row = tables.execute(f"{_SELECT} where name = ?", (name,)).fetchone()
        if row and row[3]:
            raise AccountError(f'"{name}" has password and role at {row[3]}, not here')

    def _one(self, changed: int, name: str) -> None:
        if not changed:
            raise AccountError(f'there is no account "{name}"')
