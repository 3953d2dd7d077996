"""Two plans compared, each difference with an example."""

from __future__ import annotations

import click

from dialplan.analysis import common_senders, compare
from dialplan.problem import DialplanError
from sipedge.cli.differences import difference_json, print_difference
from sipedge.cli.plans import LoadedPlan, load_plan
from sipedge.cli.printing import print_json, say
from sipedge.cli.problems import fail
from sipedge.config import ConfigError


def run(old: str, new: str, as_json: bool) -> int:
    """The exit status: 0 the same, 1 different or not proved to be the same. A broken plan ends with 2."""
    before, after = _load(old), _load(new)
    _tell_assumed(old, before, after)
    _tell_assumed(new, after, before)
    comparison = compare(before.plan, after.plan, common_senders(before.senders, after.senders))
    for difference in comparison.differences:
        if as_json:
            print_json(difference_json(difference))
        else:
            print_difference(difference)
    for text in comparison.unproved:
        if as_json:
            print_json({"not_proved": text})
        else:
            click.echo(f"not proved: {text}")
    return 1 if comparison.differences or comparison.unproved else 0


def _tell_assumed(file: str, loaded: LoadedPlan, other: LoadedPlan) -> None:
    """A dial plan file beside a configuration has no domains of its own: differences may be about that alone."""
    dialplan = loaded.plan.dialplan
    patterns = [*(one.pattern for one in dialplan.transforms), *(one.pattern for one in dialplan.rules)]
    if loaded.senders is None and other.senders is not None and any("%" in pattern for pattern in patterns):
        say(f"{file} has no SIP domains: local1.example and so on stand for them")


def _load(file: str) -> LoadedPlan:
    try:
        return load_plan(file)
    except (ConfigError, DialplanError) as error:
        fail(error.problems)
