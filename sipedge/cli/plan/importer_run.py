"""An Expressway's configuration read, ours written."""

from __future__ import annotations

import os
from pathlib import Path

import click

from dialplan.importers.xconfiguration import MAX_SIZE
from sipedge.cli.files import unreadable, write_folder
from sipedge.importing.expressway import CONFIG, PLAN, REPORT, Imported, import_expressway


def run(xconfiguration: str, output: str, certificates: str | None) -> int:
    """The exit status. ``output`` and ``certificates`` are folders."""
    text = _read(xconfiguration)
    folder = os.path.relpath(certificates, output) if certificates else ""
    imported = import_expressway(text, os.path.basename(xconfiguration), folder)
    if not imported.settings:
        raise click.UsageError(f'"{xconfiguration}" has no line that begins with xConfiguration')
    write_folder(Path(output), imported.files, imported.secret)
    _summary(output, imported)
    return 0


def _read(file: str) -> str:
    """A terminal's log may hold bytes that are no UTF-8; they do not matter to what is looked for."""
    try:
        with open(file, encoding="utf-8", errors="replace", newline="") as stream:
            text = stream.read(MAX_SIZE + 1)
    except OSError as error:
        raise unreadable(file, error) from None
    if len(text) > MAX_SIZE:
        raise click.UsageError(f'"{file}" has more than {MAX_SIZE} characters')
    return text


def _summary(output: str, imported: Imported) -> None:
    click.echo(f"{output}: {CONFIG}, {PLAN} and what they name, from {imported.settings} settings")
    if imported.refused:
        count = imported.refused
        click.echo(click.style(f"  {count} transforms or rules are not possible here: decisions differ", fg="red"))
    click.echo(
        f"  {imported.remarks} things to look at, {imported.unused} settings without an equal: {output}/{REPORT}"
    )
