"""``sipedge replay``: what the rules do with every recorded request."""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import CONFIG, FILE, KEYLOG, NAMES, TRACES, filters


@click.command()
@CONFIG
@TRACES
@click.option("--zone", "zones", metavar="ADDR=NAME", multiple=True, help="The zone behind an address of the trace.")
@click.option("--map", "map_file", metavar="FILE", type=FILE, help="Lines of ADDR=NAME.")
@NAMES
@click.option("--save", metavar="FILE", type=FILE, help="Write the verdicts as JSON lines.")
@click.option("--expect", metavar="FILE", type=FILE, help="Compare with verdicts saved before.")
@click.option("--backtest", metavar="OLD", type=FILE, help="Compare with another configuration.")
@click.option("--junit", metavar="FILE", type=FILE, help="Write a comparison as JUnit XML.")
@click.option("--cases", metavar="FILE", type=FILE, help="Write one case a routing class.")
@click.option("--received", is_flag=True, help="Leave out what the edge, or the box whose log it is, sent itself.")
@click.option("--referee", is_flag=True, help="Compare with the decisions that an Expressway logged.")
@click.option("--show", metavar="N", multiple=True, type=click.IntRange(1), help="Say why, rule by rule, of message N.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a request (or a group of changes).")
@click.option("--engine", type=click.Choice(["serial", "processes", "dask"]), help="What runs the replay.")
@click.option("--scheduler", metavar="ADDR", default="", help="Address of a Dask scheduler; else one is started.")
@filters
@KEYLOG
def command(**options: Any) -> int:
    """Say what the plan of CONFIG would do now with every request in captures and logs; nothing is sent.

    A request that is seen on several hops is decided at each. The source zone comes from the edge's own log, else from
    the addresses in the trace, as on the edge; --zone, --map and --name say it for others. --expect, --backtest and
    --referee print differences only. The filters choose whole dialogs, all demands have to be met.

    Exit status: 0 good and nothing differs, 1 decisions differ, 2 nothing was readable or CONFIG is broken.
    """
    from .replay_run import Options, run

    return run(Options(**options))
