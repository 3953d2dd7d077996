"""The speakers of each zone, printed."""

from __future__ import annotations

import click

from sipedge.cli.plans import load_settings
from sipedge.cli.printing import print_json
from sipedge.queries.speakers import Speaker, speakers


def run(config: str, as_json: bool) -> int:
    """The exit status is always 0: there is no right answer."""
    settings = load_settings(config)
    for speaker in speakers(settings):
        if as_json:
            print_json(speaker.to_json())
        else:
            _print(speaker, settings.domains)
    return 0


def _print(speaker: Speaker, domains: tuple[str, ...]) -> None:
    click.echo(click.style(f'zone "{speaker.zone}"', bold=True))
    for entrance in speaker.entrances:
        example = (
            f", for example {entrance.example}" if entrance.example and entrance.example not in entrance.who else ""
        )
        click.echo(f"  lets in   {entrance.who}{example}")
    if not speaker.entrances:
        click.echo("  lets in   nobody")
    own = click.style(speaker.own_domains, fg="yellow" if speaker.impersonates else None)
    click.echo(f"  From      {', '.join(f'@{domain}' for domain in domains)}: {own}")
    click.echo(
        f"            other domains: {click.style(speaker.other_domains, fg=None if speaker.compared else 'yellow')}"
    )
    click.echo(f"  way back  {speaker.way_back}")
    for reach in speaker.reaches:
        click.echo(f'  reaches   zone "{reach.zone}", for example {reach.alias}')
    if not speaker.reaches:
        click.echo("  reaches   nothing: no search rule takes its requests")
    if speaker.unproved:
        click.echo(f"            not proved to be all: {speaker.unproved}")
    click.echo()
