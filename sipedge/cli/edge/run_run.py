"""The edge, served until SIGTERM."""

from __future__ import annotations

import logging

import click

from sipedge.cli.problems import fail
from sipedge.config import ConfigError
from sipedge.edge.logs import log
from sipedge.network.tls import TlsError
from sipedge.worker import process


def run(config: str, log_level: str, log_json: bool) -> int:
    """The exit status; 2 for a broken configuration. Raises OSError for a port or file that cannot be opened."""
    log.set_up(log_level.upper(), log_json)
    try:
        return process.run(config)
    except (ConfigError, OSError, TlsError) as error:
        if log_json:
            return _logged(error)
        if isinstance(error, ConfigError):
            fail(error.problems)
        raise click.UsageError(str(error)) from None


def _logged(error: Exception) -> int:
    """For who reads lines of JSON: one for each problem."""
    for problem in error.problems if isinstance(error, ConfigError) else (error,):
        logging.getLogger("sipedge").error("%s", problem)
    log.finish()
    return 2
