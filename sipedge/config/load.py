"""Reads a configuration: the TOML file, the files it names, the dial plans; and makes one frozen Settings of them."""

from __future__ import annotations

import os
from secrets import token_bytes

from sipedge.settings import Settings

from .checks import check_tables
from .files import SECRET_BYTES, in_folder_of, read_secret
from .plans import read_plans
from .problems import ConfigError
from .reader import Reader, open_toml
from .schema import EdgeTable
from .tables import read_tables, variables_of


def load_config(path: str | os.PathLike[str], *, create_secret: bool = True) -> Settings:
    """Raises ConfigError with all problems of all files.

    The only file that is ever written is the secret: made when it is missing and ``create_secret``.
    """
    reader = open_toml(os.fspath(path))
    tables = read_tables(reader)
    check_tables(reader, tables)
    plan, problems = read_plans(reader, variables_of(tables) if tables.edge else None)
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
        credentials=tuple(credential for _, credential in tables.credentials),
        keep_uri_parameters=edge.keep_uri_parameters,
        undo_escapes=edge.undo_escapes,
        log=tables.log,
        metrics=tables.metrics,
        doctor=tables.doctor,
        history=edge.history,
        xmpp=tables.xmpp,
    )


def _secret(reader: Reader, edge: EdgeTable | None, create: bool) -> bytes:
    """From the file that is named, else from the one beside ``edge.toml``: ``edge.secret``."""
    name = edge.secret_file if edge else ""
    file = in_folder_of(reader.file, name) if name else os.path.splitext(reader.file)[0] + ".secret"
    return read_secret(reader, ("edge", "secret_file"), file, create)
