"""Logs and messages of an edge with hidden zones, as if all its zones were open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sipedge.settings import Settings
from sipedge.topology.clear import Clear
from sipedge.topology.seals import Seals
from zones.table import ZoneTable


def clear_of(settings: Settings) -> Callable[[str], str]:
    """A text -> the same text with everything opened that this edge has sealed."""
    seals = Seals(settings.secret, settings.former_secrets)
    return Clear(seals, (zone.name for zone in ZoneTable(settings.zones))).text


def unmasked(lines: Iterable[str], settings: Settings) -> Iterator[str]:
    """Each line, with its line end. A line that is a JSON object stays one: its texts are opened, not its quotes."""
    clear = clear_of(settings)
    for line in lines:
        record = _record(line)
        if record is None:
            yield clear(line)
        else:
            yield json.dumps(_opened(record, clear), ensure_ascii=False, separators=(",", ":")) + "\n"


def _record(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _opened(value: Any, clear: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clear(value)
    if isinstance(value, dict):
        return {key: _opened(member, clear) for key, member in value.items()}
    if isinstance(value, list):
        return [_opened(member, clear) for member in value]
    return value
