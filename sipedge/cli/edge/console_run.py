"""The console, served until SIGTERM."""

from __future__ import annotations

import click

from sipedge.cli.problems import fail
from sipedge.config import ConfigError
from sipedge.console.serving import serve


def run(config: str) -> int:
    """The exit status; 2 for a broken configuration, or a port or folder that cannot be opened."""
    try:
        return serve(config)
    except ConfigError as error:
        fail(error.problems)
    except OSError as error:
        raise click.UsageError(str(error)) from None
