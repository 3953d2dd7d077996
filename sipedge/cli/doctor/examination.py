"""An examination from the command line."""

from __future__ import annotations

import asyncio
import sys

import click

from sipedge.doctor import DoctorError, Options, Report, examine
from sipedge.network.resolver import ResolverError

from .table import progress


def run_examination(options: Options, *, quiet: bool) -> Report:
    """With a progress display on a terminal, unless ``quiet``. Raises click.UsageError."""
    try:
        with progress(shown=not quiet and sys.stderr.isatty()) as tell:
            return asyncio.run(examine(options, tell))
    except (DoctorError, ResolverError) as error:
        raise click.UsageError(str(error)) from None
