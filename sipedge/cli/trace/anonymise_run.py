"""Traces read twice and written with other names; with a configuration, the proof that its rules decide as before."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256

import click

from sipedge.anonymise.output import writer_for
from sipedge.anonymise.proof import prove
from sipedge.anonymise.trace import Anonymiser
from sipedge.cli.files import new_file
from sipedge.cli.printing import amount, say
from sipedge.cli.problems import fail
from sipedge.config import ConfigError
from sipedge.queries.query import QueryError
from sipedge.replay.decider import Decider
from sipedge.replay.saying import name_and_address
from sipedge.replay.verdict import Verdict, label
from sipedge.replay.work import Plans, deciders_of

from .trace_input import TraceInput, read_twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    traces: tuple[str, ...]
    output: str
    config: str | None
    """Whose routing classes are kept; None for none."""
    key: str | None
    """Of the pseudonyms; None draws them anew."""
    names: tuple[str, ...]
    """``HOST=ADDRESS`` each, of peers that the configuration has by name."""
    keylog: str | None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Files that the output must not be."""
        return self.traces if self.config is None else (*self.traces, self.config)


def run(options: Options) -> int:
    """The exit status: 0 good, 1 decisions differ, 2 nothing was readable. A broken configuration ends with 1."""
    sizes = read_twice(options.traces)
    plans = None if options.config is None else _plans(options.config, options)
    secret = secrets.token_bytes(32) if options.key is None else sha256(options.key.encode()).digest()
    status = _write(options, sizes, Anonymiser(secret, None if plans is None else _decider(plans)))
    if plans is None or status:
        return status
    return _prove(plans, options, sizes)


def _plans(config: str, options: Options) -> Plans:
    try:
        return Plans((config,), (), options.keylog, tuple(map(name_and_address, options.names)))
    except QueryError as error:
        raise click.UsageError(str(error)) from None


def _decider(plans: Plans) -> Decider:
    """The one that the proof takes from the cache of ``deciders_of``."""
    try:
        return deciders_of(plans)[0]
    except ConfigError as error:
        fail(error.problems)


def _write(options: Options, sizes: dict[str, int], anonymiser: Anonymiser) -> int:
    with new_file(options.output, options.inputs) as stream:
        for record in TraceInput(options.traces, options.keylog, quiet=True, sizes=sizes).records():
            if record.decided is not None:
                what = "decisions of an edge hold no messages: take its log of messages instead"
                raise click.UsageError(f"{record.file}: {what}")
            anonymiser.learn(record)
        if unsettled := anonymiser.settle():
            say(f"{unsettled} aliases cannot keep their routing class")
        trace_input = TraceInput(options.traces, options.keylog, sizes=sizes)
        write = writer_for(options.output, stream)
        count = 0
        for record in trace_input.records():
            write(anonymiser.replaced(record))
            count += 1
    status = trace_input.finish()
    kept = anonymiser.text.words.kept
    left = f"{amount(kept, 'word')} left for the rules' sake"
    say(f"{options.output}: {amount(count, 'message')}, {left}")
    return status


def _prove(plans: Plans, options: Options, sizes: dict[str, int]) -> int:
    proof = prove(plans, options.traces, options.output, sizes)
    if not proof.differing:
        click.echo(f"{amount(proof.requests, 'request')} replayed before and after: the same rules decide")
        return 0
    click.echo(f"{proof.differing} of {proof.requests} requests are decided differently:")
    for side, verdict in zip(("before", "after"), proof.first or (), strict=False):
        click.echo(f"  {side}: {_summary(verdict)}")
    return 1


def _summary(verdict: Verdict | None) -> str:
    if verdict is None:
        return "none"
    return f"{verdict.method} from {verdict.zone}: {label(verdict.decision.to_json())}"
