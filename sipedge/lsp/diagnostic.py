"""What is shown at a place of a text."""

from __future__ import annotations

from dataclasses import dataclass

from dialplan.check import Level
from dialplan.model import Location
from dialplan.problem import Problem


@dataclass(frozen=True, slots=True)
class Diagnostic:
    location: Location
    level: Level
    message: str
    id: str = ""


def of_problem(problem: Problem) -> Diagnostic:
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    return Diagnostic(problem.location, Level.ERROR, message)
