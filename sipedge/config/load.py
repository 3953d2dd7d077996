"""Reads a configuration: the TOML file, the files it names, the dial plans; and makes one frozen Settings of them."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time
from secrets import token_bytes

from dialplan.search.search import CompiledPlan
from sipedge.settings import Settings

from .checks import check_tables
from .control_place import control_place, secret_place
from .log_table import LOG_FILES
from .plans import read_plans
from .reading.files import SECRET_BYTES, in_folder_of, read_secret, revision_of
from .reading.positions import Path
from .reading.problems import ConfigError
from .reading.reader import Reader, open_toml
from .reading.schema import EdgeTable
from .reading.texts import Texts
from .tables import Tables, read_tables, variables_of

MOST_CORES = 4
"""Workers that ``workers = 0`` means at most: connections are few, so that more find no work."""


def load_config(path: str | os.PathLike[str], *, create_secret: bool = True, texts: Texts | None = None) -> Settings:
    """Raises ConfigError with all problems of all files. ``texts``: where they are read, None for the disk.

    The only file that is ever written is the secret: made when it is missing and ``create_secret``.
    """
    reader = open_toml(os.fspath(path), texts)
    tables = read_tables(reader)
    check_tables(reader, tables)
    plan, problems = read_plans(reader, variables_of(tables) if tables.edge else None)
    former = _former_secrets(reader, tables.edge)
    secret = _secret(reader, tables.edge, create_secret and not (reader.problems or problems))
    own_problems = sorted(reader.problems, key=lambda problem: (problem.location.line, problem.location.column))
    if own_problems or problems or tables.edge is None or plan is None:
        raise ConfigError([*own_problems, *problems])
    edge = tables.edge
    return Settings(
        system_name=edge.system_name,
        domains=edge.domains,
        names=edge.names + edge.addresses,
        zones=tuple(zone for _, zone in tables.zones),
        plan=plan,
        listeners=tuple(listener for _, listener in tables.listeners),
        tls=tables.tls,
        limits=tables.limits,
        timers=tables.timers,
        dns=tables.dns,
        secret=secret or token_bytes(SECRET_BYTES),
        secret_made_up=not secret,
        former_secrets=former,
        credentials=tuple(credential for _, credential in tables.credentials),
        keep_uri_parameters=edge.keep_uri_parameters,
        undo_escapes=edge.undo_escapes,
        log=tables.log,
        metrics=tables.metrics,
        doctor=tables.doctor,
        workers=edge.workers or min(len(os.sched_getaffinity(0)), MOST_CORES),
        history=edge.history,
        control=control_place(reader.file, edge.control, secret_place(reader.file, edge.secret_file)),
        journal=edge.journal and in_folder_of(reader.file, edge.journal),
        places=_places(reader, tables),
        revision=_revision(reader, edge, plan),
        route_age=edge.route_age,
        route_grace=_end_of(edge.route_grace) if edge.route_grace else 0.0,
        xmpp=tables.xmpp,
        web=tables.web,
        turn=tables.turn,
    )


def _end_of(day: date) -> float:
    """In UTC, as seconds since 1970."""
    return datetime.combine(day, time.max, UTC).timestamp()


def _former_secrets(reader: Reader, edge: EdgeTable | None) -> tuple[bytes, ...]:
    """Those of which tokens are still read; a file that is missing is a mistake, none is made."""
    secrets = []
    for number, name in enumerate(edge.former_secret_files if edge else ()):
        path, file = ("edge", "former_secret_files", number), in_folder_of(reader.file, name)
        secret = read_secret(reader, path, file, create=False)
        if not secret and not os.path.exists(file):
            reader.problem(path, f'"{file}" does not exist', "take it off the list, or put the old secret there")
        secrets.append(secret)
    return tuple(filter(None, secrets))


def _places(reader: Reader, tables: Tables) -> dict[str, str]:
    """For ``Settings.places``."""
    paths: dict[str, Path] = {"edge.journal": ("edge", "journal")} if "journal" in reader.table("edge") else {}
    paths |= {f"listener {listener.name}": path for path, listener in tables.listeners}
    for table, keys in (("log", (*LOG_FILES, "hep")), ("metrics", ("listen",))):
        paths |= {f"{table}.{key}": (table, key) for key in keys if key in reader.table(table)}
    return {what: f"{reader.file}:{reader.positions.of_key(path)[0]}" for what, path in paths.items()}


def _secret(reader: Reader, edge: EdgeTable | None, create: bool) -> bytes:
    file = secret_place(reader.file, edge.secret_file if edge else "")
    return read_secret(reader, ("edge", "secret_file"), file, create)


def _revision(reader: Reader, edge: EdgeTable, plan: CompiledPlan) -> str:
    """Of the very texts that were parsed."""
    texts = plan.dialplan.sources
    own = (os.path.basename(reader.file), reader.text)
    return revision_of([own, *((name, texts[in_folder_of(reader.file, name)]) for name in edge.dialplans)])
