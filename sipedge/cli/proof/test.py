"""``sipedge test``: does the plan do what its cases say?"""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import FILE


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--junit", metavar="FILE", type=FILE, help="Write the results as JUnit XML.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="N",
    help="Fail when less than N percent of a plan's transforms and rules are reached.",
)
@click.option("--mutate", is_flag=True, help="Put small mistakes into the plan and list those that no case notices.")
def command(**options: Any) -> int:
    """Run the cases in FILES (*.cases) against the plans they name, with the search that the edge itself uses; prove
    the claims in them (never, only, always).

    Exit status: 0 all cases hold and all claims are proved, 1 not, or the coverage is too low, 2 a file has a mistake
    or cannot be read.
    """
    from .test_run import Options, run

    return run(Options(**options))
