"""A dial plan as a picture: from the zones that rules name as source, over the rules in their order, to the targets."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from dialplan.model import Dialplan, SearchRule, SourceMode

ROW, TOP, RULE_X, RULE_WIDTH, ZONE_X, ZONE_WIDTH, SOURCE_WIDTH = 30, 34, 220, 330, 660, 190, 170
"""Pixels."""
MOST = 200
"""Rules in one picture."""
_CHARACTER = 7.0
_WORDS = {SourceMode.ANY: "any zone", SourceMode.ALL_ZONES: "all zones", SourceMode.LOCAL_ZONE: "Local Zone"}


def rule_graph(plan: Dialplan, hits: Mapping[str, int]) -> Markup:
    """``hits``: rule -> how often it was used lately."""
    rules = sorted(plan.rules, key=lambda rule: rule.priority)[:MOST]
    sources = list(dict.fromkeys(map(_source, rules)))
    targets = list(dict.fromkeys(rule.target for rule in rules))
    height = TOP + ROW * max(len(rules), len(sources), len(targets), 1) + 10
    words = f"{len(rules)} rules by priority, from {len(sources)} sources to {len(targets)} zones"
    size = {"viewBox": f"0 0 860 {height}", "width": "860", "height": str(height), "class": "graph"}
    root = Element("svg", {**size, "role": "img", "aria-label": words})
    for x, title in ((10, "from"), (RULE_X, "rules, by priority"), (ZONE_X, "to zone")):
        SubElement(root, "text", {"x": str(x), "y": "20", "class": "head"}).text = title
    left = {name: _middle(number, len(sources), height) for number, name in enumerate(sources)}
    right = {name: _middle(number, len(targets), height) for number, name in enumerate(targets)}
    most = max(hits.values(), default=0)
    for number, rule in enumerate(rules):
        y, used = TOP + ROW * number + ROW // 2, hits.get(rule.name, 0)
        _rule(root, rule, y, left[_source(rule)], right[rule.target], used, most)
    for name, y in left.items():
        _box(root, 10, y, SOURCE_WIDTH, name, "source")
    for name, y in right.items():
        _box(root, ZONE_X, y, ZONE_WIDTH, name, "target")
    return Markup(tostring(root, encoding="unicode"))


def _rule(root: Element, rule: SearchRule, y: int, source: int, target: int, used: int, most: int) -> None:
    """Its lines are the thicker the more it was ``used``."""
    group = SubElement(root, "g", {} if rule.enabled else {"class": "off"})
    style = {"stroke-width": f"{1 + 5 * used / most if most else 1:.1f}"}
    _curve(group, 10 + SOURCE_WIDTH, source, RULE_X, y, style)
    _curve(group, RULE_X + RULE_WIDTH, y, ZONE_X, target, style)
    pattern = rule.pattern if rule.uses_pattern else "any alias"
    words = f"{rule.priority} {rule.name}: {pattern}" + (f"  ({used})" if used else "")
    _box(group, RULE_X, y, RULE_WIDTH, words, "rule")


def _curve(root: Element, x1: int, y1: int, x2: int, y2: int, style: Mapping[str, str]) -> None:
    middle = (x1 + x2) // 2
    SubElement(root, "path", {"d": f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}", **style})


def _box(root: Element, x: int, y: int, width: int, text: str, kind: str) -> None:
    place = {"x": str(x), "y": str(y - 11), "width": str(width), "height": "22", "rx": "3"}
    box = SubElement(root, "rect", {**place, "class": kind})
    SubElement(box, "title").text = _plain(text)
    SubElement(root, "text", {"x": str(x + 6), "y": str(y + 4)}).text = _cut(_plain(text), width)


def _source(rule: SearchRule) -> str:
    return rule.source_name if rule.source is SourceMode.NAMED else _WORDS[rule.source]


def _middle(number: int, of: int, height: int) -> int:
    return TOP + round((number + 0.5) * (height - TOP - 10) / of)


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _cut(text: str, width: int) -> str:
    room = int((width - 12) / _CHARACTER)
    return text if len(text) <= room else f"{text[: room - 1]}\N{HORIZONTAL ELLIPSIS}"
