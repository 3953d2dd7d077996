"""What an editor asks about one text of a draft: mistakes, what may follow, what stands here. Lines count from 1."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TypedDict

from dialplan.problem import Problem
from sipedge.config import ConfigError, load_config
from sipedge.config.reading.files import in_folder_of
from sipedge.control.refusal import Refused
from sipedge.lsp.abilities import completions, diagnostics, entry_at, formatted, pattern_help
from sipedge.lsp.cases import case_help, case_offer
from sipedge.lsp.surroundings import Surroundings, surroundings_in
from sipedge.lsp.text import CASES, place_at, value_around
from sipedge.revisions.files import FileSet, set_of

MOST = 200
"""Mistakes that are shown."""


class MarkJson(TypedDict):
    """One mistake or finding."""

    line: int
    column: int
    """Both from 1; 0 for the file as a whole."""
    level: str
    """``error``, ``warning`` or ``note``."""
    message: str
    id: str
    """Of a finding; ''."""


class OfferJson(TypedDict):
    """What may stand at the cursor, in the place of the characters from ``start`` to ``end`` (from 0) of its line."""

    start: int
    end: int
    words: list[str]


def marks(config: str, texts: Mapping[str, str], name: str) -> list[MarkJson]:
    """Of the text ``name`` of a draft: a dial plan, a case file or ``edge.toml`` itself."""
    path = in_folder_of(config, name)
    if name == os.path.basename(config):
        problems = _mistakes(config, texts)
        return [_mark(each) for each in problems if os.path.abspath(each.location.file) == os.path.abspath(path)][:MOST]
    found = diagnostics(texts[name], path, _around(config, texts))[:MOST]
    return [
        {
            "line": each.location.line,
            "column": each.location.column,
            "level": each.level.value,
            "message": each.message,
            "id": each.id,
        }
        for each in found
    ]


def offer(config: str, texts: Mapping[str, str], name: str, line: int, column: int) -> OfferJson:
    """``column``: characters before the cursor. A configuration gets no offers."""
    rows = texts[name].split("\n")
    if name.endswith(CASES):
        start, end, words = case_offer(texts[name], in_folder_of(config, name), line, column, FileSet(texts).at(config))
        return {"start": start, "end": end, "words": words}
    if name == os.path.basename(config) or not 0 < line <= len(rows):
        return {"start": column, "end": column, "words": []}
    place = place_at(texts[name], line - 1, column)
    start, end = value_around(rows[line - 1], column, place.value)
    return {"start": start, "end": end, "words": completions(place, _around(config, texts))}


def help_at(config: str, texts: Mapping[str, str], name: str, line: int) -> str:
    """What the pattern of the rule on a line matches, or where the request of the case goes, as Markdown; '' where
    there is none."""
    if name.endswith(CASES):
        return case_help(texts[name], in_folder_of(config, name), line, FileSet(texts).at(config))
    if name == os.path.basename(config):
        return ""
    entry = entry_at(texts[name], in_folder_of(config, name), line)
    return "" if entry is None else pattern_help(entry, _around(config, texts))


def laid_out(config: str, texts: Mapping[str, str], name: str) -> str:
    """In the one layout; a text with mistakes and a configuration as they are."""
    is_plan = name != os.path.basename(config)
    return formatted(texts[name], in_folder_of(config, name)) if is_plan else texts[name]


def _mistakes(config: str, texts: Mapping[str, str]) -> Sequence[Problem]:
    try:
        load_config(config, create_secret=False, texts=set_of(config, texts).at(config))
    except (Refused, ConfigError) as error:
        return error.problems
    return ()


def _mark(problem: Problem) -> MarkJson:
    message = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    place = problem.location
    return {"line": place.line, "column": place.column, "level": "error", "message": message, "id": ""}


def _around(config: str, texts: Mapping[str, str]) -> Surroundings:
    return surroundings_in(config, FileSet(texts).at(config))
