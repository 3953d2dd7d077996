"""pjsip's log lines as records of the logger ``sipedge.pjsip``."""

from __future__ import annotations

import logging
import re
from typing import Any

from .declarations import load

logger = logging.getLogger("sipedge.pjsip")

_LEVELS = {0: logging.ERROR, 1: logging.WARNING, 2: logging.INFO}
"""One step below pjsip's own: its errors are mostly what a peer wrote. Calls that fail here raise StackError."""
_SENDER = 64
"""pj_log_decoration: the sender's name in front of the text; time and level are logging's."""

_NUMBER = re.compile("0x[0-9a-fA-F]+")


def bridge(level: int) -> Any:
    """Send pjsip's log to ``logging``; the callback that comes back must be kept as long as pjsip is used."""
    ffi, lib = load()

    @ffi.callback("void(int, const char *, int)")  # type: ignore[misc,untyped-decorator,unused-ignore]
    def write(importance: int, text: Any, length: int) -> None:
        line = ffi.unpack(text, length).decode("utf-8", "replace").strip()
        if not line.isprintable():  # parts of it come from peers
            line = line.encode("unicode_escape").decode("ascii")
        _log(_LEVELS.get(importance, logging.DEBUG), line)

    lib.pj_log_set_decor(_SENDER)
    lib.pj_log_set_log_func(write)
    set_level(level)
    return write


def _log(level: int, line: str) -> None:
    """As if its sender had called ``logger``: pjsip's file or object, a transaction say, without its number."""
    if logger.isEnabledFor(level):
        sender = _NUMBER.sub("", line.partition(" ")[0])
        logger.handle(logger.makeRecord(logger.name, level, sender, 0, "%s", (line,), None))


def set_level(level: int) -> None:
    """How much pjsip says: 1 errors, 2 warnings, 3 information, 4 to 6 ever more detail (slow)."""
    load()[1].pj_log_set_level(level)


def restore(lib: Any, ffi: Any) -> None:
    """Let pjsip forget the callback, which is about to go."""
    lib.pj_log_set_level(0)
    lib.pj_log_set_log_func(ffi.NULL)
