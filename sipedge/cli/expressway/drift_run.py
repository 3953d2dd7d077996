"""A live Expressway beside what was pulled from it: one report of everything that changed, and of what is proved."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from sipedge.cli.configuration import load
from sipedge.cli.files import write_folder
from sipedge.cli.notify_names import given_names
from sipedge.cli.printing import print_json, say
from sipedge.cli.problems import fail
from sipedge.config import ConfigError, load_config
from sipedge.expressway.box.certificates import certificate_of, certificate_shown
from sipedge.expressway.box.client import BoxError, Reader
from sipedge.expressway.page import Part
from sipedge.importing.expressway import CONFIG
from sipedge.printable import escaped
from sipedge.settings import Settings
from sipedge.sip.uri import split_host_port

from .account import BoxOptions, peers
from .drift_output import report_json, write_metrics, write_page, write_suite
from .drift_parts import (
    CONFIG_ERRORS,
    Sides,
    cases_part,
    decisions_part,
    findings_part,
    settings_part,
    usages_part,
    way_back_part,
)
from .live import SETTINGS, Live, read_live, read_settings_file

SIP_TLS = 5061


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(BoxOptions):
    folder: str
    dump: str | None
    pair: tuple[str, ...]
    """Configurations of the edges beside this one."""
    federation_routing: tuple[str, ...]
    partner: tuple[str, ...]
    cases: tuple[str, ...]
    node: tuple[str, ...]
    """HOST:PORT whose certificates are looked at, too."""
    as_json: bool
    junit: str | None
    html: str | None
    metrics: str | None


def run(options: Options) -> int:
    """The exit status: 0 nothing changed and all is good, 1 not."""
    folder = Path(options.folder)
    old = load(str(folder / CONFIG))
    given = read_settings_file(options.dump or str(folder / SETTINGS))
    with peers(options, Reader) as boxes:
        live = read_live(boxes, given)
        certificates: list[tuple[str, bytes | str]] = [
            (reader.host, certificate_of(reader)) for reader in (boxes.primary, *boxes.others)
        ]
    certificates += [(node, _shown(node)) for node in options.node]
    sides = Sides(folder, old, _settings(live), read_settings_file(str(folder / SETTINGS)), live.dump)
    try:
        parts = list(_parts(options, live, sides, certificates))
    except CONFIG_ERRORS as error:
        fail(error.problems)
    _report(options, live, parts, sides)
    return 0 if all(part.good for part in parts) else 1


def _parts(
    options: Options, live: Live, sides: Sides, certificates: Sequence[tuple[str, bytes | str]]
) -> Iterator[Part]:
    yield settings_part(sides)
    if len(options.hosts) > 1:
        yield Part("Peers of the cluster", not live.apart, live.apart)
    yield decisions_part(sides)
    yield findings_part(sides)
    if options.pair:
        pairs = [(file, load(file)) for file in options.pair]
        names = given_names(options.federation_routing, options.partner)
        yield way_back_part((live.reading.host, sides.new), pairs, names)
    if options.cases:
        yield cases_part(sides, options.cases)
    yield usages_part(certificates)


def _settings(live: Live) -> Settings:
    """The configuration that the live box would give; its files live as long as it is read."""
    with tempfile.TemporaryDirectory(prefix="sipedge-expressway-") as folder:
        write_folder(Path(folder), live.imported.files, live.imported.secret)
        try:
            return load_config(Path(folder) / CONFIG, create_secret=False)
        except ConfigError as error:
            fail(error.problems)


def _shown(node: str) -> bytes | str:
    host, port = split_host_port(node)
    try:
        return certificate_shown(host, port or SIP_TLS)
    except BoxError as error:
        return str(error)


def _report(options: Options, live: Live, parts: Sequence[Part], sides: Sides) -> None:
    host = live.reading.host
    if options.as_json:
        print_json(report_json(host, parts, live.notes))
    else:
        for part in parts:
            click.echo(click.style(f"{part.name}: {'good' if part.good else 'look at this'}", bold=True))
            for line in part.lines:
                click.echo(f"    {escaped(line)}")
        for note in live.notes:
            say(note)
    if options.junit:
        write_suite(options.junit, host, parts)
    if options.html:
        write_page(options.html, host, parts, sides.new.plan.dialplan.rules)
    if options.metrics:
        write_metrics(options.metrics, host, parts)
