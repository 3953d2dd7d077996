"""What the server knows of case files: mistakes, what fails, what may follow, where a request goes.

Lines count from 1, columns from 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialplan.cases.cases import tier_lines
from dialplan.cases.parser import FIELDS, parse_cases
from dialplan.check import Level
from dialplan.language.fields import TRAFFIC_WORDS
from dialplan.language.spelling import quoted
from dialplan.problem import DialplanError, Problem
from sipedge.config import ConfigError
from sipedge.config.reading.texts import Texts
from sipedge.queries.query import known_zones
from sipedge.queries.testing import METHODS, Suite, load_suites
from sipedge.settings import Settings

from .diagnostic import Diagnostic, of_problem

TRIED = 1000
"""Cases of a larger file are not asked while one types: `sipedge test` asks them."""
STATEMENTS = ('plan ""', 'case ""', "never", "only", "always")
TARGET_WORDS = ("rule", "zone", "as", "priority", "stop", "continue")
_EXPECTED = ("no match", "no transform", "more", "transform", "searched")
_HEAD = re.compile(r'^[ \t]*(?:plan|domain|address|system[ \t]+name)[ \t]+"(?:[^"\n]|"")*"', re.MULTILINE | re.I)
_CASE = re.compile(r'^\s*case\s+"', re.I)
_WORD = re.compile(r'"(?:[^"]|"")*"?|[^\s"]+')
_FIELD = re.compile(rf"\s*({'|'.join(map(re.escape, FIELDS))})(?:\s+|$)".replace(r"\ ", r"\s+"), re.I)


def case_diagnostics(text: str, file: str, texts: Texts) -> list[Diagnostic]:
    """Mistakes, and the cases that fail; claims are not proved while one types. ``texts``: where its plans are read."""
    try:
        parse_cases(text, file)
        (suite,) = load_suites([(file, text)], texts)
    except (DialplanError, ConfigError) as error:
        return [_at_home(problem, file) for problem in error.problems]
    return list(_failing(suite)) if len(suite.questions) <= TRIED else []


def is_head(text: str, line: int) -> bool:
    """Whether a case begins in that line."""
    rows = text.split("\n")
    return 0 < line <= len(rows) and _CASE.match(rows[line - 1]) is not None


def case_help(text: str, file: str, line: int, texts: Texts) -> str:
    """Where the request of the case on a line goes, as Markdown; '' where there is none or the file has mistakes."""
    suite = _suite(text, file, texts)
    before = [each for each in suite.questions if each.case.location.line <= line] if suite else []
    if suite is None or not before:
        return ""
    question = max(before, key=lambda each: each.case.location.line)
    query, found = question.query, suite.settings.plan.search(question.query)
    lines = [f"`{query.alias}` from `{query.source}`, {query.traffic.value} ({question.evidence})", ""]
    lines += [f'transform `"{found.transform}"`: `{found.searched}`', ""] if found.transform is not None else []
    return "\n".join([*lines, *(f"`{each}`  " for each in tier_lines(found.tiers))])


def case_offer(text: str, file: str, line: int, column: int, texts: Texts) -> tuple[int, int, list[str]]:
    """(where what is written begins and ends in its line, what may stand there)."""
    rows = text.split("\n")
    if not 0 < line <= len(rows):
        return column, column, []
    row = rows[line - 1]
    field = _FIELD.match(row[:column])
    start = _begun_at(row[:column])
    words = list(_words(rows, line, field, row[:start], _settings(text, file, texts) if field else None))
    if field is None or start < field.end():
        start = min(len(row[:column]) - len(row[:column].lstrip()), column)
    closing = row.find('"', column) if row[start:column].startswith('"') else -1
    end = closing + 1 if closing >= 0 else column
    written = row[start:column].casefold()
    return start, end, [word for word in words if word.casefold().startswith(written)] or words


def _begun_at(before: str) -> int:
    """Where the word begins that is not finished yet."""
    last = next(reversed([*_WORD.finditer(before)]), None)
    if last is None or last.end() < len(before) or (last[0].startswith('"') and last[0].count('"') % 2 == 0):
        return len(before)
    return last.start()


def _words(
    rows: list[str], line: int, field: re.Match[str] | None, before: str, settings: Settings | None
) -> Iterator[str]:
    """``before``: of the word that is being written, in its line."""
    written = _fields_of_case(rows, line)
    if written is None:
        yield from STATEMENTS
    elif field is None or len(before) < field.end():
        yield from (name for name in FIELDS if name == "expect" or name not in written)
    else:
        yield from _values(" ".join(field[1].lower().split()), before[field.end() :].split(), settings)


def _values(field: str, before: list[str], settings: Settings | None) -> list[str]:
    """What a field takes, behind the words ``before``."""
    zones = known_zones(settings) if settings else []
    plan = settings.plan.dialplan if settings else None
    names = {
        "zone": zones,
        "rule": [each.name for each in plan.rules] if plan else [],
        "transform": [each.name for each in plan.transforms] if plan else [],
    }
    plain = {"traffic": [*TRAFFIC_WORDS], "method": [*METHODS], "event": ["presence"], "authenticated": ["yes", "no"]}
    if field == "from zone":
        return [quoted(name) for name in zones]
    if field != "expect":
        return plain.get(field, []) if not before else []
    if before and before[-1].lower() in names:
        return [quoted(name) for name in names[before[-1].lower()]]
    return [*TARGET_WORDS, *(_EXPECTED if not before else ())]


def _fields_of_case(rows: list[str], line: int) -> set[str] | None:
    """Those that the case around a line has on others; None outside of cases."""
    first = next((at for at in range(line - 2, -1, -1) if _CASE.match(rows[at]) or rows[at].strip() == "}"), None)
    if first is None or rows[first].strip() == "}":
        return None
    found = set()
    for at in range(first + 1, len(rows)):
        if rows[at].strip() == "}" or _CASE.match(rows[at]):
            break
        if at != line - 1 and (field := _FIELD.match(rows[at])):
            found.add(" ".join(field[1].lower().split()))
    return found


def _settings(text: str, file: str, texts: Texts) -> Settings | None:
    """Of the plan that the file names, whatever is wrong with its cases; None where that has mistakes."""
    suite = _suite("\n".join(match[0] for match in _HEAD.finditer(text)), file, texts)
    return suite.settings if suite else None


def _suite(text: str, file: str, texts: Texts) -> Suite | None:
    try:
        return load_suites([(file, text)], texts)[0]
    except (DialplanError, ConfigError):
        return None


def _failing(suite: Suite) -> Iterator[Diagnostic]:
    for result in suite.answers():
        if result.differences:
            text = "\n".join([f'"{result.question.case.name}" fails', *result.differences])
            yield Diagnostic(result.question.case.location, Level.WARNING, text)


def _at_home(problem: Problem, file: str) -> Diagnostic:
    """A mistake of the plan is told in the first line: it cannot be shown where it is."""
    if problem.location.file == file:
        return of_problem(problem)
    said = f"{problem.location}: {problem.message}"
    return of_problem(Problem(type(problem.location)(file, 1, 1), said, problem.hint))
