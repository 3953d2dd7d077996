"""Domains whose border is open: ``.*example\\.com`` also matches notexample.com, ``.*@example\\.com.*`` also
example.com.third.example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dialplan.analysis import Language, NotProved, text_runs
from dialplan.check.witnesses.context import Context
from dialplan.check.witnesses.entries import entries, pattern_place, request_for
from dialplan.check.witnesses.finding import Finding, Level
from dialplan.model import Entry, PatternType
from dialplan.pattern.escaping import escape
from dialplan.syntax import Alternation, Group, Node

from .dots import escaped, suspicious_dots

_NAMES = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*"
_AT_START = re.compile(rf"({_NAMES})(?:[:;].*)?")
_AT_END = re.compile(rf"(?:.*?[@.])??({_NAMES})", re.DOTALL)
LABELS_OF_A_HOST = 3
"""A pattern that begins with fewer, like ``alice.smith``, may mean the name of a user."""


@dataclass(frozen=True, slots=True)
class Border:
    """One end of ``domain``, a text of the pattern with something of any length beside it."""

    domain: str
    front: bool

    def strangers(self, alias: str) -> list[str]:
        """The same address at other domains, which only share these letters."""
        others = ("not{}", "x{}", "0{}") if self.front else ("{}.third.example", "{}x", "{}0", "{}-x")
        return [alias.replace(self.domain, other.format(self.domain)) for other in others]


def open_domains(context: Context) -> Iterator[Finding]:
    for entry in entries(context.plan.dialplan):
        node = context.languages.node(entry, context.plan)
        node = escaped(node, frozenset(suspicious_dots(node)))  # those have a finding of their own
        borders = sorted(borders_of(node), key=lambda border: border.domain)
        for front in (True, False):
            try:
                yield from _first(context, entry, [border for border in borders if border.front is front])
            except NotProved:
                context.not_proved(f'whether "{entry.pattern}" matches other domains')


def borders_of(node: Node) -> set[Border]:
    """``node``: expanded. Whether another domain fits is not asked here."""
    while isinstance(node, Group):
        node = node.body
    if isinstance(node, Alternation):
        return set[Border]().union(*map(borders_of, node.branches))
    runs = text_runs(node)
    borders: set[Border] = set()
    for number, texts in enumerate(runs):
        for text in texts or ():
            if number and (match := _AT_START.fullmatch(text)):
                borders.add(Border(match[1], True))
            if number + 1 < len(runs) and (match := _AT_END.fullmatch(text)) and _is_host(match[1], text, number):
                borders.add(Border(match[1], False))
    return borders


def _is_host(domain: str, text: str, number: int) -> bool:
    return number > 0 or "@" in text or domain.count(".") + 1 >= LABELS_OF_A_HOST


def _first(context: Context, entry: Entry, borders: list[Border]) -> Iterator[Finding]:
    """A finding about the first border that lets another domain in."""
    language = context.languages.language(context.languages.node(entry, context.plan))
    for border in borders:
        alias = _abused(context, language, border)
        if alias is not None:
            yield _finding(context, entry, border, alias)
            return


def _abused(context: Context, language: Language, border: Border) -> str | None:
    """An alias of another domain that the pattern matches, made of one of the domain itself; None when none is found.

    Asking automata for any such alias takes ten times as long, and finds no more in the plans of tools/bench/check.py.
    """
    for alias in (f"alice@{border.domain}", border.domain, context.witnesses.natural(language) or ""):
        if border.domain in alias and alias in language:
            for stranger in border.strangers(alias):
                if stranger in language:
                    return stranger
    return None


def _finding(context: Context, entry: Entry, border: Border, alias: str) -> Finding:
    query, claim = request_for(context, entry, alias)
    found = re.search(re.escape(escape(border.domain)) + "|" + re.escape(border.domain), entry.pattern, re.IGNORECASE)
    place = pattern_place(context.plan.dialplan, entry, found.start() if found else 0)
    end = "in front" if border.front else "at its end"
    why = f'{border.domain} in the pattern of "{entry.name}" is open {end}: it matches {alias} too'
    return Finding("open-domain", Level.WARNING, place, why, _mend(entry, border), entry.name, query, claim)


def _mend(entry: Entry, border: Border) -> str:
    if not border.front:
        if entry.pattern_type is PatternType.REGEX:
            return "close it with (;.*|:.*)? instead of .*"
        return f'write pattern type regex and "{escape(entry.pattern)}(;.*|:.*)?"'
    if entry.pattern_type is PatternType.SUFFIX:
        return f'write @ in front: "@{entry.pattern}"'
    domain = escape(border.domain)
    return rf"write @ in front: .*@{domain}, or (.*[@.])?{domain} with what is below it and with Routes to it"
