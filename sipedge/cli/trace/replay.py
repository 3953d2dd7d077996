"""``sipedge replay``: what the rules do with every recorded request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sipedge.cli.configuration import CONFIG, fail

from .trace_input import KEYLOG, TRACES

if TYPE_CHECKING:
    from sipedge.replay.work import Plans


@click.command()
@CONFIG
@TRACES
@click.option("--zone", "zones", metavar="ADDR=NAME", multiple=True, help="The zone behind an address of the trace.")
@click.option("--map", "map_file", metavar="FILE", type=click.Path(dir_okay=False), help="Lines of ADDR=NAME.")
@click.option("--save", metavar="FILE", type=click.Path(dir_okay=False), help="Write the verdicts as JSON lines.")
@click.option("--expect", metavar="FILE", type=click.Path(dir_okay=False), help="Compare with verdicts saved before.")
@click.option("--backtest", metavar="OLD", type=click.Path(dir_okay=False), help="Compare with another configuration.")
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False), help="Write a comparison as JUnit XML.")
@click.option("--cases", metavar="FILE", type=click.Path(dir_okay=False), help="Write one case a routing class.")
@click.option("--received", is_flag=True, help="Leave out what the edge, or the box whose log it is, sent itself.")
@click.option("--referee", is_flag=True, help="Compare with the decisions that an Expressway logged.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a request (or a group of changes).")
@click.option("--engine", type=click.Choice(["serial", "processes", "dask"]), help="What runs the replay.")
@click.option("--scheduler", metavar="ADDR", default="", help="Address of a Dask scheduler; else one is started.")
@KEYLOG
def command(
    config: str,
    traces: tuple[str, ...],
    zones: tuple[str, ...],
    map_file: str | None,
    save: str | None,
    expect: str | None,
    backtest: str | None,
    junit: str | None,
    cases: str | None,
    received: bool,
    referee: bool,
    as_json: bool,
    engine: str | None,
    scheduler: str,
    keylog: str | None,
) -> int:
    """Say what the plan of CONFIG would do now with every request in captures and logs; nothing is sent.

    A request that is seen on several hops is decided at each. The source zone comes from the addresses in the trace, as
    on the edge; --zone and --map say it for others. --expect, --backtest and --referee print differences only.

    Exit status: 0 good and nothing differs, 1 decisions differ (or CONFIG is broken), 2 nothing was readable.
    """
    if expect and backtest:
        raise click.UsageError("--expect and --backtest both say what to compare with")
    if junit and not (expect or backtest):
        raise click.UsageError("--junit writes a comparison: say --expect or --backtest")
    if referee and any((save, expect, backtest, junit, cases, engine)):
        raise click.UsageError(
            "--referee prints a comparison of its own: it takes none of the other outputs or engines"
        )
    plans = _plans(config, backtest, zones, map_file, keylog)
    if referee:
        from .replay_referee import referee_traces

        return referee_traces(plans, traces, as_json)
    from .replay_run import Outputs, replay

    outputs = Outputs(
        save=save,
        expect=expect,
        backtest=bool(backtest),
        junit=junit,
        cases=cases,
        received=received,
        as_json=as_json,
    )
    return replay(plans, traces, outputs, engine, scheduler)


def _plans(
    config: str, backtest: str | None, zones: tuple[str, ...], map_file: str | None, keylog: str | None
) -> Plans:
    """Checked: the configurations are sound, the zones are theirs."""
    from sipedge.config import ConfigError
    from sipedge.queries.query import QueryError
    from sipedge.replay.saying import check_zones, zone_of_address, zones_of_file
    from sipedge.replay.work import Plans, deciders_of

    try:
        said = (*(zones_of_file(map_file) if map_file else ()), *map(zone_of_address, zones))
        plans = Plans((config, backtest) if backtest else (config,), said, keylog)
        for decider in deciders_of(plans):
            check_zones(said, decider.settings)
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    except ConfigError as error:
        fail(error)
    return plans
