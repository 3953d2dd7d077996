"""Domains whose border is open: ``.*example\\.com`` also matches notexample.com, ``.*@example\\.com.*`` also
example.com.third.example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dialplan.analysis import DOMAIN, LABEL, TAIL, USER, Language, NotProved, natural, text_runs
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
_USER = rf"({USER}@)?"
_HOST = rf"{_USER}({LABEL}\.)*"
LABELS_OF_A_HOST = 3
"""A pattern that begins with fewer, like ``alice.smith``, may mean the name of a user."""


@dataclass(frozen=True, slots=True)
class Border:
    """One end of ``domain``, a text of the pattern with something of any length beside it."""

    domain: str
    front: bool

    @property
    def strangers(self) -> tuple[str, str]:
        """Patterns for addresses of other domains that only share these letters, the plainest first."""
        domain = escape(self.domain)
        if self.front:
            return f"{_HOST}not{domain}", f"{_HOST}{LABEL}{domain}"
        return rf"{_HOST}{domain}\.third\.example", rf"{_HOST}{domain}(-*{LABEL}|\.{DOMAIN})"

    @property
    def meant(self) -> str:
        return f"{_HOST}{escape(self.domain)}{TAIL}"


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
        alias = _abused(language, border)
        if alias is not None:
            yield _finding(context, entry, border, alias)
            return


def _abused(language: Language, border: Border) -> str | None:
    """An alias of another domain that the pattern matches; None when there is none, or the domain is not matched."""
    meant = _shape(border.meant, language)
    if not language.meets(meant):
        return None
    aliases = (natural(language & _shape(pattern, language) - meant) for pattern in border.strangers)
    return next((alias for alias in aliases if alias is not None), None)


def _shape(pattern: str, language: Language) -> Language:
    return Language.of(PatternType.REGEX, pattern, alphabet=language.alphabet)


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
