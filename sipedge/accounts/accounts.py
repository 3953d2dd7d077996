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


class AccountError(ValueError):
    """What cannot be done with an account; one sentence."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    role: Role
    made: float
    """Seconds since 1970."""


class Accounts:
    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Account]:
        """By name."""
        with self._database.open() as tables:
            rows = tables.execute("select name, role, made from account order by name").fetchall()
        return [Account(name, Role(role), made) for name, role, made in rows]

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
            self._one(tables.execute("update account set password = ? where name = ?", (kept, name)).rowcount, name)
            tables.execute("delete from session where account = ?", (name,))

    def give_role(self, name: str, role: Role) -> None:
        """Raises AccountError, also for the last admin."""
        with self._database.open() as tables:
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
        good = fits(password, row[3] if row else nobody())
        return Account(row[0], Role(row[1]), row[2]) if row and good else None

    def _check_not_last(self, tables: sqlite3.Connection, name: str) -> None:
        admins = [row[0] for row in tables.execute("select name from account where role = ?", (Role.ADMIN,))]
        if admins == [name]:
            raise AccountError(f'"{name}" is the last admin: make another one first')

    def _one(self, changed: int, name: str) -> None:
        if not changed:
            raise AccountError(f'there is no account "{name}"')
