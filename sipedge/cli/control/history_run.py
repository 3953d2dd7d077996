"""Decisions of a running edge: each with its tree, which is searched anew under the plan that it was made with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click

from dialplan.search.search import CompiledPlan
from sipedge.cli.explain import explanation_tree
from sipedge.cli.printing import print_json
from sipedge.cli.screen import console
from sipedge.config import ConfigError, load_config
from sipedge.control.answers import Done
from sipedge.control.refusal import Refused
from sipedge.control.requests import History, Plan
from sipedge.control.times import moment
from sipedge.control.values import DecisionJson
from sipedge.printable import escaped
from sipedge.queries.trees.again import plan_of, searched_again
from sipedge.queries.unmask import clear_of
from sipedge.topology.call_ids import PREFIX as SEALED
from zones.addresses import host_port

from .asking import connection, is_socket, refusals
from .console_asking import is_url

PLANS_KEPT = 4
"""A plan may be large, and decisions of one follow each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    config: str
    alias: str
    rule: str
    zone: str
    call_id: str
    status: str
    failed: bool
    last: int | None
    follow: bool
    as_json: bool


def run(options: Options) -> int:
    """The exit status: 1 where nothing fits."""
    given = {"alias", "rule", "zone", "call_id", "status", "failed", "follow"}
    request = History(last=options.last or 0, **{name: getattr(options, name) for name in given})
    plans, seals, found = _Plans(options.config), _Seals(options.config), False
    with refusals(options.as_json), connection(options.config, None) as asking:
        for answer in asking.ask(request):
            if isinstance(answer, Done):
                break
            found = True
            if options.as_json:
                print_json(answer.value)
            else:
                _print(answer.value, plans, seals)
    return 0 if found else 1


class _Plans:
    """By revision, as the edge gives them."""

    def __init__(self, config: str) -> None:
        self._config = config
        self._known: OrderedDict[str, CompiledPlan | None] = OrderedDict()

    def of(self, revision: str) -> CompiledPlan | None:
        """None where the edge has it no more."""
        if revision not in self._known:
            self._known[revision] = self._fetched(revision)
            if len(self._known) > PLANS_KEPT:
                self._known.popitem(last=False)
        return self._known[revision]

    def _fetched(self, revision: str) -> CompiledPlan | None:
        try:
            with connection(self._config, None) as asking:
                answers = list(asking.ask(Plan(revision)))
        except Refused:
            return None
        return plan_of([answer.value for answer in answers[:-1]], answers[-1].value)


class _Seals:
    """Of the edge's hidden zones, for whoever may read its configuration and its secret."""

    def __init__(self, config: str) -> None:
        self._config = config

    def opened(self, call_id: str) -> str:
        return self._clear(call_id) if call_id.startswith(SEALED) else call_id

    @cached_property
    def _clear(self) -> Callable[[str], str]:
        """Read when the first sealed one is met: most edges have none. Who may not read it sees what was sealed."""
        if is_socket(self._config) or is_url(self._config):
            return str
        try:
            settings = load_config(self._config, create_secret=False)
        except ConfigError:
            return str
        return str if settings.secret_made_up else clear_of(settings)


def _print(item: DecisionJson, plans: _Plans, seals: _Seals) -> None:
    decision = item["decision"]
    status = f"{decision['status'] or 'no final status yet'} {decision['reason']}".rstrip()
    head = f"{moment(decision['time'])}  {decision['method']} {decision['request_uri']}  {decision['zone']}  {status}"
    click.echo(escaped(head))
    click.echo(escaped(f"  Call-ID {seals.opened(decision['call_id'])}, CSeq {decision['cseq']}"))
    plan = plans.of(item["revision"]) if item["revision"] else None
    explanation = searched_again(decision, plan) if plan is not None else None
    if explanation is not None:
        console().print(explanation_tree(explanation, decision["evidence"], lambda zone: ""))
    elif decision["route"]:
        click.echo(escaped(f'  a signed Route leads to zone "{decision["route"]}": nothing was searched'))
    else:
        click.echo("  no rule was asked" if item["query"] is None else "  its dial plan is not in memory any more")
    for hop in decision["hops"]:
        answer = f": {hop['status']} {hop['reason']}".rstrip() if hop["status"] else ""
        click.echo(escaped(f"  sent to {hop['zone']} {_place(hop)}{answer}"))


def _place(hop: dict[str, Any]) -> str:
    if hop["connection"]:
        return f"connection {hop['connection']}"
    return f"{hop['transport']} {host_port(hop['address'], hop['port'])}"
