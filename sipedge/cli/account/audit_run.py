"""The audit log printed and checked."""

from __future__ import annotations

import click

from sipedge.audit.chain import Entry
from sipedge.cli.printing import say
from sipedge.control.times import moment
from sipedge.control.words import short

from .opened import opened


def run(config: str, last: int) -> int:
    with opened(config) as console:
        for entry in reversed(console.audit.newest(last)):
            click.echo(_text(entry))
        broken = console.audit.broken_at()
    if broken:
        say(f"{console.audit.path}:{broken}: this line does not fit to those before it: somebody changed one")
    return 1 if broken else 0


def _text(entry: Entry) -> str:
    revision = f"revision {short(entry.revision)}" if entry.revision else ""
    parts = [str(entry.number), moment(entry.time), entry.who or "-", entry.address, entry.what, revision, entry.about]
    return " ".join(filter(None, parts))
