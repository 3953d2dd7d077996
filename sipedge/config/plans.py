"""The dial plan files: read, joined, and compared with the zones that ``edge.toml`` names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dialplan.language.parser import parse_dialplan
from dialplan.language.zone_names import check_zones, with_zone_names
from dialplan.model import Dialplan, Variables
from dialplan.problem import DialplanError, Problem
from dialplan.search.search import CompiledPlan

from .reading.files import in_folder_of
from .reading.reader import Reader
from .tables import names_written


def read_plans(reader: Reader, variables: Variables | None) -> tuple[CompiledPlan | None, list[Problem]]:
    """(the compiled plan, the problems in the dial plan files). A missing file is reported where it is named.

    Without variables (because [edge] is broken) there is no plan: patterns that use them would seem wrong.
    """
    plan, problems = _parse_all(reader)
    zones = names_written(reader, "zone")
    plan = with_zone_names(plan, zones)
    problems += check_zones(plan, zones)
    compiled = None
    try:
        compiled = CompiledPlan(plan, variables) if variables else None
    except DialplanError as error:
        problems += error.problems
    order = [in_folder_of(reader.file, name) for name in plan_names(reader)]
    problems.sort(key=lambda each: (order.index(each.location.file), each.location.line, each.location.column))
    return compiled, problems


def zone_names_of(plan: CompiledPlan) -> list[str]:
    """The zones that its rules name, spelled as in the configuration: for ``plan_again``."""
    return list(dict.fromkeys(name for each in plan.dialplan.rules for name in (each.target, each.source_name) if name))


def plan_again(sources: Mapping[str, str], zones: Iterable[str], variables: Variables) -> CompiledPlan:
    """A plan that was compiled before, from its texts. ``zones``: of ``zone_names_of``."""
    whole = Dialplan()
    for file, text in sources.items():
        whole += parse_dialplan(text, file)
    return CompiledPlan(with_zone_names(whole, zones), variables)


def _parse_all(reader: Reader) -> tuple[Dialplan, list[Problem]]:
    """What could be read of the files, joined in the order in which they are named."""
    whole, problems = Dialplan(), list[Problem]()
    for index, name in enumerate(plan_names(reader)):
        file = in_folder_of(reader.file, name)
        text = _read(reader, index, file)
        try:
            whole += parse_dialplan(text, file) if text is not None else Dialplan()
        except DialplanError as error:
            problems += error.problems
    return whole, problems


def plan_names(reader: Reader) -> list[str]:
    """The dial plan files as written, even where another part of [edge] is broken."""
    edge = reader.table("edge")
    names = edge.get("dialplans", []) if isinstance(edge, dict) else []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _read(reader: Reader, index: int, file: str) -> str | None:
    try:
        return reader.texts.read(file).decode()
    except OSError as error:
        reader.problem(("edge", "dialplans", index), f'"{file}" cannot be read: {error.strerror}')
    except UnicodeDecodeError:
        reader.problem(("edge", "dialplans", index), f'"{file}" is not UTF-8 text', "save the file as UTF-8")
    return None
