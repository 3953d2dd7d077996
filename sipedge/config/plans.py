"""The dial plan files: read, joined, and compared with the zones that ``edge.toml`` names."""

from __future__ import annotations

from dialplan.model import Dialplan, SearchRule, SourceMode, Variables
from dialplan.parser import parse_dialplan
from dialplan.problem import DialplanError, Problem
from dialplan.search import CompiledPlan
from zones.zone import DEFAULT_ZONE, LOCAL_ZONE

from .problems import did_you_mean
from .reader import Reader
from .tables import in_folder_of, names_written


def read_plans(reader: Reader, variables: Variables | None) -> tuple[CompiledPlan | None, list[Problem]]:
    """(the compiled plan, the problems in the dial plan files). A missing file is reported where it is named.

    Without variables (because [edge] is broken) there is no plan: patterns that use them would seem wrong.
    """
    plan, problems = _parse_all(reader)
    problems += _unknown_zones(plan, [*names_written(reader, "zone"), DEFAULT_ZONE, LOCAL_ZONE])
    compiled = None
    try:
        compiled = CompiledPlan(plan, variables) if variables else None
    except DialplanError as error:
        problems += error.problems
    order = [in_folder_of(reader.file, name) for name in _names(reader)]
    problems.sort(key=lambda one: (order.index(one.location.file), one.location.line, one.location.column))
    return compiled, problems


def _parse_all(reader: Reader) -> tuple[Dialplan, list[Problem]]:
    """What could be read of the files, joined in the order in which they are named."""
    whole, problems = Dialplan(), list[Problem]()
    for index, name in enumerate(_names(reader)):
        file = in_folder_of(reader.file, name)
        text = _read(reader, index, file)
        try:
            whole += parse_dialplan(text, file) if text is not None else Dialplan()
        except DialplanError as error:
            problems += error.problems
    return whole, problems


def _names(reader: Reader) -> list[str]:
    """As written, even where another part of [edge] is broken."""
    edge = reader.table("edge")
    names = edge.get("dialplans", []) if isinstance(edge, dict) else []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _read(reader: Reader, index: int, file: str) -> str | None:
    try:
        with open(file, encoding="utf-8", newline="") as stream:
            return stream.read()
    except OSError as error:
        reader.problem(("edge", "dialplans", index), f'"{file}" cannot be read: {error.strerror}')
    except UnicodeDecodeError:
        reader.problem(("edge", "dialplans", index), f'"{file}" is not UTF-8 text', "save the file as UTF-8")
    return None


def _unknown_zones(plan: Dialplan, zones: list[str]) -> list[Problem]:
    problems = []
    targets = [zone for zone in zones if zone != DEFAULT_ZONE]
    for rule in plan.rules:
        if rule.target == DEFAULT_ZONE:
            message = "nothing can be sent to the Default Zone: it stands for peers that no zone names"
            problems.append(_problem(plan, rule, "target", message, targets))
        elif rule.target not in targets:
            problems.append(_problem(plan, rule, "target", f'there is no zone "{rule.target}"', targets))
        if rule.source is SourceMode.NAMED and rule.source_name not in zones:
            problems.append(_problem(plan, rule, "source", f'there is no zone "{rule.source_name}"', zones))
    return problems


def _problem(plan: Dialplan, rule: SearchRule, field: str, message: str, zones: list[str]) -> Problem:
    name = rule.target if field == "target" else rule.source_name
    location = rule.places.get(field, rule.location)
    lines = plan.sources.get(location.file, "").split("\n")
    return Problem(location, message, did_you_mean(name, zones), lines[location.line - 1].rstrip("\r"))
