"""``sipedge ladder``: who said what to whom, as a picture."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from sipedge.cli.files import new_file
from sipedge.printable import escaped
from sipedge.traces.ladder import ladder
from sipedge.traces.ladder.flow import Filter, Parties, Sighting, flow, gathered, sections, sighting

from .trace_input import KEYLOG, TRACES, TraceInput, read_twice, say

if TYPE_CHECKING:
    from sipedge.replay.decider import Decider

MAX_COLUMNS = 6
MOST_COLUMNS = 24
"""Parties of one dialog; the quietest ones share the last column when there are more."""
NARROWEST = 26
"""Characters for a column; more columns make longer lines."""
UNSEEN = 120
"""Width where nobody looks at a screen."""
MAX_DIALOGS = 1_000_000


@click.command()
@TRACES
@click.option("--call-id", default="", metavar="TEXT", help="Dialogs whose Call-ID holds TEXT.")
@click.option("--user", default="", metavar="TEXT", help="Dialogs with TEXT in From, To or a Request-URI.")
@click.option("--method", default="", metavar="METHOD", help="Dialogs with a request of this method.")
@click.option("--status", default="", metavar="STATUS", help="Dialogs with such an answer: 504, 5xx.")
@click.option("--config", metavar="CONFIG", type=click.Path(dir_okay=False), help="Say the rule that decides.")
@click.option("--limit", default=2000, show_default=True, type=click.IntRange(1), help="Messages drawn at most.")
@click.option("--svg", metavar="FILE", type=click.Path(dir_okay=False), help="Write an SVG file instead.")
@click.option("--mermaid", is_flag=True, help="Print a Mermaid sequence diagram instead.")
@click.option("--diff", nargs=2, type=click.IntRange(1), metavar="N M", help="Compare two messages by their numbers.")
@KEYLOG
def command(
    traces: tuple[str, ...],
    call_id: str,
    user: str,
    method: str,
    status: str,
    config: str | None,
    limit: int,
    svg: str | None,
    mermaid: bool,
    diff: tuple[int, int] | None,
    keylog: str | None,
) -> int:
    """Draw the messages of captures and logs as a call flow: a column a party, a section a dialog, time downwards.

    Messages with one Call-ID are one dialog, on whatever hop they were seen; each has its number, as in "sipedge
    messages", and the seconds since the one before.

    Exit status: 0 good, 1 no dialog is as asked for, 2 nothing was readable.
    """
    given = TraceInput(traces, keylog)
    if diff is not None:
        return _diff(given, diff)
    decider = _decider(config) if config else None
    sightings = list(_wanted(given, traces, keylog, Filter(call_id, user, method, status), limit))
    finish = given.finish()
    if not sightings:
        say("no dialog is as asked for" if finish == 0 else "there is nothing to draw")
        return finish or 1
    parties = Parties(sightings)
    titles = _titles(parties, decider)
    lines = list(flow(sightings, parties, _note_of(decider), titles))
    columns = list(dict.fromkeys(titles.get(party, party) for party in parties.columns))
    _show(lines, columns, svg, mermaid, traces)
    return finish


def _show(
    lines: list[ladder.Record], columns: list[str], svg: str | None, mermaid: bool, traces: Sequence[str]
) -> None:
    if svg is None and not mermaid:
        # Many parties have not all to do with one another: then each dialog has columns of its own.
        parts = [(lines, columns)] if len(columns) <= MAX_COLUMNS else sections(lines)
        for part, names in parts:
            _print(*gathered(part, names, MOST_COLUMNS))
        return
    from sipedge.traces.ladder import drawing

    if mermaid:
        click.echo(drawing.mermaid(lines, columns), nl=False)
    if svg is not None:
        with new_file(svg, traces) as output:
            output.write(drawing.svg(lines, columns).encode())


def _print(lines: list[ladder.Record], columns: list[str]) -> None:
    seen = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNSEEN
    width = max(seen, 20 + NARROWEST * len(columns))
    for line in ladder.render(lines, columns, width, deltas=True):
        click.echo(escaped(line))


def _wanted(
    given: TraceInput, traces: Sequence[str], keylog: str | None, demands: Filter, limit: int
) -> Iterator[Sighting]:
    """Messages of the dialogs that meet all demands; read twice when there are any, so that little is held."""
    matching: set[str] | None = None
    if demands.wanted:
        read_twice(traces)
        met: dict[str, int] = {}
        for index, record in enumerate(given.records(), 1):
            one = sighting(index, record)
            if one.call_id in met or len(met) < MAX_DIALOGS:
                met[one.call_id] = met.get(one.call_id, 0) | demands.met(one)
        matching = {call_id for call_id, bits in met.items() if bits == demands.wanted}
        if not matching:
            return
        given = TraceInput(traces, keylog, quiet=True)
    drawn = left = 0
    for index, record in enumerate(given.records(), 1):
        one = sighting(index, record)
        if matching is not None and one.call_id not in matching:
            continue
        if drawn < limit:
            drawn += 1
            yield one
        else:
            left += 1
    if left:
        say(f"{left} more messages are not drawn (--limit)")


def _decider(config: str) -> Decider:
    from sipedge.cli.configuration import load
    from sipedge.replay.decider import Decider

    return Decider(load(config))


def _note_of(decider: Decider | None) -> Callable[[Sighting], str]:
    """The deciding rule of a request, but for those that the edge itself sent on."""
    if decider is None:
        return lambda one: ""
    from sipedge.replay.verdict import label

    def note(one: Sighting) -> str:
        if one.message is None or not one.message.is_request or decider.is_own(one.record.source):
            return ""
        decision = decider.verdict(one.index, one.record, one.message).decision
        zones = ", ".join(target.zone for tier in decision.tiers for target in tier.targets)
        return f"{label(decision.to_json())} -> {zones}" if zones else label(decision.to_json())

    return note


def _titles(parties: Parties, decider: Decider | None) -> dict[str, str]:
    """Columns named after zones: ``IMP 192.0.2.10``, ``edge 203.0.113.1``."""
    if decider is None:
        return {}
    named = ((party, decider.name_of(party)) for party in parties.columns)
    return {party: f"{name} {party}" for party, name in named if name}


def _diff(given: TraceInput, numbers: tuple[int, int]) -> int:
    """Two messages side by side. 0 the same, 1 different, 2 there are no such messages."""
    from sipedge.traces.ladder.side_by_side import SAME, rows

    found = {index: record.data for index, record in enumerate(given.records(), 1) if index in numbers}
    missing = [number for number in numbers if number not in found]
    if missing:
        say(f"there is no message {missing[0]}")
        return 2
    seen = shutil.get_terminal_size().columns if sys.stdout.isatty() else 2 * UNSEEN
    width = max(20, (seen - 3) // 2)
    different = 0
    for left, mark, right in rows(found[numbers[0]], found[numbers[1]]):
        line = f"{escaped(left)[:width]:<{width}} {mark} {escaped(right)[:width]}".rstrip()
        different += mark != SAME
        click.echo(line if mark == SAME else click.style(line, fg="yellow"))
    return 1 if different else 0
