"""Logs and messages of an edge with hidden zones, as if all its zones were open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from glob import escape, glob
from typing import Any

from sipedge.journal.file import JournalFile
from sipedge.settings import Settings
from sipedge.topology.clear import Clear
from sipedge.topology.handles import KEY, Handles
from sipedge.topology.seals import Seals
from zones.table import ZoneTable


def clear_of(settings: Settings, tell: Callable[[str], object] = str) -> Callable[[str], str]:
    """A text -> the same text with everything opened that this edge has sealed; handles too, where a journal has them.

    ``tell`` gets a sentence where that cannot be read.
    """
    seals = Seals(settings.secret, settings.former_secrets, _handles_of(settings, tell))
    return Clear(seals, (zone.name for zone in ZoneTable(settings.zones))).text


def _handles_of(settings: Settings, tell: Callable[[str], object]) -> Handles:
    """Those that the edge has kept, as far as they have come into its journal."""
    handles = Handles()
    for path in _journals(settings.journal):
        try:
            kept = JournalFile(path).peek()
        except FileNotFoundError:
            continue
        except OSError as error:
            tell(f'journal "{path}" cannot be read, so handles stay as they are: {error.strerror or error}')
            continue
        for key, token in kept.items():
            if key.startswith(KEY):
                handles.recall(key.removeprefix(KEY), token.decode(errors="replace"))
    return handles


def _journals(path: str) -> list[str]:
    """The file that is configured, and those of further workers, which have a number behind its name."""
    if not path:
        return []
    further = (name for name in glob(f"{escape(path)}.*") if name.removeprefix(f"{path}.").isdigit())
    return [path, *sorted(further)]


def unmasked(lines: Iterable[str], clear: Callable[[str], str]) -> Iterator[str]:
    """Each line, with its line end. A line that is a JSON object stays one: its texts are opened, not its quotes.

    ``clear``: see ``clear_of``.
    """
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
