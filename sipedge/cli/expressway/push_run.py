"""A plan pushed to a live Expressway: the difference, the proved order, and the writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from dialplan.analysis import Sender, compare, route_text
from dialplan.check import query_text
from dialplan.language.format import write_entry
from dialplan.model import Dialplan, Variables
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan
from sipedge.cli.differences import print_difference
from sipedge.cli.files import write_folder
from sipedge.cli.plans import LoadedPlan, load_plan
from sipedge.cli.printing import amount, say
from sipedge.cli.problems import fail
from sipedge.config import ConfigError
from sipedge.expressway.answers import Record, dump_of
from sipedge.expressway.bodies import spelling_of
from sipedge.expressway.box.client import Writer
from sipedge.expressway.box.cluster import Peers, by_name, lagging
from sipedge.expressway.box.pushing import Push, Surprise, surroundings
from sipedge.expressway.box.reading import Reading, read_box
from sipedge.expressway.fields import PATH
from sipedge.expressway.order import Misrouted, Order, safe_order
from sipedge.expressway.requests import (
    Request,
    comparable,
    plan_on_box,
    requests_of,
    senders_on_box,
    unproved_parts,
    zone_names,
)
from sipedge.expressway.writes import Write
from sipedge.importing.expressway import parts_of
from sipedge.printable import escaped

from .account import BoxOptions, peers
from .live import read_settings_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(BoxOptions):
    plan: str
    dump: str | None
    write: bool
    keep: str | None
    patience: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is on the box, and what is wanted."""

    reading: Reading
    around: dict[str, Sequence[Record]]
    old: Dialplan
    new: Dialplan
    variables: Variables
    senders: Sequence[Sender]


def run(options: Options) -> int:
    """The exit status."""
    if options.write and not options.keep:
        raise click.UsageError("--write needs --keep FILE: the plan as it is now, which is the way back")
    wanted = _load(options.plan)
    with peers(options, Writer) as boxes:
        for note in boxes.notes:
            say(note)
        proposal = _proposal(options, wanted, boxes)
        if not _show_differences(proposal):
            return 1
        order = _order(proposal)
        if not _show_order(order):
            return 1
        requests = _requests(proposal, order)
        if options.write and requests:
            return _write(options, proposal, boxes, requests)
    click.echo("nothing to write" if not requests else "nothing was written; --write does it")
    return 0


def _load(file: str) -> LoadedPlan:
    try:
        return load_plan(file)
    except (ConfigError, DialplanError) as error:
        fail(error.problems)


def _proposal(options: Options, wanted: LoadedPlan, boxes: Peers[Writer]) -> Proposal:
    around = surroundings(boxes.primary)
    reading = read_box(boxes.primary)
    given = read_settings_file(options.dump) if options.dump else None
    parts = parts_of(dump_of(reading.answers, "", given))
    new = comparable(wanted.plan.dialplan)
    problems = unproved_parts(parts.plan, new, has_addresses=bool(parts.box.addresses))
    if problems:
        raise click.UsageError("; ".join(dict.fromkeys(problems)))
    old = plan_on_box(parts.plan)
    senders = senders_on_box(old + new, zone_names(reading.answers))
    return Proposal(reading, around, old, new, parts.box.variables, senders)


def _show_differences(proposal: Proposal) -> bool:
    """Whether all of it is proved."""
    try:
        plans = [CompiledPlan(plan, proposal.variables) for plan in (proposal.old, proposal.new)]
    except DialplanError as error:
        fail(error.problems)
    comparison = compare(plans[0], plans[1], proposal.senders)
    for difference in comparison.differences:
        print_difference(difference)
    for text in comparison.unproved:
        click.echo(f"not proved: {text}")
    if not comparison.differences and not comparison.unproved:
        click.echo("no request goes another way")
    return not comparison.unproved


def _order(proposal: Proposal) -> Order:
    try:
        return safe_order(proposal.old, proposal.new, proposal.variables, proposal.senders)
    except ValueError as error:
        raise click.UsageError(f"{error}; change transforms on the box by hand, then pull") from None


def _show_order(order: Order) -> bool:
    """Whether there is one."""
    for number, step in enumerate(order.steps, start=1):
        click.echo(f"{number:>3}. {step}")
    if order.complete:
        if order.steps:
            count = amount(len(order.steps), "write")
            click.echo(f"proved: after each of {count} every request goes as it does now, or as by PLAN")
        return True
    for text in order.unproved:
        click.echo(f"not proved: {text}")
    if order.stuck:
        text = "no order exists: behind the writes above, each of the others misroutes a request"
        click.echo(click.style(text, bold=True))
    for found in order.stuck:
        _print_misrouted(found)
    if order.together:
        click.echo(f"these would have to change at once: {', '.join(map(str, order.together))}")
    return False


def _print_misrouted(found: Misrouted) -> None:
    click.echo(f"    {found.write}: {query_text(found.query)}")
    for when, explanation in (("now", found.old), ("between", found.between), ("by PLAN", found.new)):
        click.echo(f"        {when}: {route_text(explanation)}")


def _requests(proposal: Proposal, order: Order) -> list[Request]:
    answers = proposal.reading.answers
    spelling = spelling_of(PATH, proposal.reading.described, answers[PATH])
    requests, problems = requests_of(order.steps, answers[PATH], zone_names(answers), spelling)
    if problems:
        raise click.UsageError("; ".join(problems))
    return requests


def _write(options: Options, proposal: Proposal, boxes: Peers[Writer], requests: Sequence[Request]) -> int:
    if boxes.unnamed:
        raise click.UsageError(f"the cluster has {amount(boxes.unnamed, 'more peer')}: name all, to wait for each")
    late = lagging(boxes)
    if late:
        raise click.UsageError(f"{', '.join(late)} has other search rules than the primary: wait until all are alike")
    keep = Path(str(options.keep))
    write_folder(keep.parent, {keep.name: "\n".join(map(write_entry, proposal.old.entries))}, set())
    rules = by_name(proposal.reading.answers[PATH])
    push = Push(boxes, rules, proposal.around, options.patience, _tell)
    try:
        push.run(requests)
    except Surprise as error:
        click.echo(click.style(f"stopped: {escaped(str(error))}", fg="red"))
        _print_way_back(push.done, keep)
        return 1
    except KeyboardInterrupt:
        _print_way_back(push.done, keep)
        raise
    click.echo(f"{amount(len(requests), 'write')} done; the way back: push {keep}")
    return 0


def _tell(request: Request) -> None:
    click.echo(f"written: {request.write}")


def _print_way_back(done: Sequence[Write], keep: Path) -> None:
    if not done:
        click.echo("nothing was written")
        return
    click.echo(f"the last write below may be done or not. The way back, in this order, or push {keep}:")
    for write in reversed(done):
        click.echo(f"  {write.back}")
        if write.back.after is not None:
            click.echo("".join(f"      {line}\n" for line in write_entry(write.back.after).splitlines()), nl=False)
