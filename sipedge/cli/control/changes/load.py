"""``sipedge load``: put a configuration in force."""

from __future__ import annotations

import re
from typing import Any

import click

from sipedge.cli.arguments import AS_JSON, edge

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """``90``, ``90s``, ``5m``, ``1h`` -> seconds: a callback for an option."""
    found = re.fullmatch(r"([0-9]{1,6})([smh]?)", value)
    if found is None:
        raise click.BadParameter(f'"{value}" is no time: write 90s, 5m or 1h', ctx, param)
    return float(found[1]) * _UNITS[found[2] or "s"]


@click.command()
@edge
@click.option(
    "--expect", default="", metavar="REVISION", help="Only where this revision is in force (its first digits will do)."
)
@click.option(
    "--confirm-within",
    callback=_seconds,
    default="0",
    metavar="TIME",
    help="Go back after TIME (90s, 5m, 1h) unless `sipedge confirm` comes.",
)
@click.option(
    "--fail-more",
    type=click.IntRange(1, 100),
    default=20,
    show_default=True,
    metavar="PERCENT",
    help="With --confirm-within: go back at once where so many more of 100 requests fail than before; 100: never.",
)
@AS_JSON
def command(**options: Any) -> int:
    """Have the running edge read its files anew and put them in force, and say what came of it.

    All or nothing, as by SIGHUP: with a mistake in a file, a port in use or a certificate that is missing, nothing
    changes. CONFIG is the configuration that the edge was started with, or its control socket.

    Exit status: 0 in force, 1 nothing has changed, 2 the edge cannot be reached.
    """
    from .load_run import Options, run

    return run(Options(**options))
