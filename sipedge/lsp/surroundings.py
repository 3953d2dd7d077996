"""What lies around a dial plan file: the configuration that names it, its zones, and the cases that test it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from dialplan.model import Location, Variables
from dialplan.problem import DialplanError
from sipedge.config import ConfigError
from sipedge.config.case_files import case_files_in
from sipedge.config.reading.files import in_folder_of
from sipedge.config.reading.reader import Reader, open_toml
from sipedge.config.reading.texts import OnDisk, Texts
from sipedge.queries.testing import Suite, load_suites
from zones.zone import DEFAULT_ZONE, LOCAL_ZONE

MAX_FILES = 200
"""Files of a folder that are looked at."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``zones``: where each is written. Empty where no configuration names the file: then nothing is known of zones."""

    config: str = ""
    zones: dict[str, Location] = field(default_factory=dict)
    domains: tuple[str, ...] = ()
    system_name: str = ""
    texts: Texts = field(default_factory=OnDisk, compare=False)
    """Where further files are read."""

    @property
    def zone_names(self) -> tuple[str, ...]:
        return (*self.zones, DEFAULT_ZONE, LOCAL_ZONE) if self.config else ()

    def variables(self, assumed: Variables) -> Variables:
        """``assumed`` where the configuration says nothing."""
        return Variables(
            ipv4=assumed.ipv4,
            ipv6=assumed.ipv6,
            domains=self.domains or assumed.domains,
            system_name=self.system_name or assumed.system_name,
        )


def look_around(path: str) -> Surroundings:
    """The first configuration beside the file, or one folder up, that has it among its ``dialplans``."""
    for config in _configurations_near(path):
        try:
            reader = open_toml(config)
        except ConfigError:
            continue
        if os.path.abspath(path) in (os.path.abspath(in_folder_of(config, name)) for name in _plans(reader)):
            return _surroundings(config, reader)
    return Surroundings()


def surroundings_in(config: str, texts: Texts) -> Surroundings:
    """Of a configuration that is known. ``texts``: where it is read; while it is no TOML, nothing is known."""
    try:
        return _surroundings(config, open_toml(config, texts))
    except ConfigError:
        return Surroundings(texts=texts)


def _surroundings(config: str, reader: Reader) -> Surroundings:
    edge = reader.table("edge")
    edge = edge if isinstance(edge, dict) else {}
    domains = tuple(name for name in _list(edge.get("domains")) if isinstance(name, str))
    zones = {}
    for index, table in enumerate(_list(reader.data.get("zone"))):
        name = table.get("name") if isinstance(table, dict) else None
        if isinstance(name, str):
            line, column = reader.positions.of_value(("zone", index, "name"))
            zones[name] = Location(config, line, column)
    system_name = edge.get("system_name")
    return Surroundings(config, zones, domains, system_name if isinstance(system_name, str) else "", reader.texts)


def _plans(reader: Reader) -> list[str]:
    edge = reader.table("edge")
    return [name for name in _list(edge.get("dialplans") if isinstance(edge, dict) else None) if isinstance(name, str)]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def suites_about(path: str) -> list[Suite]:
    """The suites of case files nearby whose plan comes from this dial plan. Broken case files are passed over."""
    suites_here = []
    for file in chain.from_iterable(islice(case_files_in(folder), MAX_FILES) for folder in _folders_near(path)):
        try:
            with open(file, encoding="utf-8") as stream:
                suites = load_suites([(file, stream.read())])
        except (OSError, UnicodeDecodeError, DialplanError, ConfigError):
            continue
        wanted = os.path.abspath(path)
        for suite in suites:
            if wanted in map(os.path.abspath, suite.settings.plan.dialplan.sources):
                suites_here.append(suite)
    return suites_here


def _configurations_near(path: str) -> Iterator[str]:
    for where in _folders_near(path):
        try:
            names = sorted(os.listdir(where))[:MAX_FILES]
        except OSError:
            continue
        yield from (os.path.join(where, name) for name in names if name.endswith(".toml"))


def _folders_near(path: str) -> tuple[str, str]:
    folder = os.path.dirname(os.path.abspath(path))
    return folder, os.path.dirname(folder)
