"""``sipedge replay --referee``: an Expressway's own decisions beside ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from sipedge.cli.printing import print_json, say
from sipedge.printable import escaped
from sipedge.replay.circumstances import Hints
from sipedge.replay.referee import AGREES, DIFFERS, NOT_COMPARABLE, Referee, Ruling
from sipedge.replay.search_log import read_searches
from sipedge.replay.work import Plans, deciders_of
from sipedge.settings import Settings
from sipedge.traces.reading import TraceError, read_trace
from sipedge.traces.records.record import Record, iso_time

_COLOURS = {AGREES: "green", DIFFERS: "red", NOT_COMPARABLE: "yellow"}


def referee_traces(plans: Plans, traces: Sequence[str], as_json: bool) -> int:
    """The exit status: 0 no decision differs, 1 one does, 2 no log shows a decision."""
    settings = deciders_of(plans)[0].settings
    referee = Referee(settings)
    counts: Counter[str] = Counter()
    for trace in traces:
        for number, rulings in enumerate(_rulings(trace, referee, settings), 1):
            counts.update(ruling.verdict for ruling in rulings)
            if as_json:
                for ruling in rulings:
                    print_json({"file": trace, "time": iso_time(ruling.line.time), **ruling.to_json()})
            else:
                _print(trace, number, rulings)
    if not counts:
        say("no log shows a decision of a search (Module network.search)")
        return 2
    if not as_json:
        click.echo(f"{counts[AGREES]} agree, {counts[DIFFERS]} differ, {counts[NOT_COMPARABLE]} are not comparable")
    return 1 if counts[DIFFERS] else 0


def _rulings(trace: str, referee: Referee, settings: Settings) -> Iterator[list[Ruling]]:
    try:
        searches = list(read_searches(trace))
    except TraceError as error:
        say(str(error))
        return
    hints = Hints(_records(trace), settings)
    for search in searches:
        yield referee.judge(search, hints.of(search))


def _records(trace: str) -> Iterator[Record]:
    """A log without messages still has its searches."""
    try:
        for item in read_trace(trace):
            if isinstance(item, Record):
                yield item
    except TraceError:
        return


def _print(trace: str, number: int, rulings: list[Ruling]) -> None:
    first = rulings[0]
    how = "" if first.zone_known else " (the zone that fits best)"
    at = f"{trace}: search {number}, {iso_time(first.line.time)}"
    click.echo(click.style(escaped(f"{at}: {first.alias} from {first.query.source}{how}"), bold=True))
    for ruling in rulings:
        verdict = click.style(f"{ruling.verdict:<14}", fg=_COLOURS[ruling.verdict])
        text = f'"{ruling.line.rule}": {ruling.line} | here: {ruling.ours}'
        click.echo(f"  {verdict} {escaped(text)}{f'; {escaped(ruling.reason)}' if ruling.reason else ''}")
