"""A plan named on the command line: by its configuration, or one dial plan file on its own."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.analysis import Sender
from dialplan.check import assumed_variables
from dialplan.language.parser import parse_dialplan
from dialplan.search.search import CompiledPlan
from sipedge.config import load_config
from sipedge.queries.senders import senders_of_zones
from sipedge.queries.speakers import open_zones

from .files import read_text

ENDING = ".dialplan"


@dataclass(frozen=True, slots=True)
class LoadedPlan:
    """``senders`` is None where no configuration says which zones there are; ``about`` is a few words for people."""

    plan: CompiledPlan
    senders: tuple[Sender, ...] | None
    about: str
    warnings: tuple[str, ...] = ()
    """One sentence each, about the zones."""


def load_plan(file: str) -> LoadedPlan:
    """Raises ConfigError or DialplanError with all problems; what cannot be read as a file ends with status 2."""
    if not file.lower().endswith(ENDING):
        return _of_config(file)
    dialplan = parse_dialplan(read_text(file), file)
    plan = CompiledPlan(dialplan, assumed_variables(dialplan))
    return LoadedPlan(plan, None, f"{len(dialplan.transforms)} transforms, {len(dialplan.rules)} search rules")


def _of_config(file: str) -> LoadedPlan:
    settings = load_config(file, create_secret=False)
    about = f"{len(settings.listeners)} listeners, {len(settings.zones)} zones"
    return LoadedPlan(settings.plan, senders_of_zones(settings.zones), about, tuple(open_zones(settings)))
