"""What the server can do: functions of text, file and surroundings. Lines and columns count from 1."""

from __future__ import annotations

from dialplan.analysis import Language, NotProved, natural
from dialplan.cases.parser import format_cases
from dialplan.check import assumed_variables, findings
from dialplan.language.fields import FIELD_NAMES, WORDS_FIELDS, WordsField
from dialplan.language.format import format_dialplan
from dialplan.language.parser import parse_dialplan
from dialplan.language.zone_names import check_zones, with_zone_names
from dialplan.model import BlockKind, Dialplan, Location, PatternType, SearchRule, Transform, Variables
from dialplan.problem import DialplanError
from dialplan.search.search import CompiledPlan
from dialplan.syntax import PatternError
from sipedge.queries.testing import Suite, reached

from .cases import case_diagnostics
from .diagnostic import Diagnostic, of_problem
from .surroundings import Surroundings
from .text import CASES, Place

LINTED_RULES = 300
"""Larger plans get errors at once, but no findings while one types: `sipedge check` has them. So many take 0.9 s
(tools/bench/check.py)."""
EXAMPLES = 3


def diagnostics(text: str, file: str, around: Surroundings) -> list[Diagnostic]:
    """Mistakes. In a plan without mistakes: the linter's findings. In a case file: the cases that fail."""
    if file.endswith(CASES):
        return case_diagnostics(text, file, around.texts)
    try:
        dialplan = with_zone_names(parse_dialplan(text, file), around.zones)
        plan = CompiledPlan(dialplan, around.variables(assumed_variables(dialplan)))
    except DialplanError as error:
        return [of_problem(problem) for problem in error.problems]
    problems = check_zones(dialplan, around.zones) if around.config else []
    if problems or len(dialplan.rules) > LINTED_RULES:
        return [of_problem(problem) for problem in problems]
    return [Diagnostic(each.location, each.level, f"{each.why}\n{each.mend}", each.id) for each in findings(plan)]


def formatted(text: str, file: str) -> str:
    """The canonical layout of a dial plan or case file; one with mistakes stays as it is."""
    try:
        return (format_cases if file.endswith(CASES) else format_dialplan)(text, file)
    except DialplanError:
        return text


def entry_at(text: str, file: str, line: int) -> Transform | SearchRule | None:
    """The block that a line (1-based) belongs to; None when the text does not parse or the line is outside."""
    try:
        dialplan = parse_dialplan(text, file)
    except DialplanError:
        return None
    entries: tuple[Transform | SearchRule, ...] = (*dialplan.transforms, *dialplan.rules)
    before = [entry for entry in entries if entry.location.line <= line]
    return max(before, key=lambda entry: entry.location.line, default=None)


def pattern_help(entry: Transform | SearchRule, around: Surroundings) -> str:
    """What a pattern matches, with aliases that it matches and that it does not (Markdown)."""
    variables = around.variables(assumed_variables(Dialplan(rules=(entry,) if isinstance(entry, SearchRule) else ())))
    kind, pattern = entry.pattern_type, entry.pattern
    try:
        language = Language.of(kind, pattern, variables)
        matched, others = _examples(language), _examples(_near_misses(kind, pattern, variables, language))
    except (PatternError, NotProved) as error:
        return f"`{pattern}`: {error}"
    lines = [f"**{kind.value}** pattern, whole alias, case ignored: `{pattern}`"]
    lines += ["", "matches " + ", ".join(f"`{alias}`" for alias in matched) if matched else "matches nothing"]
    if others:
        lines += ["", "but not " + ", ".join(f"`{alias}`" for alias in others)]
    return "\n".join(lines)


def _examples(language: Language) -> list[str]:
    """Up to EXAMPLES natural aliases, each unlike the ones before."""
    examples: list[str] = []
    while len(examples) < EXAMPLES:
        alias = natural(language)
        if alias is None:
            break
        examples.append(alias)
        language = language - Language.only(alias)
    return examples


def _near_misses(kind: PatternType, pattern: str, variables: Variables, language: Language) -> Language:
    """Aliases that the pattern does not match; near ones where a dot that stands for any character suggests some."""
    loosened = pattern.replace(r"\.", ".") if kind is PatternType.REGEX else ""
    if loosened and loosened != pattern:
        try:
            near = Language.of(kind, loosened, variables) - language
            if natural(near) is not None:
                return near
        except (PatternError, NotProved):
            pass
    return ~language


def completions(place: Place, around: Surroundings) -> list[str]:
    """What may stand at the cursor: blocks, fields that are still missing, a field's values, zones."""
    if place.kind is None:
        return ['search rule ""', 'transform ""']
    if not place.field:
        return [name for name in FIELD_NAMES[place.kind] if name not in place.written]
    values = WORDS_FIELDS[place.kind].get(place.field)
    words = list(values.words) if isinstance(values, WordsField) else []
    if place.field in ("source", "target") and place.kind is BlockKind.SEARCH_RULE:
        names = around.zone_names if place.field == "source" else tuple(around.zones)
        words += [f'zone "{name}"' for name in names]
    return [word for word in words if word.lower().startswith(place.value.lower())] or words


def reached_by(text: str, file: str, suites: list[Suite]) -> list[tuple[Location, int]]:
    """For each transform and rule of the file: how many test cases reach it."""
    try:
        dialplan = parse_dialplan(text, file)
    except DialplanError:
        return []
    cases = reached(suites)
    entries: tuple[Transform | SearchRule, ...] = (*dialplan.transforms, *dialplan.rules)
    return [(entry.location, len(cases.get((type(entry), entry.name), ()))) for entry in entries]
