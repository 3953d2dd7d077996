from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from sipedge.edge.log import JsonFormatter, RateLimit, TextFormatter, set_up
from sipedge.printable import LONGEST, escaped


def _record(message: str, *args: object, level: int = logging.WARNING, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("sipedge.connections", level, "", 0, message, args, None)
    record.created, record.msecs = 1_700_000_000.25, 250.0
    vars(record).update(extra)
    return record


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:], root.level = handlers, level


def test_a_line_says_when_how_bad_where_and_what() -> None:
    line = TextFormatter().format(_record("handshake with %s refused", "192.0.2.1", zone="IMP"))
    assert line == "2023-11-14T22:13:20.250Z WARNING connections: handshake with 192.0.2.1 refused zone=IMP"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("bob\r\n2023 ERROR forged", "bob\\r\\n2023 ERROR forged"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202egnirts \x85", "\\u202egnirts \\x85"),
        ("\ud800", "\\ud800"),
        ("äöü", "äöü"),
    ],
)
def test_what_a_peer_sends_cannot_forge_lines(text: str, shown: str) -> None:
    assert escaped(text) == shown
    assert TextFormatter().format(_record("%s", text)).endswith(shown)
    assert TextFormatter().format(_record("refused", names=text)).endswith(f"names={shown}")


def test_endless_values_are_cut() -> None:
    assert len(escaped("x" * 10**6)) < LONGEST + 40


def test_json_lines_hold_extra_fields() -> None:
    line = JsonFormatter().format(_record("refused %s", "a\nb", zone="IMP", count=3, names=("a", "b")))
    assert json.loads(line) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "WARNING",
        "logger": "connections",
        "message": "refused a\\nb",
        "zone": "IMP",
        "count": 3,
        "names": "('a', 'b')",
    }


def test_tracebacks_stay_with_their_line() -> None:
    record = _record("broken")
    try:
        raise ValueError("one\ntwo")
    except ValueError:
        record.exc_info = sys.exc_info()
    text = TextFormatter().format(record).splitlines()
    assert text[1] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in text[1:])
    assert json.loads(JsonFormatter().format(record))["traceback"][-2:] == ["ValueError: one", "two"]


def test_repeated_lines_of_one_source_are_held_back_and_counted() -> None:
    now = [0.0]
    limit = RateLimit(burst=2, period=60.0, clock=lambda: now[0])
    passed = [limit.filter(_record("bad message from %s", "192.0.2.1", source="192.0.2.1")) for _ in range(5)]
    assert passed == [True, True, False, False, False]
    assert limit.filter(_record("bad message from %s", "192.0.2.2", source="192.0.2.2"))
    assert limit.filter(_record("bad message from %s", "192.0.2.1", source="192.0.2.1", level=logging.ERROR))
    now[0] = 61.0
    record = _record("bad message from %s: 100%%", "192.0.2.1", source="192.0.2.1")
    assert limit.filter(record)
    assert record.getMessage() == "bad message from 192.0.2.1: 100%"
    record = _record("bad message from %s", "192.0.2.1", source="192.0.2.1")
    assert limit.filter(record)
    assert record.getMessage() == "bad message from 192.0.2.1 (3 more like this were not logged)"


def test_the_limit_remembers_a_bounded_number_of_kinds() -> None:
    limit = RateLimit(burst=1, kinds=10, clock=lambda: 0.0)
    for number in range(1000):
        assert limit.filter(_record("x", source=str(number)))
    assert not any(limit.filter(_record("x", source=str(number))) for number in range(990, 1000))
    assert limit.filter(_record("x", source="989"))


def test_set_up_replaces_what_was_there(stream: io.StringIO) -> None:
    set_up("WARNING", stream=io.StringIO())
    set_up("INFO", as_json=True, stream=stream)
    logging.getLogger("sipedge.server").info("up")
    logging.getLogger("sipedge.server").debug("not wanted")
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["up"]
