"""Arguments and options that several commands have."""

from __future__ import annotations

import click

FILE = click.Path(dir_okay=False)
CONFIG = click.argument("config", type=FILE)
PLAN = click.argument("config", metavar="CONFIG", type=FILE)
"""A configuration or a dial plan."""
TRACES = click.argument("traces", metavar="TRACE...", nargs=-1, required=True, type=click.Path())
KEYLOG = click.option(
    "--keylog",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="TLS secrets (NSS key log) for captures; tshark must be installed.",
)
