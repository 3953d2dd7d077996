"""Logging: text or JSON lines on standard error, safe against what peers put into them and against who reads them.

Four dangers come from outside: control characters that forge lines or colour a terminal, endless values, floods, and a
reader that stops reading. The formatters escape and shorten; ``RateLimit`` lets a line through a few times a minute and
then counts; ``Writer`` keeps everybody but its own thread from waiting.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

from sipedge.printable import escaped
from sipedge.proxy import commands

from .rate_limit import RateLimit
from .recent import Line, Recent
from .writer import Writer

logger = logging.getLogger("sipedge")

END_LIMIT = 2.0
"""Seconds that an ending process waits for the readers of its lines."""
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


logger = logging.getLogger("sipedge")

_writers: list[Writer] = []
"""Of standard output and standard error, in this order, once ``set_up`` has been called."""
_recent = Recent()
_formatters: list[logging.Formatter] = []
"""The one that ``set_up`` has chosen."""


def set_up(level: str = "INFO", as_json: bool = False, out: TextIO | None = None, err: TextIO | None = None) -> None:
    """Sends all of the process's log lines to ``err`` (standard error); calling it again replaces the set-up.

    ``out`` (standard output) and ``err`` must have a descriptor. No thread is started before the first line.
    """
    formatter = JsonFormatter() if as_json else TextFormatter()
    _formatters[:] = (formatter,)
    _writers[:] = (
        Writer("stdout", _descriptor(out or sys.stdout), lambda lost: _line(formatter, _lost("stdout", lost))),
        Writer("stderr", _descriptor(err or sys.stderr), lambda lost: _line(formatter, _lost("stderr", lost))),
    )
    handler = _Handler(_writers[1])
    handler.setFormatter(formatter)
    handler.addFilter(RateLimit())
    logging.basicConfig(level=level, handlers=[handler], force=True)


@contextmanager
def queued_streams() -> Iterator[None]:
    """Inside, whatever Python prints (a warning, an exception in a callback of C) goes through the writers, too.

    Where the log is JSON, so is each line of it.
    """
    out, err = map(_Stream, _writers)
    with redirect_stdout(out), redirect_stderr(err):
        yield


def finish() -> None:
    """Wait until all that is queued is written, END_LIMIT seconds at most."""
    end = time.monotonic() + END_LIMIT
    for writer in reversed(_writers):
        writer.flush(max(0.0, end - time.monotonic()))


def recent() -> list[Line]:
    """The last lines of this process, oldest first, and what its parent had said before it."""
    return _recent.lines()


def dropped() -> dict[str, float]:
    """Output -> lines of this process that are lost."""
    return {writer.name: writer.dropped for writer in _writers}


class _Handler(logging.Handler):
    def __init__(self, writer: Writer) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = _line(self.formatter or TextFormatter(), record)
        except Exception:  # arguments that do not fit their text, say
            self.handleError(record)
        else:
            self._writer.put(line)
            text = said(self.formatter or TextFormatter(), record)
            _recent.add(record.created, record.levelname, _source(record), text)


class _Stream(io.TextIOBase):
    """What is printed, as whole lines."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        lines, end, self._rest = (self._rest + text).rpartition("\n")
        if end:
            self._writer.put(_printed(self._writer.name, lines) if _is_json() else _encoded(lines + end))
        return len(text)


class TextFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.123Z WARNING connections: handshake refused``; a traceback follows, each line indented."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{_timestamp(record)} {record.levelname} {_source(record)}: {said(self, record)}"


def said(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """All but who says it when."""
    extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
    traceback = "".join(f"\n    {escaped(part)}" for part in _traceback(formatter, record))
    return escaped(record.getMessage()) + extra + traceback


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, traceback, and whatever came in ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": _timestamp(record),
            "level": record.levelname,
            "logger": _source(record),
            "message": escaped(record.getMessage()),
            **_extra(record),
        }
        if traceback := _traceback(self, record):
            fields["traceback"] = [escaped(line) for line in traceback]
        return json.dumps(fields)


def _descriptor(stream: TextIO | None) -> int:
    """Of a stream; of nowhere where the process was started without it: its number may be a socket's by now."""
    return stream.fileno() if stream is not None else os.open(os.devnull, os.O_WRONLY)


def _lost(output: str, lines: int) -> logging.LogRecord:
    text = "%s: %d lines are lost so far, because they could not be written in time"
    return logging.LogRecord("sipedge.log", logging.WARNING, __file__, 0, text, (output, lines), None)


def _line(formatter: logging.Formatter, record: logging.LogRecord) -> bytes:
    return _encoded(formatter.format(record) + "\n")


def _is_json() -> bool:
    return isinstance(_formatters[0], JsonFormatter)


def _printed(output: str, lines: str) -> bytes:
    """What was printed, as lines of the log."""
    level = logging.INFO if output == "stdout" else logging.WARNING
    records = (logging.LogRecord(output, level, __file__, 0, "%s", (line,), None) for line in lines.split("\n") if line)
    return b"".join(_line(_formatters[0], record) for record in records)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _timestamp(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"


def _source(record: logging.LogRecord) -> str:
    return record.name.removeprefix("sipedge.")


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    given = ((key, value) for key, value in vars(record).items() if key not in _STANDARD)
    return {key: value if isinstance(value, bool | int | float | None) else escaped(str(value)) for key, value in given}


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    return formatter.formatException(record.exc_info).splitlines() if record.exc_info else []


def say(command: commands.Log) -> None:
    """Carry out a command of the core's."""
    level = logging.getLevelNamesMapping()[command.level.upper()]
    if logger.isEnabledFor(level):
        error = command.error
        raised = None if error is None else (type(error), error, error.__traceback__)
        extra = {"source": command.source} if command.source else None
        file, line = command.place
        logger.handle(logger.makeRecord(logger.name, level, file, line, "%s", (command.text,), raised, extra=extra))
