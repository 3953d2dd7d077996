"""``sipedge run``: serve."""

from __future__ import annotations

import signal

import click

from sipedge.cli.arguments import CONFIG


@click.command()
@CONFIG
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
@click.option("--log-json", is_flag=True, help="Every line is one JSON object.")
def command(config: str, log_level: str, log_json: bool) -> int:
    """Serve with CONFIG. SIGHUP reads it anew, SIGTERM ends after open transactions.

    Exit status: 0 after SIGTERM, 2 when the configuration is broken or a port cannot be opened.
    """
    # One that comes while modules are imported would end the process. It waits until the supervisor can take it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from .run_run import run

    return run(config, log_level, log_json)
