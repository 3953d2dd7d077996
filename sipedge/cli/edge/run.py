"""``sipedge run``: serve."""

from __future__ import annotations

import click

from sipedge.cli.configuration import CONFIG, fail


@click.command()
@CONFIG
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
@click.option("--log-json", is_flag=True, help="Log lines as JSON objects.")
def command(config: str, log_level: str, log_json: bool) -> int:
    """Serve with CONFIG. SIGHUP reads it anew, SIGTERM ends after open transactions.

    Exit status: 0 after SIGTERM, 1 when the configuration is broken or a port cannot be opened.
    """
    from sipedge.config import ConfigError
    from sipedge.edge import log
    from sipedge.edge.process import run
    from sipedge.network.tls import TlsError

    log.set_up(log_level.upper(), log_json)
    try:
        return run(config)
    except ConfigError as error:
        fail(error)
    except (OSError, TlsError) as error:
        raise click.ClickException(str(error)) from None
