"""The nightly report as one page of HTML without scripts, with the rules drawn from their sources to their targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from dialplan.model import SearchRule

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222 }
h1 { font-size: 1.4em } h2 { font-size: 1.1em; margin-top: 2em }
.good { color: #17692b } .bad { color: #a3141d } pre { background: #f4f4f4; padding: .7em; overflow-x: auto }
svg text { font: 12px system-ui, sans-serif } svg .off { opacity: .4 }
"""
_ROW, _WIDTH, _RULE, _TARGET = 24, 1060, 350, 740
"""Pixels: height of a row, width of the drawing, where the columns of rules and of targets begin."""
_LONGEST = 42
"""Characters of one name in the drawing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One question that the report answers. ``lines``: what was found, one thought each."""

    name: str
    good: bool
    lines: tuple[str, ...] = ()


Plan = tuple[str, Sequence[SearchRule]]
"""(which box, its rules)."""


def page(title: str, parts: Sequence[Part], plans: Sequence[Plan]) -> str:
    """``title``: which boxes, and when."""
    sections = [_section(part) for part in parts]
    sections += [f"<h2>{escape(box)}: search rules, by priority</h2>\n{rule_graph(rules)}\n" for box, rules in plans]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>\n"
        f"<h1>{escape(title)}</h1>\n{''.join(sections)}</body></html>\n"
    )


def rule_graph(rules: Sequence[SearchRule]) -> str:
    """SVG: on the left where a rule's requests come from, on the right where they go; a disabled rule is pale."""
    ordered = sorted(rules, key=lambda rule: rule.priority)
    sources = _rows(_source(rule) for rule in ordered)
    targets = _rows(rule.target for rule in ordered)
    height = (max(len(ordered), len(sources), len(targets)) + 1) * _ROW
    drawn = [_texts(sources, 0), _texts(targets, _TARGET)]
    for row, rule in enumerate(ordered, start=1):
        y = row * _ROW
        left, right = sources[_source(rule)] * _ROW, targets[rule.target] * _ROW
        off = "" if rule.enabled else ' class="off"'
        drawn.append(
            f'<g{off}><path d="{_curve(_RULE - 70, left, _RULE - 8, y)} {_curve(_TARGET - 70, y, _TARGET - 8, right)}" '
            f'fill="none" stroke="#8aa"/>{_text(_RULE, y, f"{rule.priority}  {rule.name}")}</g>'
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}">{"".join(drawn)}</svg>'


def _source(rule: SearchRule) -> str:
    return rule.source_name or rule.source.value


def _section(part: Part) -> str:
    kind, word = ("good", "good") if part.good else ("bad", "look at this")
    lines = escape("\n".join(part.lines))
    body = f"<pre>{lines}</pre>\n" if lines else ""
    return f'<h2>{escape(part.name)}: <span class="{kind}">{word}</span></h2>\n{body}'


def _rows(names: Iterable[str]) -> dict[str, int]:
    return {name: row for row, name in enumerate(dict.fromkeys(names), start=1)}


def _texts(rows: dict[str, int], x: int) -> str:
    return "".join(_text(x, row * _ROW, name) for name, row in rows.items())


def _text(x: int, y: int, text: str) -> str:
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f'<text x="{x}" y="{y + 4}">{escape(shown)}</text>'


def _curve(x: int, y: int, to_x: int, to_y: int) -> str:
    middle = (x + to_x) // 2
    return f"M{x},{y} C{middle},{y} {middle},{to_y} {to_x},{to_y}"
