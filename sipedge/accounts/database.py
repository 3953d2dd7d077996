"""``console.db``: accounts (``vouched``: for whom a provider vouches), sessions and tokens.

The history has files of its own: its retention never comes here.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

NAME = "console.db"
VERSION = 1
"""``user_version``; 0 has one of a build that did not say it yet, and it is the same."""
PATIENCE = 5.0
"""Seconds that another process may be writing."""
_TABLES = """
create table if not exists account (
    name text primary key, role integer not null, password text not null, made real not null
) strict;
create table if not exists vouched (
    issuer text not null, subject text not null, account text unique not null references account on delete cascade,
    primary key (issuer, subject)
) strict;
create table if not exists session (
    number integer primary key, hash text unique not null, account text not null references account on delete cascade,
    form_token text not null, began real not null, seen real not null, address text not null, browser text not null
) strict;
create table if not exists token (
    number integer primary key, hash text unique not null, name text not null, role integer not null,
    account text not null references account on delete cascade, made real not null, ends real not null
) strict;
"""


class Database:
    """A connection for each use: the file is small, and several processes use it. Raises OSError."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, NAME)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing."""
        try:
            os.makedirs(os.path.dirname(self.path), 0o750, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(self.path, timeout=PATIENCE)
            try:
                connection.execute("pragma foreign_keys = on")
                self._check(connection)
                connection.executescript(_TABLES)
                with connection:
                    yield connection
            finally:
                connection.close()
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise OSError(f"{self.path}: {error}") from None

    def _check(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("pragma user_version").fetchone()[0]
        if version > VERSION:
            raise OSError(
                f"{self.path}: a newer version of sipedge has written it; run that one, or a copy from before"
            )
        if version < VERSION:
            with suppress(sqlite3.OperationalError):  # a full disk locks nobody out who is in
                connection.execute(f"pragma user_version = {VERSION}")
