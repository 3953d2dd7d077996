"""A replay from the command line: its verdicts printed, saved, compared; what was passed over said."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TextIO

import click

from sipedge.log import escaped
from sipedge.replay.cases import Classes, cases_text
from sipedge.replay.changes import Changes, SavedError, saved_lines
from sipedge.replay.engines import EngineError, engine, usual_engine
from sipedge.replay.running import Part, Plans, run
from sipedge.replay.verdict import Verdict, label

from .progress import Progress
from .trace_input import Tally, say

Sink = Callable[[Verdict], None]
HEADER = f"{'':>6} {'time':<15} {'method':<10} {'from zone':<20} {'traffic':<15} alias -> decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What becomes of the verdicts; files by name."""

    save: str | None = None
    expect: str | None = None
    backtest: bool = False
    junit: str | None = None
    cases: str | None = None
    as_json: bool = False

    @property
    def compares(self) -> bool:
        return self.expect is not None or self.backtest


def replay(plans: Plans, traces: Sequence[str], outputs: Outputs, engine_name: str | None, scheduler: str) -> int:
    """The exit status."""
    tally = Tally()
    changes = Changes()
    try:
        with ExitStack() as stack:
            executor, workers = stack.enter_context(engine(engine_name or usual_engine(traces), scheduler))
            sinks = list(_sinks(outputs, plans, stack))
            expected = saved_lines(outputs.expect) if outputs.expect else None
            progress = stack.enter_context(Progress(traces))
            for part in run(plans, traces, executor, workers):
                _count(part, tally)
                progress.at(part)
                _compare(part, expected, changes)
                for sink in sinks:
                    for verdict in part.verdicts[0] if part.verdicts else ():
                        sink(verdict)
            if expected is not None and next(expected, None) is not None:
                raise SavedError("the saved verdicts are of another trace: they have more requests")
    except (EngineError, SavedError) as error:
        raise click.UsageError(str(error)) from None
    status = tally.finish()
    if not outputs.compares:
        return status
    from .replay_report import report

    return report(changes, outputs) or status


def _count(part: Part, tally: Tally) -> None:
    if part.error:
        tally.fail(part.file, part.error)
        return
    tally.read(part.file, part.messages)
    for skipped in part.passed_over:
        tally.skip(skipped)


def _compare(part: Part, expected: Iterator[str] | None, changes: Changes) -> None:
    """Raises SavedError."""
    if len(part.verdicts) == 2:
        for new, old in zip(*part.verdicts, strict=True):
            changes.add(old.line(), new.line())
    elif expected is not None and part.verdicts:
        for verdict in part.verdicts[0]:
            line = next(expected, None)
            if line is None:
                raise SavedError("the saved verdicts are of another trace: they have fewer requests")
            changes.add(line, verdict.line())


def _sinks(outputs: Outputs, plans: Plans, stack: ExitStack) -> Iterator[Sink]:
    if outputs.save:
        stream = stack.enter_context(_opened(outputs.save))
        yield lambda verdict: _write_line(stream, verdict)
    if outputs.cases:
        classes = Classes()
        yield classes.add
        stack.callback(_write_cases, outputs.cases, classes, plans.configs[0])
    if outputs.compares:
        return
    if outputs.as_json:
        yield lambda verdict: _write_line(sys.stdout, verdict)
    else:
        click.echo(HEADER)
        yield lambda verdict: click.echo(row(verdict))


def _opened(file: str) -> TextIO:
    try:
        return open(file, "w", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f'"{file}" cannot be written: {error.strerror}') from None


def _write_line(stream: TextIO, verdict: Verdict) -> None:
    stream.write(verdict.line() + "\n")


def _write_cases(file: str, classes: Classes, config: str) -> None:
    with _opened(file) as stream:
        stream.write(cases_text(classes, config, file))
    say(f"{file}: {len(classes)} routing classes")


def row(verdict: Verdict) -> str:
    """One line for people; columns of fixed width, so that it can be printed before the next one is known."""
    time = "" if verdict.time is None else f"{verdict.time % 86400 // 3600:02.0f}:{verdict.time % 3600 // 60:02.0f}"
    time += "" if verdict.time is None else f":{verdict.time % 60:09.6f}"
    zone, decision = escaped(verdict.zone)[:20], verdict.decision
    targets = [f"{one.zone} as {one.alias}" for tier in decision.tiers for one in tier.targets]
    rules = label(decision.to_json())
    outcome = f"{rules} -> {'; '.join(targets)}" if targets else rules
    mark = "*" if verdict.in_dialog else " "
    head = f"{verdict.index:>6} {time:<15} {escaped(verdict.method)[:9]:<9}{mark} {zone:<20} "
    return f"{head}{verdict.traffic.value:<15} {escaped(decision.searched)}: {escaped(outcome)}"
