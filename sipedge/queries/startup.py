"""What ``run`` would stumble over on this machine: ports that are taken, folders for logs that are not there.

Each port is bound for a moment, without listening. A port that an edge of the same configuration holds is fine.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator

from dialplan.check import Finding, FindingId, Level
from dialplan.model import Location
from sipedge.config.reading.positions import Path
from sipedge.config.reading.reader import Reader, open_toml
from sipedge.config.tables import Tables, read_tables
from zones.addresses import host_port
from zones.zone import TraversalClientZone

from .holders import held_by_edge_of

LOGS = ("decisions", "messages", "expressway")


def startup_findings(file: str) -> Iterator[Finding]:
    """``file``: a configuration that can be read."""
    reader = open_toml(file)
    tables = read_tables(reader)
    if not tables.listeners and not any(isinstance(zone, TraversalClientZone) for _, zone in tables.zones):
        why = "this edge can receive nothing: it has no listener and no traversal zone"
        mend = 'add [[listener]] with name, address = "0.0.0.0", port = 5061 and transport'
        yield _finding(reader, ("edge",), "receives-nothing", Level.WARNING, why, mend)
    for path, listener in tables.listeners:
        if listener.port:
            yield from _port(reader, (*path, "port"), f'"{listener.name}"', listener.address, listener.port)
    address, _, port = tables.metrics.listen.rpartition(":")
    if address:
        yield from _port(reader, ("metrics", "listen"), '"metrics"', address.strip("[]"), int(port))
    yield from _logs(reader, tables)


def _port(reader: Reader, path: Path, who: str, address: str, port: int) -> Iterator[Finding]:
    problem = _bound(address, port)
    if problem is None or problem.errno == errno.EADDRINUSE and held_by_edge_of(reader.file, port):
        return
    where = host_port(address, port)
    reasons = {
        errno.EADDRINUSE: (f"{where} is in use by another process", "stop that process, or write another port"),
        errno.EADDRNOTAVAIL: (f"this machine has no address {address}", 'write one that it has, or "0.0.0.0" for all'),
        errno.EACCES: (
            f"this user may not open port {port}",
            "write a port from 1024, or give run the right to open it",
        ),
    }
    what, mend = reasons.get(problem.errno or 0, (f"{where} cannot be opened: {problem.strerror}", "write another"))
    level = Level.ERROR if problem.errno == errno.EADDRINUSE else Level.WARNING
    yield _finding(reader, path, "cannot-listen", level, f"{who} cannot listen: {what}", mend)


def _bound(address: str, port: int) -> OSError | None:
    """What the system says to a socket there; None when it has no objection."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as opened:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.bind((address, port))
    except OSError as error:
        return error
    return None


def _logs(reader: Reader, tables: Tables) -> Iterator[Finding]:
    for key in LOGS:
        file = getattr(tables.log, key)
        if not file:
            continue
        folder = os.path.dirname(file) or "."
        mend = ""
        if not os.path.isdir(folder):
            why, mend = f'there is no folder "{folder}"', "make it, or write another"
        elif os.path.isdir(file):
            why, mend = f'"{file}" is a folder', "write the name of a file"
        elif not os.access(file if os.path.exists(file) else folder, os.W_OK):
            why, mend = f'this user may not write "{file}"', "give the user of run the right to write there"
        if mend:
            yield _finding(reader, ("log", key), "cannot-write", Level.ERROR, f'"{key}": {why}', mend)


def _finding(reader: Reader, path: Path, name: FindingId, level: Level, why: str, mend: str) -> Finding:
    line, column = reader.positions.of_key(path) if len(path) == 1 else reader.positions.of_value(path)
    return Finding(name, level, Location(reader.file, line, column), why, mend)
