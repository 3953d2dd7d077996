"""``sipedge anonymise``: a trace that can be given away."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

import click

from sipedge.cli.files import new_file

from .trace_input import KEYLOG, TRACES, TraceInput, read_twice, say

if TYPE_CHECKING:
    from sipedge.replay.decider import Decider
    from sipedge.replay.work import Plans


@click.command()
@TRACES
@click.option("-o", "--output", required=True, metavar="OUT", type=click.Path(dir_okay=False), help="What to write.")
@click.option("--config", metavar="CONFIG", type=click.Path(dir_okay=False), help="Keep the routing classes of CONFIG.")
@click.option("--key", metavar="TEXT", help="The same key makes the same pseudonyms; else they are drawn anew.")
@KEYLOG
def command(traces: tuple[str, ...], output: str, config: str | None, key: str | None, keylog: str | None) -> int:
    """Replace names, numbers, hosts, addresses, keys and bodies, the same ones everywhere alike; keep all lengths.

    OUT is a capture when its name ends in .pcap, else JSON lines as the edge writes them; "sipedge replay" and the
    others read both. With CONFIG what its rules name stays and every alias keeps its routing class; both traces are
    replayed to prove it.

    Exit status: 0 good, 1 decisions differ (or CONFIG is broken), 2 nothing was readable or OUT cannot be written.
    """
    from sipedge.anonymise.output import writer_for
    from sipedge.anonymise.trace import Anonymiser

    read_twice(traces)
    plans = _plans(config, keylog)
    secret = secrets.token_bytes(32) if key is None else sha256(key.encode()).digest()
    anonymiser = Anonymiser(secret, None if plans is None else _decider(plans))
    with new_file(output, (*traces, *((config,) if config else ()))) as stream:
        for record in TraceInput(traces, keylog, quiet=True).records():
            anonymiser.learn(record)
        if unsettled := anonymiser.settle():
            say(f"{unsettled} aliases cannot keep their routing class")
        given, write = TraceInput(traces, keylog), writer_for(output, stream)
        count = 0
        for record in given.records():
            write(anonymiser.replaced(record))
            count += 1
    status = given.finish()
    say(f"{output}: {count} messages, {anonymiser.text.words.kept} words left as they are for the rules' sake")
    if plans is None or status:
        return status
    return _prove(plans, traces, output)


def _plans(config: str | None, keylog: str | None) -> Plans | None:
    from sipedge.replay.work import Plans

    return None if config is None else Plans((config,), (), keylog)


def _decider(plans: Plans) -> Decider:
    """Prints what is wrong with a configuration and ends with status 1."""
    from sipedge.cli.configuration import fail
    from sipedge.config import ConfigError
    from sipedge.replay.work import deciders_of

    try:
        return deciders_of(plans)[0]
    except ConfigError as error:
        fail(error)


def _prove(plans: Plans, traces: Sequence[str], output: str) -> int:
    from sipedge.anonymise.proof import prove
    from sipedge.replay.verdict import label

    proof = prove(plans, traces, output)
    if not proof.differing:
        requests = f"{proof.requests} request{'' if proof.requests == 1 else 's'}"
        click.echo(f"{requests} replayed before and after: the same rules decide")
        return 0
    click.echo(f"{proof.differing} of {proof.requests} requests are decided differently:")
    for side, verdict in zip(("before", "after"), proof.first or (), strict=False):
        text = (
            "none" if verdict is None else f"{verdict.method} from {verdict.zone}: {label(verdict.decision.to_json())}"
        )
        click.echo(f"  {side}: {text}")
    return 1
