"""A replay from the command line: its verdicts printed, saved, compared; what was passed over said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import click

from sipedge.cli.files import new_file
from sipedge.replay.cases import Classes, cases_text
from sipedge.replay.changes import Changes, SavedError, saved_lines
from sipedge.replay.engines import EngineError, engine, usual_engine
from sipedge.replay.running import run
from sipedge.replay.verdict import HEADER, numbered
from sipedge.replay.work import Part, Plans, Wanted

from .progress import Progress
from .trace_input import Tally, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What becomes of the verdicts; files by name."""

    save: str | None = None
    expect: str | None = None
    backtest: bool = False
    junit: str | None = None
    cases: str | None = None
    received: bool = False
    as_json: bool = False

    @property
    def compares(self) -> bool:
        return self.expect is not None or self.backtest


def replay(plans: Plans, traces: Sequence[str], outputs: Outputs, engine_name: str | None, scheduler: str) -> int:
    """The exit status."""
    tally = Tally()
    classes = Classes()
    inputs = (*traces, *plans.configs)
    rows = not (outputs.as_json or outputs.compares)
    wanted = Wanted(rows=rows, classes=outputs.cases is not None, received_only=outputs.received)
    try:
        with ExitStack() as stack:
            executor, workers = stack.enter_context(engine(engine_name or usual_engine(traces), scheduler))
            comparison = Comparison(outputs.expect)
            saved = stack.enter_context(new_file(outputs.save, inputs)) if outputs.save else None
            progress = stack.enter_context(Progress(traces))
            if wanted.rows:
                click.echo(HEADER)
            for part in run(plans, wanted, traces, executor, workers):
                _count(part, tally)
                progress.at(part)
                _print(part, outputs)
                if saved is not None:
                    saved.write("".join(f"{line}\n" for line in _lines(part, 0)).encode())
                if outputs.compares:
                    comparison.take(part)
                if part.classes is not None:
                    classes.merge(part.classes, part.start)
            comparison.end()
    except (EngineError, SavedError) as error:
        raise click.UsageError(str(error)) from None
    except BrokenExecutor:
        raise click.UsageError("a worker was killed, perhaps for want of memory: try --engine serial") from None
    if outputs.cases:
        _write_cases(outputs.cases, classes, plans.configs[0], inputs)
    status = tally.finish()
    if not outputs.compares:
        return status
    from .replay_report import report

    return report(comparison.changes, outputs, inputs) or status


class Comparison:
    """Of parts with what was saved, or of the second configuration with the first."""

    def __init__(self, expect: str | None) -> None:
        self.changes = Changes()
        self._saved = None if expect is None else saved_lines(expect)

    def take(self, part: Part) -> None:
        """Raises SavedError."""
        if self._saved is None:
            for old, new in zip(_lines(part, 1), _lines(part, 0), strict=True):
                self.changes.add(old, new)
            return
        for new in _lines(part, 0):
            line = next(self._saved, None)
            if line is None:
                raise SavedError("the saved verdicts are of another trace: they have fewer requests")
            self.changes.add(line, new)

    def end(self) -> None:
        """Raises SavedError."""
        if self._saved is not None and next(self._saved, None) is not None:
            raise SavedError("the saved verdicts are of another trace: they have more requests")


def _lines(part: Part, plan: int) -> Iterator[str]:
    """The verdicts of one configuration as JSON."""
    return (numbered(part.start + number, tail) for number, tail in zip(part.numbers, part.tails[plan], strict=True))


def _print(part: Part, outputs: Outputs) -> None:
    if outputs.compares or not part.numbers:
        return
    if outputs.as_json:
        lines = _lines(part, 0)
    else:
        lines = (f"{part.start + number:>6} {row}" for number, row in zip(part.numbers, part.rows, strict=True))
    click.echo("\n".join(lines))


def _count(part: Part, tally: Tally) -> None:
    if part.error:
        tally.fail(part.file, part.error)
        return
    tally.read(part.file, part.messages)
    for skipped in part.passed_over:
        tally.skip(skipped)


def _write_cases(file: str, classes: Classes, config: str, inputs: Sequence[str]) -> None:
    with new_file(file, inputs) as output:
        output.write(cases_text(classes, config, file).encode())
    say(f"{file}: {len(classes)} routing classes")
