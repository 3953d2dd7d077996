"""``sipedge unmask``: what the tokens of hidden zones stand for."""

from __future__ import annotations

import click

from sipedge.cli.arguments import CONFIG, FILE


@click.command()
@CONFIG
@click.argument("file", type=FILE)
def command(config: str, file: str) -> int:
    """Print FILE (a log, saved messages; - is standard input) with what the edge of CONFIG has sealed in it opened.

    Contacts, Call-IDs and Routes of hidden zones are read with the secret of CONFIG and its former ones; what was not
    sealed with these stays. Lines of [log] messages stay such lines: messages, ladder and replay read the result.

    Exit status: 0 done, 2 a file cannot be read or there is no secret.
    """
    from .unmask_run import run

    return run(config, file)
