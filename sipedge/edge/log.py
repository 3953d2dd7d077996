"""Logging: text or JSON lines on standard error, safe against what peers put into them.

Three dangers come from outside: control characters that forge lines or colour a terminal, endless values, and floods.
The formatters escape and shorten; ``RateLimit`` lets a line through a few times a minute and then counts.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TextIO

from sipedge.printable import escaped

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def set_up(level: str = "INFO", as_json: bool = False, stream: TextIO | None = None) -> None:
    """Sends all of the process's log lines to ``stream`` (standard error); calling it again replaces the set-up."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    handler.addFilter(RateLimit())
    logging.basicConfig(level=level, handlers=[handler], force=True)


class TextFormatter(logging.Formatter):
    """``2026-01-31T12:00:00.123Z WARNING connections: handshake refused``; a traceback follows, each line indented."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_timestamp(record)} {record.levelname} {_source(record)}: {escaped(record.getMessage())}"
        extra = "".join(f" {key}={value}" for key, value in _extra(record).items())
        return line + extra + "".join(f"\n    {escaped(part)}" for part in _traceback(self, record))


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


class RateLimit(logging.Filter):
    """Lets ``burst`` lines of one kind through in ``period`` seconds; the next line says how many were held back.

    A kind is the logger and the unformatted message, with the ``source`` of ``extra`` (a peer's address) if given, so
    that a noisy peer does not hide the others. Callers therefore pass a peer's words as arguments, never inside the
    message. Errors always pass. At most ``kinds`` are remembered.
    """

    def __init__(
        self, burst: int = 20, period: float = 60.0, kinds: int = 1024, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._burst, self._period, self._kinds, self._clock = burst, period, kinds, clock
        self._seen: OrderedDict[tuple[str, str, str], list[float]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            return True
        kind = (record.name, str(record.msg), str(getattr(record, "source", "")))
        now = self._clock()
        window = self._seen.setdefault(kind, [now, 0])
        self._seen.move_to_end(kind)
        if len(self._seen) > self._kinds:
            self._seen.popitem(last=False)
        if now - window[0] >= self._period:
            held_back = int(window[1]) - self._burst
            window[:] = [now, 0]
            if held_back > 0:
                record.msg = f"{record.getMessage()} ({held_back} more like this were not logged)"
                record.args = ()
        window[1] += 1
        return window[1] <= self._burst


def _timestamp(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"


def _source(record: logging.LogRecord) -> str:
    return record.name.removeprefix("sipedge.")


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    given = ((key, value) for key, value in vars(record).items() if key not in _STANDARD)
    return {key: value if isinstance(value, bool | int | float | None) else escaped(str(value)) for key, value in given}


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    return formatter.formatException(record.exc_info).splitlines() if record.exc_info else []
