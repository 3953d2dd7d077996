"""One segment asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count as count_up
from typing import Any

from dialplan.model import Protocol, Query, Traffic
from sipedge.masking.addresses import Exactly

from .files import bytes_of, text_of
from .row import TEXTS, WORDS, call_hash, fields_of
from .schema import QUESTIONS
from .wish import Asked, Found, Key, Wish

FEW = 500
"""Aliases: where more hold the text, rows are read from the newest on, without an index, until there are enough."""
_NAMES = {name: name if name in TEXTS else "words" for name in (*TEXTS, *WORDS)}
"""Column -> the table of its texts."""
_LISTED = ("alias", "sender", "zone", "target", "rule", "method", "revision")


def find(file: sqlite3.Connection, segment: int, wish: Wish) -> list[Found]:
    """Newest first, ``wish.most`` at most. Raises sqlite3.Error."""
    conditions = _Conditions(file)
    if not conditions.add(wish, segment):
        return []
    columns = ", ".join(_text(name) for name in _LISTED)
    sql = (
        f"SELECT d.id, d.began, d.status, d.us, json_extract(d.rest, '$[0]') AS request_uri, "
        f"json_extract(d.rest, '$[2]') AS call_id, {columns} "
        f"FROM decisions d {conditions.where} ORDER BY d.id DESC LIMIT ?"
    )
    return [_found(segment, row) for row in file.execute(sql, (*conditions.values, wish.most))]


def count(file: sqlite3.Connection, segment: int, wish: Wish) -> int:
    """``wish.most`` at most. Raises sqlite3.Error."""
    conditions = _Conditions(file)
    if not conditions.add(wish, segment):
        return 0
    sql = f"SELECT count(*) FROM (SELECT 1 FROM decisions d {conditions.where} LIMIT ?)"
    return int(file.execute(sql, (*conditions.values, wish.most)).fetchone()[0])


def entry(file: sqlite3.Connection, number: int) -> dict[str, Any] | None:
    """Raises sqlite3.Error."""
    columns = ", ".join(_text(name) for name in _NAMES)
    others = "d.id, d.began, d.sequence, d.status, d.us, d.authenticated, d.own, d.rest"
    row = file.execute(f"SELECT {others}, {columns} FROM decisions d WHERE d.id = ?", (number,)).fetchone()
    return None if row is None else fields_of(row)


def asked(file: sqlite3.Connection, segment: int, since: float) -> Iterator[Asked]:
    """Raises sqlite3.Error."""
    sealed = file.execute("SELECT count(*) FROM sealed").fetchone()[0]
    source = "questions" if sealed else f"({QUESTIONS})"
    texts = ", ".join(_text(name) for name in ("alias", "zone", "traffic", "protocol"))
    method = "(SELECT text FROM words WHERE id = (SELECT method FROM decisions WHERE id = d.last)) AS method"
    sql = f"SELECT d.authenticated, d.also, d.count, d.last, {method}, {texts} FROM {source} d WHERE d.last >= ?"
    for row in file.execute(sql, (round(since * 1e6),)):
        kinds = Traffic(row["traffic"]), Protocol(row["protocol"] or "sip")
        query = Query(row["alias"], row["zone"], *kinds, bool(row["authenticated"]))
        yield Asked(query, row["also"], row["count"], Key(segment, row["last"]), row["method"])


class _Conditions:
    """The WHERE of a question, and its values."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self.values: list[Any] = []
        self._file = file
        self._parts: list[str] = []
        self._numbers = count_up()

    @property
    def where(self) -> str:
        return f"WHERE {' AND '.join(self._parts)}" if self._parts else ""

    def also(self, part: str, *values: Any) -> None:
        self._parts.append(part)
        self.values += values

    def add(self, wish: Wish, segment: int) -> bool:
        """False where nothing in this segment, which is number ``segment``, can fit."""
        if wish.before is not None and wish.before.segment == segment:
            self.also("d.id < ?", wish.before.id)
        for column, text in (("rule", wish.rule), ("method", wish.method)):
            if text and not self._add_word(column, text):
                return False
        if wish.zone and not self._add_zone(wish.zone):
            return False
        texts = ((TEXTS, wish.alias), (("alias",), wish.destination), (("sender",), wish.sender))
        if not all(self._add_text(columns, text) for columns, text in texts if text):
            return False
        if wish.call_id:
            self.also("d.call = ? AND json_extract(d.rest, '$[2]') = CAST(? AS TEXT)", *_call(wish.call_id))
        if wish.revision:
            pattern = bytes_of(_like(wish.revision)[1:])
            self.also("+d.revision IN (SELECT id FROM words WHERE text LIKE CAST(? AS TEXT) ESCAPE '~')", pattern)
        self._add_status(wish.status)
        if wish.since:
            self.also("d.id >= ?", round(wish.since * 1e6))
        if wish.until:
            self.also("d.id < ?", round(wish.until * 1e6))
        return True

    def _add_word(self, column: str, text: str) -> bool:
        number = self._number(text)
        self.also(f"d.{column} = ?", number)
        return number is not None

    def _add_zone(self, text: str) -> bool:
        number = self._number(text)
        self.also("(d.zone = ? OR d.target = ?)", number, number)
        return number is not None

    def _number(self, text: str) -> int | None:
        found = self._file.execute("SELECT id FROM words WHERE text = CAST(? AS TEXT)", (bytes_of(text),)).fetchone()
        return None if found is None else int(found[0])

    def _add_text(self, columns: Sequence[str], wanted: str | Exactly) -> bool:
        """A part of one of these columns; columns that hold it nowhere are left out, as ``IN ()`` reads all rows."""
        text = wanted if isinstance(wanted, str) else wanted.part
        pattern, parts, some = bytes_of(_like(text)), [], False
        fits = "" if isinstance(wanted, str) else self._fits(wanted)
        for name in columns:
            numbers = self._that_hold(name, text, pattern, fits)
            some = some or bool(numbers)
            if len(numbers) > FEW:
                holds = f"t.text LIKE CAST(? AS TEXT) ESCAPE '~'{fits}"
                parts.append(f"(SELECT {holds} FROM {name} t WHERE t.id = d.{name})")
                self.values.append(pattern)
            elif numbers:
                parts.append(f"d.{name} IN ({', '.join(map(str, numbers))})")
        self._parts.append(f"({' OR '.join(parts or ['0'])})")
        return some

    def _fits(self, wanted: Exactly) -> str:
        """A further condition on ``t.text``."""
        name = f"fits_{next(self._numbers)}"
        self._file.create_function(name, 1, lambda raw: wanted.fits(text_of(raw)), deterministic=True)
        return f" AND {name}(CAST(t.text AS BLOB))"

    def _that_hold(self, name: str, text: str, pattern: bytes, fits: str) -> list[int]:
        """The texts of a table that hold a part, FEW + 1 of them at most. ``fits``: a further condition."""
        like = f"t.text LIKE CAST(? AS TEXT) ESCAPE '~'{fits} LIMIT ?"
        wanted = self._trigrams(name, text) if self._has_parts else ""
        if wanted:
            parts = f"{name}_parts p CROSS JOIN {name} t ON t.id = p.rowid WHERE {name}_parts MATCH ?"
            rows = self._file.execute(f"SELECT t.id FROM {parts} AND {like}", (wanted, pattern, FEW + 1))
        else:
            rows = self._file.execute(f"SELECT t.id FROM {name} t WHERE {like}", (pattern, FEW + 1))
        return [int(row[0]) for row in rows]

    def _trigrams(self, name: str, text: str) -> str:
        """For MATCH: each three characters that follow one another, ASCII only, as of others more are alike.

        Common ones are left out where there are others: the list of all texts that hold "use" takes longer to go
        through than those that hold the rest of user4711@ take to be looked at.
        """
        each = [text[at : at + 3].lower() for at in range(len(text) - 2)]
        usable = list(dict.fromkeys(part for part in each if part.isascii() and part.isprintable()))
        rare = [part for part in usable if not self._is_common(name, part)]
        quoted = (part.replace('"', '""') for part in rare or usable[:1])
        return " AND ".join(f'"{part}"' for part in quoted)

    def _is_common(self, name: str, part: str) -> bool:
        return self._file.execute(f"SELECT 1 FROM {name}_common WHERE part = ?", (part,)).fetchone() is not None

    @cached_property
    def _has_parts(self) -> bool:
        """Not where a build before this one has sealed it, which said nothing of what is common."""
        return self._file.execute("SELECT 1 FROM sqlite_master WHERE name = 'alias_common'").fetchone() is not None

    def _add_status(self, status: str) -> None:
        if status == "failed":
            self.also("d.status >= 400")
        elif status.endswith("xx"):
            self.also("d.status BETWEEN ? AND ?", int(status[0]) * 100, int(status[0]) * 100 + 99)
        elif status:
            self.also("d.status = ?", int(status))


def _call(call_id: str) -> tuple[int, bytes]:
    return call_hash(call_id), bytes_of(call_id)


def _like(text: str) -> str:
    escaped = "".join(f"~{each}" if each in "~%_" else each for each in text)
    return f"%{escaped}%"


def _text(column: str) -> str:
    return f"(SELECT text FROM {_NAMES[column]} WHERE id = d.{column}) AS {column}"


def _found(segment: int, row: sqlite3.Row) -> Found:
    return Found(
        Key(segment, row["id"]),
        row["began"] / 1e6,
        row["method"],
        row["alias"],
        row["request_uri"],
        row["sender"],
        row["zone"],
        row["target"],
        row["rule"],
        row["status"],
        None if row["us"] is None else row["us"] / 1000,
        row["revision"],
        row["call_id"],
    )
