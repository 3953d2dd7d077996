"""The dialogs of traces drawn, or two messages beside each other."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

from sipedge.cli.configuration import load
from sipedge.cli.files import new_file
from sipedge.cli.printing import say
from sipedge.printable import escaped
from sipedge.queries.query import QueryError
from sipedge.replay.decider import Decider
from sipedge.replay.saying import name_and_address, resolved
from sipedge.traces.ladder import drawing, ladder
from sipedge.traces.ladder.flow import Filter, Parties, Sighting, flow, gathered, sections, sighting
from sipedge.traces.ladder.hops import joined, local_ends
from sipedge.traces.ladder.side_by_side import SAME, rows

from .ladder_edges import Edges
from .opening import Opening
from .trace_input import TraceInput, chosen, read_twice

MAX_COLUMNS = 6
MOST_COLUMNS = 24
"""Parties of one dialog; the quietest ones share the last column when there are more."""
NARROWEST = 26
"""Characters for a column; more columns make longer lines."""
UNSEEN = 120
"""Width where nobody looks at a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    traces: tuple[str, ...]
    call_id: str
    """Like the next three a demand on dialogs, see Filter; '' demands nothing."""
    user: str
    method: str
    status: str
    configs: tuple[str, ...]
    """Of edges whose rules are named beside requests."""
    names: tuple[str, ...]
    """``HOST=ADDRESS`` each, of peers that they have by name."""
    limit: int
    """Messages."""
    svg: str | None
    """File to write; None for none."""
    mermaid: bool
    diff: tuple[int, int] | None
    """Numbers of two messages to compare; None draws."""
    keylog: str | None


def run(options: Options) -> int:
    """The exit status: 0 good (or two messages are the same), 1 no such dialog (or different), 2 nothing readable."""
    deciders = _deciders(options)
    opening = Opening(decider.settings for decider in deciders)
    trace_input = TraceInput(options.traces, options.keylog, opened=opening.record)
    if options.diff is not None:
        return _diff(trace_input, options.diff)
    sightings = joined(_wanted(trace_input, options, opening))
    status = trace_input.finish()
    if not sightings:
        say("no dialog is as asked for" if status == 0 else "there is nothing to draw")
        return status or 1
    parties, edges = Parties(sightings, local_ends(sightings)), Edges(deciders, sightings)
    titles = edges.titles(parties)
    lines = list(flow(sightings, parties, edges.note, titles))
    columns = list(dict.fromkeys(titles.get(party, party) for party in parties.columns))
    _show(lines, columns, options)
    return status


def _deciders(options: Options) -> list[Decider]:
    try:
        names = resolved(map(name_and_address, options.names))
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    return [Decider(load(config), {}, names) for config in options.configs]


def _show(lines: list[ladder.Record], columns: list[str], options: Options) -> None:
    if options.mermaid:
        click.echo(drawing.mermaid(lines, columns), nl=False)
    if options.svg is not None:
        with new_file(options.svg, options.traces) as output:
            output.write(drawing.svg(lines, columns).encode())
    if options.svg is None and not options.mermaid:
        # Many parties have not all to do with one another: then each dialog has columns of its own.
        parts = [(lines, columns)] if len(columns) <= MAX_COLUMNS else sections(lines)
        for part, names in parts:
            _print(*gathered(part, names, MOST_COLUMNS))


def _print(lines: list[ladder.Record], columns: list[str]) -> None:
    width = max(_width(UNSEEN), 20 + NARROWEST * len(columns))
    for line in ladder.render(lines, columns, width, deltas=True):
        click.echo(escaped(line))


def _width(unseen: int) -> int:
    """Columns of the terminal; ``unseen`` where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else unseen


def _wanted(trace_input: TraceInput, options: Options, opening: Opening) -> Iterator[Sighting]:
    """Messages of the dialogs that meet all demands; read twice when there are any, so that little is held."""
    demands = Filter(options.call_id, options.user, options.method, options.status)
    matching: frozenset[str] | None = None
    if demands.wanted:
        read_twice(options.traces)
        matching = chosen(trace_input, demands)
        if not matching:
            return
        trace_input = TraceInput(options.traces, options.keylog, quiet=True, opened=opening.record)
    drawn = left = 0
    for index, record in enumerate(trace_input.records(), 1):
        seen = sighting(index, record)
        if matching is not None and seen.call_id not in matching:
            continue
        if drawn < options.limit:
            drawn += 1
            yield seen
        else:
            left += 1
    if left:
        say(f"{left} more messages are not drawn (--limit)")


def _diff(trace_input: TraceInput, numbers: tuple[int, int]) -> int:
    """Two messages side by side. 0 the same, 1 different, 2 there are no such messages."""
    messages = {index: record.data for index, record in enumerate(trace_input.records(), 1) if index in numbers}
    missing = [number for number in numbers if number not in messages]
    if missing:
        say(f"there is no message {missing[0]}")
        return 2
    width = max(20, (_width(2 * UNSEEN) - 3) // 2)
    different = 0
    for left, mark, right in rows(messages[numbers[0]], messages[numbers[1]]):
        line = f"{escaped(left)[:width]:<{width}} {mark} {escaped(right)[:width]}".rstrip()
        different += mark != SAME
        click.echo(line if mark == SAME else click.style(line, fg="yellow"))
    return 1 if different else 0
