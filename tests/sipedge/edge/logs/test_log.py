from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sipedge.edge.logs import log
from sipedge.edge.logs.log import JsonFormatter, TextFormatter
from sipedge.edge.logs.writer import MAX_BYTES
from sipedge.printable import LONGEST, escaped


def _record(message: str, *args: object, level: int = logging.WARNING, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("sipedge.connections", level, "", 0, message, args, None)
    record.created, record.msecs = 1_700_000_000.25, 250.0
    vars(record).update(extra)
    return record


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


@pytest.fixture
def root() -> Iterator[None]:
    """The set-up of the test run, put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.usefixtures("root")
def test_set_up_replaces_what_was_there(tmp_path: Path) -> None:
    with (
        (tmp_path / "out").open("w") as out,
        (tmp_path / "before").open("w") as before,
        (tmp_path / "err").open("w") as err,
    ):
        log.set_up("WARNING", out=out, err=before)
        log.set_up("INFO", as_json=True, out=out, err=err)
        logging.getLogger("sipedge.server").info("up")
        logging.getLogger("sipedge.server").debug("not wanted")
        log.finish()
    assert [json.loads(line)["message"] for line in (tmp_path / "err").read_text().splitlines()] == ["up"]
    assert (tmp_path / "before").read_text() == ""


@pytest.mark.usefixtures("root")
def test_what_python_prints_goes_the_same_way(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        log.set_up(out=out, err=err)
        with log.queued_streams():
            print("it", "serves", flush=True)
            print("a warning\nwith a line below", file=sys.stderr)
            logging.getLogger("sipedge").warning("%d", "no number")
        log.finish()
    assert (tmp_path / "out").read_text() == "it serves\n"
    assert (tmp_path / "err").read_text().startswith("a warning\nwith a line below\n--- Logging error ---\n")


@pytest.mark.usefixtures("root")
def test_where_the_log_is_json_each_printed_line_is(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        log.set_up(as_json=True, out=out, err=err)
        with log.queued_streams():
            print("it", "serves", flush=True)
            print("a warning\n\nwith a line below", file=sys.stderr)
        log.finish()
    (said,) = map(json.loads, (tmp_path / "out").read_text().splitlines())
    assert (said["level"], said["logger"], said["message"]) == ("INFO", "stdout", "it serves")
    warned = [json.loads(line) for line in (tmp_path / "err").read_text().splitlines()]
    assert [(each["level"], each["message"]) for each in warned] == [
        ("WARNING", "a warning"),
        ("WARNING", "with a line below"),
    ]


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("as_json", [False, True])
def test_lost_lines_are_told_in_the_form_of_the_others(tmp_path: Path, as_json: bool) -> None:
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        log.set_up(as_json=as_json, out=out, err=err)
        with log.queued_streams():
            print(("x" * 4000 + "\n") * (MAX_BYTES // 4000 + 1), end="", file=sys.stderr)
            print("y", file=sys.stderr)
        assert log.dropped() == {"stdout": 0, "stderr": 1}
        log.finish()
    line = (tmp_path / "err").read_text().splitlines()[1]
    said = json.loads(line)["message"] if as_json else line.partition(" WARNING log: ")[2]
    assert said == "stderr: 1 lines are lost so far, because they could not be written in time"
