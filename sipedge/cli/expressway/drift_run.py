"""Live Expressways beside what was pulled from them: one report of everything that changed, and of what is proved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from sipedge.cli.configuration import load
from sipedge.cli.notify_names import given_names
from sipedge.cli.printing import print_json, say
from sipedge.cli.problems import fail
from sipedge.expressway.box.certificates import certificate_shown
from sipedge.expressway.box.client import BoxError
from sipedge.expressway.page import Part
from sipedge.printable import escaped
from sipedge.sip.uri import split_host_port

from .account import BoxOptions
from .drift_output import report_json, write_metrics, write_page, write_suite
from .drift_parts import (
    CONFIG_ERRORS,
    cases_part,
    decisions_part,
    findings_part,
    settings_part,
    usages_part,
    way_back_part,
)
from .watched import Watched, watch

SIP_TLS = 5061


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(BoxOptions):
    folder: str
    dump: str | None
    other: tuple[str, str] | None
    """(folder, hosts with commas between them) of the box on the other side."""
    other_password_file: str | None
    pair: tuple[str, ...]
    """Configurations of edges on the other side."""
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
    boxes = list(_boxes(options))
    try:
        parts = list(_parts(options, boxes))
    except CONFIG_ERRORS as error:
        fail(error.problems)
    _report(options, boxes, parts)
    return 0 if all(part.good for part in parts) else 1


def _boxes(options: Options) -> Iterator[Watched]:
    yield watch(options, Path(options.folder), options.dump)
    if options.other is not None:
        folder, hosts = options.other
        file = options.other_password_file or options.password_file
        there = replace(options, hosts=tuple(hosts.split(",")), password_file=file)
        yield watch(there, Path(folder), None)


def _parts(options: Options, boxes: Sequence[Watched]) -> Iterator[Part]:
    for box in boxes:
        for part in _parts_of(box):
            yield part if len(boxes) == 1 else replace(part, name=f"{box.host}: {part.name}")
    if options.pair or len(boxes) > 1:
        pairs = [(file, load(file)) for file in options.pair]
        names = given_names(options.federation_routing, options.partner)
        yield way_back_part([(box.host, box.sides.new) for box in boxes], pairs, names)
    if options.cases:
        yield cases_part([box.sides for box in boxes], options.cases)
    certificates: list[tuple[str, bytes | str]] = [each for box in boxes for each in box.certificates]
    yield usages_part([*certificates, *((node, _shown(node)) for node in options.node)])


def _parts_of(box: Watched) -> Iterator[Part]:
    yield settings_part(box.sides)
    if len(box.certificates) > 1:
        yield Part("Peers of the cluster", not box.live.apart, box.live.apart)
    yield decisions_part(box.sides)
    yield findings_part(box.sides)


def _shown(node: str) -> bytes | str:
    host, port = split_host_port(node)
    try:
        return certificate_shown(host, port or SIP_TLS)
    except BoxError as error:
        return str(error)


def _report(options: Options, boxes: Sequence[Watched], parts: Sequence[Part]) -> None:
    name = ", ".join(box.host for box in boxes)
    notes = list(dict.fromkeys(note for box in boxes for note in box.live.notes))
    if options.as_json:
        print_json(report_json(name, parts, notes))
    else:
        for part in parts:
            click.echo(click.style(f"{part.name}: {'good' if part.good else 'look at this'}", bold=True))
            for line in part.lines:
                click.echo(f"    {escaped(line)}")
        for note in notes:
            say(note)
    if options.junit:
        write_suite(options.junit, name, parts)
    if options.html:
        write_page(options.html, name, parts, [(box.host, box.sides.new.plan.dialplan.rules) for box in boxes])
    if options.metrics:
        write_metrics(options.metrics, name, parts)
