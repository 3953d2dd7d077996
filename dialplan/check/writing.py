"""Patterns that say something else than they seem to: a regex as plain text, a scheme, anchors, no match at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialplan.analysis import NotProved
from dialplan.check.addresses import matches_no_address
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.entries import entries, pattern_place
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.model import PatternType
from dialplan.pattern.parser import parse_pattern
from dialplan.syntax import Alternation, Anchor, Group, Node, Sequence

_REGEX_LIKE = re.compile(r"\\.|\.\*|\.\+|[*^$|()\[\]{}?]")
_STAR_CODE = re.compile(r"\*\d*")
"""``*98`` is a number that people dial."""
_SCHEME = re.compile(r"\^?\(?(?:\?:)?(sips?)\\?:", re.IGNORECASE)


def matches_nothing(context: Context) -> Iterator[Finding]:
    for entry in entries(context.plan.dialplan):
        language = context.languages.language(context.languages.node(entry, context.plan))
        try:
            partly = matches_no_address(context, entry, language)
            empty = partly is not None and language.is_empty()
        except NotProved:
            context.not_proved(f'whether "{entry.pattern}" matches anything')
            continue
        if empty:
            why = f'the pattern of {entry.kind.value} "{entry.name}" matches no alias at all'
            mend = "look for ^ or $ in the middle, look-arounds that exclude all, and variables without a value"
            yield Finding(
                "matches-nothing", Level.ERROR, pattern_place(context.plan.dialplan, entry), why, mend, entry.name
            )
        elif partly is not None:
            yield partly


def looks_like_regex(context: Context) -> Iterator[Finding]:
    for entry in entries(context.plan.dialplan):
        if entry.pattern_type is PatternType.REGEX:
            continue
        sign = _REGEX_LIKE.search(entry.pattern)
        if sign and not _STAR_CODE.fullmatch(entry.pattern):
            yield Finding(
                "looks-like-regex",
                Level.WARNING,
                pattern_place(context.plan.dialplan, entry, sign.start()),
                f'the pattern of {entry.kind.value} "{entry.name}" looks like a regex, but as pattern type '
                f"{entry.pattern_type.value} every character stands for itself",
                "write pattern type regex, or the text as it is in the alias",
                entry.name,
            )


def scheme(context: Context) -> Iterator[Finding]:
    for entry in entries(context.plan.dialplan):
        match = _SCHEME.match(entry.pattern) if entry.pattern_type is not PatternType.SUFFIX else None
        if match:
            yield Finding(
                "scheme-in-pattern",
                Level.WARNING,
                pattern_place(context.plan.dialplan, entry, match.start(1)),
                f'the pattern of {entry.kind.value} "{entry.name}" begins with "{match[1]}:", '
                "but an alias has no scheme",
                f'leave "{match[1]}:" out',
                entry.name,
            )


def anchors(context: Context) -> Iterator[Finding]:
    for entry in entries(context.plan.dialplan):
        if entry.pattern_type is not PatternType.REGEX or not ("^" in entry.pattern or "$" in entry.pattern):
            continue
        tree = context.plan.dialplan.syntax.get(entry.pattern) or parse_pattern(entry.pattern)
        offsets = sorted(useless_anchors(tree, True, True))
        if offsets:
            sign = entry.pattern[offsets[0]]
            yield Finding(
                "useless-anchor",
                Level.NOTE,
                pattern_place(context.plan.dialplan, entry, offsets[0]),
                f'{sign} in the pattern of {entry.kind.value} "{entry.name}" does nothing: the whole alias must match',
                "leave it out; for a match anywhere in the alias write .* on that side",
                entry.name,
            )


def useless_anchors(node: Node, first: bool, last: bool) -> set[int]:
    """Offsets of ``^`` at the start and ``$`` at the end of the whole pattern."""
    if isinstance(node, Anchor):
        return {node.at} if (first if node.start else last) else set()
    if isinstance(node, Group):
        return useless_anchors(node.body, first, last)
    if isinstance(node, Alternation):
        return set[int]().union(*(useless_anchors(branch, first, last) for branch in node.branches))
    if isinstance(node, Sequence) and node.items:
        begin = useless_anchors(node.items[0], first, last and len(node.items) == 1)
        return begin | useless_anchors(node.items[-1], first and len(node.items) == 1, last)
    return set()
