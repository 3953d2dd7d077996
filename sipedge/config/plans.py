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


def read_plans(reader: Reader, variables: Variables) -> tuple[CompiledPlan | None, list[Problem]]:
    """(the compiled plan, the problems in the dial plan files). A missing file is reported where it is named."""
    problems: list[Problem] = []
    plans: list[Dialplan] = []
    lines: dict[str, list[str]] = {}
    for index, name in enumerate(_names(reader)):
        file = in_folder_of(reader.file, name)
        text = _read(reader, index, file)
        if text is None:
            continue
        lines[file] = text.split("\n")
        try:
            plans.append(parse_dialplan(text, file))
        except DialplanError as error:
            problems += error.problems
    whole = Dialplan(
        transforms=tuple(transform for plan in plans for transform in plan.transforms),
        rules=tuple(rule for plan in plans for rule in plan.rules),
    )
    problems += _unknown_zones(reader, whole, lines)
    if problems:
        return None, problems
    try:
        return CompiledPlan(whole, variables), []
    except DialplanError as error:
        return None, list(error.problems)


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


def _unknown_zones(reader: Reader, plan: Dialplan, lines: dict[str, list[str]]) -> list[Problem]:
    zones = [*names_written(reader, "zone"), DEFAULT_ZONE, LOCAL_ZONE]
    problems = []
    for rule in plan.rules:
        if rule.target not in zones:
            problems.append(_problem(rule, rule.target, lines, f'there is no zone "{rule.target}"', zones))
        elif rule.target == DEFAULT_ZONE:
            message = "nothing can be sent to the Default Zone: it stands for peers that no zone names"
            problems.append(_problem(rule, rule.target, lines, message, zones[:-2]))
        if rule.source is SourceMode.NAMED and rule.source_name not in zones:
            problems.append(_problem(rule, rule.source_name, lines, f'there is no zone "{rule.source_name}"', zones))
    return problems
