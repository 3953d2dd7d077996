"""A dial plan of a draft as forms: what stands in them, and what the text becomes by one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

from dialplan.check import assumed_variables
from dialplan.language.edits import with_added, with_changed, without
from dialplan.language.fields import FIELD_NAMES
from dialplan.language.moves import NoRoom, moved
from dialplan.language.parser import parse_dialplan
from dialplan.language.spelling import quoted
from dialplan.language.values import NAME, Mistake, entry_of, every_field, field_at, values_of, words_for
from dialplan.model import DEFAULT_ZONE, BlockKind, Dialplan, Entry, Location, Transform
from dialplan.problem import DialplanError
from dialplan.search.check_pattern import PatternResult, check_pattern
from dialplan.search.uniqueness import unique_names, unique_priorities
from dialplan.syntax import PatternError
from sipedge.config.reading.files import in_folder_of
from sipedge.lsp.abilities import diagnostics
from sipedge.lsp.surroundings import Surroundings, surroundings_in
from sipedge.revisions.files import FileSet

from .review import FileDiffJson, file_diffs


class EntryJson(TypedDict):
    line: int
    values: dict[str, str]
    """As ``dialplan.language.values`` has them."""


class FormsJson(TypedDict):
    """What a kind of block may be is under its word: "search rule"."""

    mistakes: list[str]
    """Of the text; with them there are no entries."""
    words: dict[str, dict[str, list[str]]]
    """Field -> what it may be; none: whatever one writes. In the order of Expressway's pages."""
    entries: dict[str, list[EntryJson]]
    """The first to be asked first."""
    defaults: dict[str, dict[str, str]]


class EditJson(TypedDict):
    do: str
    """``write``, or one of DOINGS."""
    block: str
    """The kind."""
    name: str
    """Of the entry that is edited; '' for a new one."""
    values: dict[str, str]
    """What it becomes, for ``write``."""
    alias: str
    """That its pattern is tried on; ''."""


class MistakeJson(TypedDict):
    field: str
    """'' where it is about the whole."""
    message: str
    hint: str


class EditedJson(TypedDict):
    text: str
    """As it was where there are mistakes."""
    diff: list[FileDiffJson]
    mistakes: list[MistakeJson]
    tried: PatternResult | None
    """None where nothing was to be tried, or the pattern is refused."""


DOINGS = ("delete", "up", "down", "on", "off")


def forms(config: str, texts: Mapping[str, str], name: str) -> FormsJson:
    """Of the dial plan ``name`` of a draft."""
    plan, mistakes = Dialplan(), list[str]()
    try:
        plan = parse_dialplan(texts[name], in_folder_of(config, name))
    except DialplanError as error:
        mistakes = [str(problem) for problem in error.problems]
    return {
        "mistakes": mistakes,
        "words": {kind.value: _words(kind, _around(config, texts).zone_names) for kind in BlockKind},
        "entries": {kind.value: [_entry_json(each) for each in _in_order(plan, kind)] for kind in BlockKind},
        "defaults": {kind.value: values_of(entry_of(kind, {})[0]) for kind in BlockKind},
    }


def edited(config: str, texts: Mapping[str, str], name: str, edit: EditJson) -> EditedJson:
    """What one form makes of the dial plan ``name`` of a draft."""
    text, path, kind = texts[name], in_folder_of(config, name), BlockKind(edit["block"])
    try:
        plan = parse_dialplan(text, path)
        old = next((each for each in plan.entries if each.kind is kind and each.name == edit["name"]), None)
        if old is None and (edit["name"] or edit["do"] != "write"):
            raise _Wrong(Mistake("", f'there is no {kind.value} "{edit["name"]}" any more', "look at the list again"))
        if edit["do"] == "write":
            new = _checked(path, plan, old, edit, _around(config, texts))
            made = with_changed(text, [(old, new)]) if old is not None else with_added(text, plan, new)
        else:
            assert old is not None
            made = _done(text, plan, old, edit["do"])
    except DialplanError as error:
        line = error.problems[0].location.line
        mistakes = [Mistake("", f"the text has a mistake in line {line}", "forms are for a text without")]
    except _Wrong as wrong:
        mistakes = wrong.mistakes
    else:
        mistakes = []
    made = text if mistakes else made
    return {
        "text": made,
        "diff": file_diffs({name: text}, {name: made}),
        "mistakes": [{"field": each.field, "message": each.message, "hint": each.hint} for each in mistakes],
        "tried": _tried(edit, _around(config, texts)),
    }


class _Wrong(ValueError):
    def __init__(self, *mistakes: Mistake) -> None:
        super().__init__()
        self.mistakes = list(mistakes)


def _checked(path: str, plan: Dialplan, old: Entry | None, edit: EditJson, around: Surroundings) -> Entry:
    """What an entry becomes. Raises _Wrong with all that is wrong about it."""
    kind = BlockKind(edit["block"])
    new, mistakes = entry_of(kind, edit["values"])
    wrong = {each.field for each in mistakes}
    for told in diagnostics(every_field(new), path, around):
        field = field_at(kind, told.location)
        if not told.id and field not in wrong:
            message, _, hint = told.message.partition("\n")
            mistakes.append(Mistake(field, message, hint))
    if not mistakes:
        new = replace(new, location=old.location if old is not None else Location(path))
        after = _replaced(plan, old, new)
        mistakes = [Mistake(NAME, each.message, each.hint) for each in unique_names(after)]
        mistakes += [Mistake("priority", each.message, each.hint) for each in unique_priorities(after)]
    if mistakes:
        raise _Wrong(*mistakes)
    return new


def _done(text: str, plan: Dialplan, old: Entry, do: str) -> str:
    """Raises _Wrong."""
    if do == "delete":
        return without(text, old)
    if do in ("on", "off"):
        return with_changed(text, [(old, replace(old, enabled=do == "on"))])
    try:
        return with_changed(text, moved(_in_order(plan, old.kind), old, do == "up"))
    except NoRoom as error:
        raise _Wrong(Mistake("", str(error), "")) from None


def _tried(edit: EditJson, around: Surroundings) -> PatternResult | None:
    entry, mistakes = entry_of(BlockKind(edit["block"]), edit["values"])
    if mistakes or not edit["alias"] or not entry.uses_pattern:
        return None
    variables = around.variables(assumed_variables(_replaced(Dialplan(), None, entry)))
    try:
        return check_pattern(entry.pattern_type, entry.pattern, edit["alias"], entry.behavior, entry.replace, variables)
    except (PatternError, ValueError):
        return None


def _replaced(plan: Dialplan, old: Entry | None, new: Entry) -> Dialplan:
    """With ``new`` in the place of ``old``, else as the last of its kind."""
    if isinstance(new, Transform):
        return replace(plan, transforms=(*(each for each in plan.transforms if each is not old), new))
    return replace(plan, rules=(*(each for each in plan.rules if each is not old), new))


def _in_order(plan: Dialplan, kind: BlockKind) -> list[Entry]:
    entries: tuple[Entry, ...] = plan.transforms if kind is BlockKind.TRANSFORM else plan.rules
    return sorted(entries, key=lambda each: each.priority)


def _words(kind: BlockKind, zones: Sequence[str]) -> dict[str, list[str]]:
    words = {name: words_for(kind, name) for name in (NAME, *FIELD_NAMES[kind])}
    if kind is BlockKind.SEARCH_RULE:
        words["source"] += [f"zone {quoted(zone)}" for zone in zones]
        words["target"] = [zone for zone in zones if zone != DEFAULT_ZONE]
    return words


def _entry_json(entry: Entry) -> EntryJson:
    return {"line": entry.location.line, "values": values_of(entry)}


def _around(config: str, texts: Mapping[str, str]) -> Surroundings:
    return surroundings_in(config, FileSet(texts).at(config))
