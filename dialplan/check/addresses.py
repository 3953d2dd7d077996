"""Patterns that match no address, and behaviours that make none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialplan.analysis import Language, NotProved, natural
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.entries import entries, pattern_place, request_for
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.model import Behavior, Entry, PatternType
from dialplan.pattern.folding import fold
from dialplan.pattern.parser import parse_pattern
from dialplan.pattern.pattern import compile_pattern, expanded_texts
from dialplan.pattern.replacement import parse_replacement
from dialplan.syntax import group_count

USER_AT_HOST = r"[^@ ]+@[^@ ]+"
ADDRESS = r"[^@ ]+(@[^@ ]+)?"
"""Of what an alias can be at most one is wrong: without a user, without a host, with two @."""
_ANY_ADDRESS = re.compile(ADDRESS)
_ADDRESS = re.compile(r"[^@\s]+@[a-z0-9\[][^@\s]*", re.IGNORECASE)
_NO_AT = re.compile(r"[^@\s]+")
_GROUP = re.compile(r"\$\{?([1-9])\}?")
_REGEX = re.compile(r"\.[*+]|[()|^]|\$")
"""What a regex has and a new address does not."""


def matches_no_address(context: Context, entry: Entry, language: Language) -> Finding | None:
    """``language``: of the entry's pattern, not empty. Raises NotProved when it is too large."""
    alias = context.plain_witness(language)
    if alias is not None and _ANY_ADDRESS.fullmatch(alias):
        return None
    alphabet = language.alphabet
    if language.meets(Language.of(PatternType.REGEX, ADDRESS, alphabet=alphabet)):
        return None
    alias = language.shortest() or ""
    why = f'the pattern of {entry.kind.value} "{entry.name}" matches no address: it is compared with the whole alias'
    query, claim = request_for(context, entry, alias)
    place = pattern_place(context.plan.dialplan, entry)
    return Finding(
        "matches-no-address", Level.WARNING, place, why, _completed(context, entry), entry.name, query, claim
    )


def _completed(context: Context, entry: Entry) -> str:
    """What would match an address: ``.*`` on the side where that helps."""
    if entry.pattern_type is not PatternType.REGEX:
        return f'write pattern type suffix for what ends in "{entry.pattern}"'
    sides = [f".*{entry.pattern}", f"{entry.pattern}.*"]
    if entry.pattern.startswith("(?"):
        sides.reverse()  # a look-ahead is about what is behind it
    for pattern in (*sides, f".*{entry.pattern}.*"):
        language = Language.of(PatternType.REGEX, pattern, context.plan.variables, context.languages.alphabet)
        if language.meets(Language.of(PatternType.REGEX, USER_AT_HOST, alphabet=language.alphabet)):
            return f"did you mean {pattern}"
    return "write .* for what else is in the alias"


def makes_no_address(context: Context) -> Iterator[Finding]:
    """Entries that turn an address into none. Each is shown by an alias that the live engine changes so."""
    for entry in entries(context.plan.dialplan):
        if entry.behavior not in (Behavior.REPLACE, Behavior.STRIP) or "behavior" not in entry.places:
            continue
        if _sound(context, entry):
            continue
        language = context.languages.language(context.languages.node(entry, context.plan))
        alias = _sample(context, language)
        if alias is None:
            continue
        result = _changed(context, entry, alias)
        if _wrong(entry, alias, result):
            yield _finding(context, entry, alias, result)


def _sound(context: Context, entry: Entry) -> bool:
    """Whether the result is plainly an address: one @ with a host behind it, and no sign of a regex."""
    if entry.behavior is Behavior.REPLACE and (_GROUP.search(entry.replace) or _REGEX.search(entry.replace)):
        return False
    text = entry.replace if entry.behavior is Behavior.REPLACE else ""
    if entry.pattern_type in (PatternType.PREFIX, PatternType.SUFFIX):
        matched = expanded_texts(entry.pattern, context.plan.variables)
        return all(old.count("@") == text.count("@") for old in matched)
    if entry.pattern_type is PatternType.EXACT:
        return _ADDRESS.fullmatch(text) is not None
    if "@" in text and "@" not in entry.pattern:
        return False
    tree = context.plan.dialplan.syntax.get(entry.pattern) or parse_pattern(entry.pattern)
    parts = parse_replacement(text, group_count(tree), context.plan.variables)
    return _ADDRESS.fullmatch("".join("1" if isinstance(part, int) else part for part in parts)) is not None


def _sample(context: Context, language: Language) -> str | None:
    """A well-formed alias, with an @ if there is one; None when there is none, or it cannot be found out."""
    shape = Language.of(PatternType.REGEX, USER_AT_HOST, alphabet=language.alphabet)
    try:
        return natural(language & shape) or context.witnesses.natural(language)
    except NotProved:
        return None


def _changed(context: Context, entry: Entry, alias: str) -> str:
    pattern = compile_pattern(
        entry.pattern_type, entry.pattern, context.plan.variables, context.plan.dialplan.syntax.get(entry.pattern)
    )
    return pattern.rewrite(entry.behavior, entry.replace, context.plan.variables)(alias, fold(alias))


def _wrong(entry: Entry, alias: str, result: str) -> bool:
    if _ADDRESS.fullmatch(result):
        return entry.behavior is Behavior.REPLACE and bool(_GROUP.search(result) or _REGEX.search(result))
    return "@" in alias or not _NO_AT.fullmatch(result)


def _finding(context: Context, entry: Entry, alias: str, result: str) -> Finding:
    query, claim = request_for(context, entry, alias)
    field = "replace" if entry.behavior is Behavior.REPLACE else "behavior"
    place = entry.places.get(field, entry.location)
    why = f'"{entry.name}" makes no address of {alias}: the new alias is "{result}"'
    return Finding("makes-no-address", Level.WARNING, place, why, _mend(entry), entry.name, query, claim)


def _mend(entry: Entry) -> str:
    if entry.behavior is Behavior.STRIP:
        return "write behavior leave, or replace with the new end"
    if _GROUP.search(entry.replace):
        meant = _GROUP.sub(r"\\\1", entry.replace)
        return f'a group is \\1 here: write "{meant}"'
    if _REGEX.search(entry.replace):
        return "nothing in a replace string is a regex: write the address, with \\1 for what ( ) in the pattern matched"
    if entry.pattern_type is PatternType.SUFFIX and "@" in entry.pattern and "@" not in entry.replace:
        return f'write "@{entry.replace}"'
    return r"write user@host; \1 stands for what the first ( ) of a regex matched"
