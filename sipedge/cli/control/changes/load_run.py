"""A configuration put in force, and what is different by it."""

from __future__ import annotations

from dataclasses import dataclass

import click

from sipedge.cli.control.asking import ask
from sipedge.cli.printing import print_json
from sipedge.control.requests import Load
from sipedge.control.times import span_text
from sipedge.control.words import changes_text, short


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    config: str
    expect: str
    """A revision, '' any."""
    confirm_within: float
    """Seconds; 0: it needs no confirmation."""
    fail_more: int
    """Percent."""
    as_json: bool


def run(options: Options) -> int:
    wish = Load(options.expect, "", options.confirm_within, options.fail_more / 100)
    _, loaded = ask(options.config, wish, options.as_json)
    if options.as_json:
        print_json(loaded)
        return 0
    replaced, revision = short(loaded["replaced"]), short(loaded["revision"])
    click.echo(f"{loaded['config']}: revision {revision} is in force instead of {replaced}")
    click.echo(f"different: {changes_text(loaded['changes'])}")
    for sentence in loaded["costs"]:
        click.echo(sentence)
    if options.confirm_within:
        left = span_text(options.confirm_within)
        click.echo(f"back to {replaced} in {left}, unless: sipedge confirm {options.config}")
    return 0
