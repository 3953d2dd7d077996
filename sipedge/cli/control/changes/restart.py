"""``sipedge restart``: changes that wait for a restart take effect."""

from __future__ import annotations

import click

from sipedge.cli.arguments import edge


@click.command()
@edge
def command(config: str) -> int:
    """Restart those processes of XMPP federation whose changes wait for it (restart_time); SIP goes on.

    Exit status: 0 they are being restarted, 1 nothing waits for it, 2 the edge cannot be reached.
    """
    from .restart_run import run

    return run(config)
