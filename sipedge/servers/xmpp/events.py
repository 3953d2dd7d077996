"""What an engine prints: its own log lines, and the events that our modules tell in JSON behind a token."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from sipedge.printable import escaped

logger = logging.getLogger("sipedge.xmpp")

_LEVELS = {"error": logging.ERROR, "warn": logging.WARNING}
_NAMES = {"event": "Event", "direction": "Direction", "domain": "Domain", "own": "Local", "address": "Address"}
_WARNING = 4
"""Of syslog's severities, where less is worse."""
_TERMINATION = re.compile(r": ([A-Za-z-]{2})$")
_BY_RULE = "PR"
"""HAProxy's state at the end of a session (its manual, section 8.5): a certificate without ``peer_subject_name``."""
LONGEST = 300
"""Characters of a value that are logged: most come from peers."""


class Events:
    """The log lines of one process: events into the log in Expressway's form, the rest by its level."""

    def __init__(self, side: str, token: str) -> None:
        self._side, self._token = side, token + " "

    def line(self, text: str) -> None:
        """Take one line of an engine's output."""
        if text.startswith(self._token):
            event = _read(text[len(self._token) :])
            if event is not None:
                logger.log(self._level(event["event"]), "%s", _written(event))
            return
        level = _level_of(text)
        if logger.isEnabledFor(level):
            logger.log(level, "%s: %s", self._side, escaped(text[:LONGEST]))

    def _level(self, event: str) -> int:
        """Streams of the servers behind are nobody's event: an Expressway-C logs none either."""
        if event == "refused":
            return logging.WARNING
        return logging.INFO if self._side == "outside" or event.startswith("link") else logging.DEBUG


def link_line(severity: int, text: str) -> None:
    """Take one line of HAProxy's log about the link: who was kept out. How others ended is told by "link down"."""
    ended = _TERMINATION.search(text)
    refused = severity <= _WARNING and (ended is None or ended[1] == _BY_RULE)
    level = logging.WARNING if refused else logging.DEBUG
    logger.log(level, 'Module="XMPPFederation" Event="link refused" Detail="%s"', escaped(text[:LONGEST]))


def _read(text: str) -> dict[str, Any] | None:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _written(event: Mapping[str, Any]) -> str:
    """As in the Expressway's event log, where ``Module="XMPPFederation"`` is what one looks for."""
    fields = {name: event[key] for key, name in _NAMES.items() if key in event} | (
        {"Detail": event["reason"]} if event.get("reason") else {}
    )
    texts = (f'{name}="{escaped(str(value)[:LONGEST])}"'.replace("\\n", " ") for name, value in fields.items())
    return " ".join(['Module="XMPPFederation"', *texts])


def _level_of(text: str) -> int:
    """Prosody writes ``source level<TAB>message``; what is only information is for those who look closely."""
    words = text.partition("\t")[0].split()
    return _LEVELS.get(words[-1], logging.DEBUG) if len(words) == 2 else logging.DEBUG
