"""``sipedge speakers``: who gets in, and for whom can they speak?"""

from __future__ import annotations

import click

from sipedge.cli.arguments import PLAN


@click.command()
@PLAN
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each zone.")
def command(config: str, as_json: bool) -> int:
    """Say for each zone of CONFIG which peers it lets in, which domains they can write into From, and where their
    requests can go. For one dial plan (*.dialplan) it says where the requests of each zone can go.

    Exit status: 0 done, 2 a file is broken or cannot be read.
    """
    from .speakers_run import run

    return run(config, as_json)
