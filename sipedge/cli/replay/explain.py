"""``sipedge replay --show``: why the rules decide as they do about single messages of traces."""

from __future__ import annotations

import click

from sipedge.cli.explain import print_explanation
from sipedge.cli.printing import say
from sipedge.cli.trace.trace_input import TraceInput
from sipedge.printable import escaped
from sipedge.queries.trees.explained import places_of
from sipedge.replay.decider import Decider
from sipedge.replay.verdict import HEADER, Verdict, label, row
from sipedge.replay.work import Plans, deciders_of
from sipedge.traces.records.record import Record


def explain_messages(plans: Plans, traces: tuple[str, ...], numbers: tuple[int, ...]) -> int:
    """The exit status: 0, or 2 where a number is no request's."""
    decider = deciders_of(plans)[0]
    wanted, follows = set(numbers), decider.follow_calls()
    click.echo(HEADER)
    for index, record in enumerate(TraceInput(traces, plans.keylog).records(), 1):
        if index in wanted and _explain(decider, index, record):
            wanted.remove(index)
        elif follows:
            decider.decide(index, record)
        if not wanted:
            return 0
    say(f"message {min(wanted)} is no request, or is not there")
    return 2


def _explain(decider: Decider, index: int, record: Record) -> bool:
    """The tree that the edge saw, where the record is its own, or that it would see. False for what is no request."""
    verdict = decider.decide(index, record)
    if not isinstance(verdict, Verdict):
        return False
    click.echo(f"{index:>6} {row(verdict)}")
    explanation = None if verdict.sent else decider.explanation(record)
    if explanation is None:
        click.echo(f"no rule is asked: {escaped(label(verdict.decision.to_json()))}")
    else:
        print_explanation(*explanation, places_of(decider.settings))
    return True
