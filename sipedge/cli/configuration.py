"""Reading the configuration for a command."""

from __future__ import annotations

from sipedge.config import ConfigError, load_config
from sipedge.settings import Settings

from .files import check_readable
from .problems import fail


def load(config: str) -> Settings:
    """The configuration, without making a file; prints all errors and ends with status 2 when it is broken."""
    check_readable(config)
    try:
        return load_config(config, create_secret=False)
    except ConfigError as error:
        fail(error.problems)
