"""The edge, served until SIGTERM."""

from __future__ import annotations

import click

from sipedge.cli.problems import fail
from sipedge.config import ConfigError
from sipedge.edge import log
from sipedge.network.tls import TlsError
from sipedge.worker import process


def run(config: str, log_level: str, log_json: bool) -> int:
    """The exit status. A broken configuration, or a port that cannot be opened, ends with 2."""
    log.set_up(log_level.upper(), log_json)
    try:
        return process.run(config)
    except ConfigError as error:
        fail(error.problems)
    except (OSError, TlsError) as error:
        raise click.UsageError(str(error)) from None
