"""A live Expressway read, our configuration written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from sipedge.cli.files import write_folder
from sipedge.cli.printing import say
from sipedge.expressway.box.client import Reader
from sipedge.importing.expressway import REPORT
from sipedge.printable import escaped

from .account import BoxOptions, peers
from .live import read_live, read_settings_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(BoxOptions):
    output: str
    dump: str | None


def run(options: Options) -> int:
    """The exit status."""
    given = read_settings_file(options.dump) if options.dump else None
    with peers(options, Reader) as boxes:
        live = read_live(boxes, given)
    imported = live.imported
    write_folder(Path(options.output), imported.files, imported.secret)
    version = f", {escaped(live.reading.version)}" if live.reading.version else ""
    click.echo(f"{options.output}: {live.reading.host}{version}, {imported.settings} settings")
    for note in (*live.apart, *live.notes):
        say(note)
    if imported.refused:
        click.echo(f"  {imported.refused} transforms or rules are not possible here: decisions differ")
    click.echo(f"  {imported.remarks} things to look at: {options.output}/{REPORT}")
    return 0
