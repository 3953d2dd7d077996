"""A replay from the command line: its verdicts printed, saved, compared; what was passed over said."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import click

from sipedge.cli.files import check_readable, new_file
from sipedge.cli.printing import say
from sipedge.cli.problems import fail
from sipedge.cli.trace.trace_input import Tally, TraceInput, chosen, read_twice
from sipedge.config import ConfigError
from sipedge.queries.query import QueryError
from sipedge.replay.cases import Classes, cases_text
from sipedge.replay.changes import SavedError
from sipedge.replay.engines import EngineError, engine, usual_engine
from sipedge.replay.running import run as parts_of
from sipedge.replay.saying import name_and_address, with_zone_names, zone_of_address, zones_of_file
from sipedge.replay.verdict import HEADER
from sipedge.replay.work import Part, Plans, Wanted, deciders_of
from sipedge.traces.ladder.flow import Filter

from .comparison import Comparison, verdict_lines
from .doubts import Doubts
from .explain import explain_messages
from .progress import Progress
from .referee import referee_traces
from .report import report


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Files by name, None where there is none to be read or written."""

    config: str
    traces: tuple[str, ...]
    zones: tuple[str, ...]
    """``ADDRESS=ZONE`` each."""
    map_file: str | None
    """More of these, one a line."""
    names: tuple[str, ...]
    """``HOST=ADDRESS`` each."""
    save: str | None
    expect: str | None
    """Verdicts to compare with."""
    backtest: str | None
    """Another configuration to compare with."""
    junit: str | None
    cases: str | None
    received: bool
    referee: bool
    show: tuple[int, ...]
    """Numbers of messages to explain, rule by rule; none decides them all."""
    as_json: bool
    engine: str | None
    """None: what is usual for these traces."""
    scheduler: str
    """Address of Dask's; '' starts one."""
    call_id: str
    """Like the next three a demand on dialogs, see Filter; '' demands nothing."""
    user: str
    method: str
    status: str
    keylog: str | None

    @property
    def demands(self) -> Filter:
        return Filter(self.call_id, self.user, self.method, self.status)

    @property
    def compares(self) -> bool:
        return self.expect is not None or bool(self.backtest)


def run(options: Options) -> int:
    """The exit status: 0 nothing differs, 1 decisions differ, 2 nothing was readable."""
    if options.expect and options.backtest:
        raise click.UsageError("--expect and --backtest both say what to compare with")
    if options.junit and not options.compares:
        raise click.UsageError("--junit writes a comparison: say --expect or --backtest")
    if options.expect:
        check_readable(options.expect)
    others: tuple[object, ...] = (
        options.demands.wanted,
        options.save,
        options.expect,
        options.backtest,
        options.junit,
        options.cases,
        options.engine,
    )
    if options.referee and any(others):
        raise click.UsageError(
            "--referee prints a comparison of its own: it takes none of the filters, other outputs or engines"
        )
    if options.show and (options.referee or any(others)):
        raise click.UsageError("--show explains single messages: it takes none of the filters, outputs or engines")
    plans = _plans(options)
    if options.show:
        return explain_messages(plans, options.traces, options.show)
    if options.referee:
        return referee_traces(plans, options.traces, options.as_json)
    if not options.demands.wanted:
        return _Replay(plans, options, None).run()
    read_twice(options.traces)
    trace_input = TraceInput(options.traces, options.keylog, quiet=True)
    if dialogs := chosen(trace_input, options.demands):
        return _Replay(plans, options, dialogs).run()
    say("no dialog is as asked for")
    return trace_input.finish() or 1


def _plans(options: Options) -> Plans:
    """Checked: the configurations are sound, the zones are theirs."""
    configs = (options.config, options.backtest) if options.backtest else (options.config,)
    try:
        from_file = zones_of_file(options.map_file) if options.map_file else ()
        said = (*from_file, *map(zone_of_address, options.zones))
        names = tuple(map(name_and_address, options.names))
        follows = False
        for decider in deciders_of(Plans(configs, (), options.keylog, names)):
            said = with_zone_names(said, decider.settings)
            follows = decider.follow_calls() or follows
        plans = Plans(configs, said, options.keylog, names, follows)
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    except ConfigError as error:
        fail(error.problems)
    return plans


class _Replay:
    """What is added up over all parts of the traces."""

    def __init__(self, plans: Plans, options: Options, dialogs: frozenset[str] | None) -> None:
        """``dialogs``: Call-IDs of the only ones that count; None: all do."""
        self._plans, self._options = plans, options
        self._dialogs = dialogs
        self._inputs = (*options.traces, *plans.configs)
        self._tally = Tally()
        self._classes = Classes()
        self._comparison = Comparison(options.expect)
        self._doubts = Doubts()

    def run(self) -> int:
        """The exit status."""
        options = self._options
        try:
            self._take_all()
        except (EngineError, SavedError) as error:
            raise click.UsageError(str(error)) from None
        except BrokenExecutor:
            raise click.UsageError("a worker was killed, perhaps for want of memory: try --engine serial") from None
        if options.cases:
            self._write_cases(options.cases)
        self._doubts.tell(deciders_of(self._plans)[0].untold)
        status = self._tally.finish()
        if not options.compares:
            return status
        if not self._comparison.changes.requests:
            say("there is no request to compare")
            return 2
        return report(self._comparison.changes, options.junit, options.as_json, self._inputs) or status

    def _take_all(self) -> None:
        """Raises EngineError, SavedError, BrokenExecutor."""
        options, traces = self._options, self._options.traces
        rows = not (options.as_json or options.compares)
        wanted = Wanted(rows, options.cases is not None, options.received, self._dialogs)
        with ExitStack() as stack:
            stack.callback(self._comparison.close)
            executor, workers = stack.enter_context(engine(options.engine or usual_engine(traces), options.scheduler))
            saved = stack.enter_context(new_file(options.save, self._inputs)) if options.save else None
            progress = stack.enter_context(Progress(traces))
            if wanted.rows:
                click.echo(HEADER)
            for part in parts_of(self._plans, wanted, traces, executor, workers):
                self._take(part)
                progress.at(part)
                if saved is not None:
                    saved.write("".join(f"{line}\n" for line in verdict_lines(part, 0)).encode())
            if options.compares:
                self._comparison.end()

    def _take(self, part: Part) -> None:
        _count(part, self._tally)
        self._doubts.take(part)
        if self._options.compares:
            self._comparison.take(part)
        elif part.numbers:
            _print(part, self._options.as_json)
        if part.classes is not None:
            self._classes.merge(part.classes, part.start)

    def _write_cases(self, file: str) -> None:
        with new_file(file, self._inputs) as output:
            output.write(cases_text(self._classes, self._options.config, file).encode())
        say(f"{file}: {len(self._classes)} routing classes")


def _count(part: Part, tally: Tally) -> None:
    if part.error:
        tally.fail(part.file, part.error)
        return
    tally.read(part.file, part.messages)
    for skipped in part.passed_over:
        tally.skip(skipped)


def _print(part: Part, as_json: bool) -> None:
    if as_json:
        lines = verdict_lines(part, 0)
    else:
        lines = (f"{part.start + number:>6} {row}" for number, row in zip(part.numbers, part.rows, strict=True))
    click.echo("\n".join(lines))
