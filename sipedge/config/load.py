"""Reads a configuration: the TOML file, the files it names, the dial plans; and makes one frozen Settings of them."""

from __future__ import annotations

import os
from ipaddress import ip_address

from dialplan.model import Variables
from sipedge.settings import Listener, Settings

from .checks import check_tables
from .files import read_secret
from .plans import read_plans
from .problems import ConfigError
from .reader import Reader, open_toml
from .schema import EdgeTable
from .tables import Tables, in_folder_of, read_tables


def load_config(path: str | os.PathLike[str], *, create_secret: bool = True) -> Settings:
    """Raises ConfigError with all problems of all files.

    The only file that is ever written is the secret: made when it is missing and ``create_secret``.
    """
    reader = open_toml(os.fspath(path))
    tables = read_tables(reader)
    check_tables(reader, tables)
    plan, problems = read_plans(reader, _variables(tables))
    secret = _secret(reader, tables.edge, create_secret and not (reader.problems or problems))
    found = sorted(reader.problems, key=lambda problem: (problem.location.line, problem.location.column))
    if found or problems or tables.edge is None or plan is None:
        raise ConfigError([*found, *problems])
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
        secret=secret,
        credentials=tuple(credential for _, credential in tables.credentials),
        keep_uri_parameters=edge.keep_uri_parameters,
        history=edge.history,
    )


def _secret(reader: Reader, edge: EdgeTable | None, create: bool) -> bytes:
    """From the file that is named, else from the one beside ``edge.toml``: ``edge.secret``."""
    name = edge.secret_file if edge else ""
    file = in_folder_of(reader.file, name) if name else os.path.splitext(reader.file)[0] + ".secret"
    return read_secret(reader, ("edge", "secret_file"), file, create)


def _variables(tables: Tables) -> Variables:
    """``%ip%`` and its like: the addresses under [edge], then those of the listeners, wildcards left out."""
    edge = tables.edge
    own = dict.fromkeys([*(edge.addresses if edge else ()), *map(_address, (item for _, item in tables.listeners))])
    addresses = [ip_address(text) for text in own if not ip_address(text).is_unspecified]
    return Variables(
        ipv4=tuple(str(address) for address in addresses if address.version == 4),
        ipv6=tuple(str(address) for address in addresses if address.version == 6),
        domains=edge.domains if edge else (),
        system_name=edge.system_name if edge else "",
    )


def _address(listener: Listener) -> str:
    return listener.address
