"""A live box read and imported: what ``pull`` writes and ``drift`` compares."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.importers.xconfiguration import Dump, read_dump
from sipedge.cli.files import read_text
from sipedge.expressway.answers import dump_of, dump_text, not_given
from sipedge.expressway.box.client import Reader
from sipedge.expressway.box.cluster import Peers, lagging
from sipedge.expressway.box.reading import Reading, read_box
from sipedge.importing.expressway import Imported, import_dump
from zones.addresses import canonical_address

SETTINGS = "xconfiguration.txt"
"""The file that holds all settings of the box, as it would print them."""


@dataclass(frozen=True, slots=True)
class Live:
    reading: Reading
    dump: Dump
    imported: Imported
    apart: tuple[str, ...]
    """A sentence for each peer that has other rules than the primary."""
    notes: tuple[str, ...]


def read_live(peers: Peers[Reader], given: Dump | None) -> Live:
    """``given``: what the box printed, for what the API does not give. Raises BoxError."""
    reading = read_box(peers.primary)
    name = "" if canonical_address(peers.primary.name.strip("[]")) else peers.primary.name
    dump = dump_of(reading.answers, name, given)
    notes = [*peers.notes, *reading.notes]
    apart = [f'"{host}" has other search rules than the primary' for host in lagging(peers)]
    notes += [f"The API does not give {what}: add it from a dump (--dump)." for what in not_given(given)]
    imported = import_dump(dump, f"the REST API of {reading.host}", notes=notes)
    imported.files[SETTINGS] = dump_text(dump)
    return Live(reading, dump, imported, tuple(apart), tuple(notes))


def read_settings_file(file: str) -> Dump:
    return read_dump(read_text(file))
