"""What an edge of several workers cannot do, said before it starts."""

from __future__ import annotations

from zones.zone import Topology

from .reading.reader import Reader
from .tables import Tables

ONE = "write workers = 1"


def check_workers(reader: Reader, tables: Tables) -> None:
    """Reports what needs one process that knows all."""
    if tables.edge is None or tables.edge.workers == 1:
        return
    path, several = ("edge", "workers"), f"[edge] has {tables.edge.workers} workers"
    for _, zone in tables.zones:
        if zone.topology is Topology.B2BUA:
            text = f'{several}, and zone "{zone.name}" has topology "b2bua": a worker knows its own calls only'
            reader.problem(path, text, ONE)
        if zone.longest_user_part:
            text = f'{several}, and zone "{zone.name}" has a longest_user_part: what is too long is kept by one of them'
            reader.problem(path, text, ONE)
    if tables.edge.journal:
        reader.problem(path, f"{several}, and a journal is of calls, which a worker knows alone", ONE)
