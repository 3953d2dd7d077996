"""``sipedge speakers``: who gets in, and for whom can they speak?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from sipedge.cli.configuration import CONFIG, load

if TYPE_CHECKING:
    from sipedge.queries.speakers import Speaker


@click.command()
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each zone.")
def command(config: str, as_json: bool) -> None:
    """Say for each zone of CONFIG which peers it lets in, which domains they can write into From, and where their
    requests can go.
    """
    from sipedge.queries.speakers import NOT_COMPARED, speakers

    settings = load(config)
    found = speakers(settings)
    if as_json:
        for speaker in found:
            click.echo(json.dumps(speaker.to_json()))
        return
    for speaker in found:
        _print(speaker, settings.domains)
    click.echo(NOT_COMPARED + ".")


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
    click.echo(f"            other domains: {speaker.other_domains}")
    for reach in speaker.reaches:
        click.echo(f'  reaches   zone "{reach.zone}", for example {reach.alias}')
    if not speaker.reaches:
        click.echo("  reaches   nothing: no search rule takes its requests")
    if speaker.unproved:
        click.echo(f"            not proved to be all: {speaker.unproved}")
    click.echo()
