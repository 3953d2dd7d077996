"""A segment: one SQLite file with some hundred thousand decisions and all that is said about them.

Measured (docs/performance.md): one large file takes 37 to 64 µs a row and 10 s to delete 100,000; segments that get
their indexes when they are full take 7 µs, and are forgotten by removing a file. Each has texts of its own, so that
nothing of it stays behind.
"""

from __future__ import annotations

from .row import COLUMNS, TEXTS

ROWS = 250_000
"""Of a segment; with them it is full."""

_INTEGERS = ", ".join(f"{name} INTEGER" for name in COLUMNS if name not in ("id", "rest"))
TABLES = f"""
CREATE TABLE decisions (id INTEGER PRIMARY KEY, {_INTEGERS}, rest TEXT);
CREATE TABLE words (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
{"".join(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, text TEXT NOT NULL);" for name in TEXTS)}
CREATE TABLE minutes (minute INTEGER, rule INTEGER, class INTEGER, count INTEGER,
                      PRIMARY KEY (minute, rule, class)) WITHOUT ROWID;
CREATE TABLE times (minute INTEGER, bucket INTEGER, count INTEGER, PRIMARY KEY (minute, bucket)) WITHOUT ROWID;
CREATE TABLE gaps (time REAL, count INTEGER);
CREATE TABLE position (first TEXT, offset INTEGER, sequence INTEGER);
CREATE TABLE questions (alias INTEGER, zone INTEGER, traffic INTEGER, protocol INTEGER, authenticated INTEGER,
                        also TEXT, count INTEGER, last INTEGER);
CREATE TABLE sealed (rows INTEGER, first INTEGER, last INTEGER, lost INTEGER);
"""
"""``sealed`` has its one row when the segment is full: then it has indexes and its questions."""

QUESTIONS = """
SELECT alias, zone, traffic, protocol, authenticated, json_extract(rest, '$[4]') AS also,
       count(*) AS count, max(id) AS last
FROM decisions WHERE authenticated IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6
"""

PARTS = """
CREATE VIRTUAL TABLE {name}_parts USING fts5(text, content='', columnsize=0, detail=none, tokenize='trigram');
INSERT INTO {name}_parts (rowid, text) SELECT id, text FROM {name};
CREATE VIRTUAL TABLE temp.{name}_seen USING fts5vocab('main', '{name}_parts', 'row');
CREATE TABLE {name}_common (part TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO {name}_common SELECT term FROM temp.{name}_seen WHERE doc > (SELECT count(*) FROM {name}) / 50;
DROP TABLE temp.{name}_seen;
"""
"""Which texts hold three characters: a sealed segment has it, where this SQLite was compiled with fts5. Common are
those that so many texts hold that asking for them costs more than it spares."""

SEAL = f"""
CREATE INDEX by_alias ON decisions (alias);
CREATE INDEX by_sender ON decisions (sender);
CREATE INDEX by_rule ON decisions (rule);
CREATE INDEX by_zone ON decisions (zone);
CREATE INDEX by_target ON decisions (target);
CREATE INDEX by_call ON decisions (call);
CREATE INDEX by_failed ON decisions (id) WHERE status >= 400;
INSERT INTO questions {QUESTIONS};
INSERT INTO sealed SELECT count(*), min(id), max(id), (SELECT coalesce(sum(count), 0) FROM gaps) FROM decisions;
"""
"""An index on ``status`` itself would be chosen for "failed, the newest" and then sorted: 572 ms instead of 0.3."""
