from __future__ import annotations

from xml.etree import ElementTree

from dialplan.model import SearchRule, SourceMode
from sipedge.expressway.page import Part, page, rule_graph

EVIL = '"><script>alert(1)</script>&'


def test_names_from_a_box_are_text() -> None:
    rule = SearchRule(name=EVIL, target=EVIL, source=SourceMode.NAMED, source_name=EVIL, enabled=False)
    text = page(EVIL, [Part("a", False, (EVIL,)), Part("b", True)], [(EVIL, [rule])])
    assert "<script" not in text and "look at this" in text and ">good<" in text


def test_the_drawing_has_a_line_from_source_to_target_of_each_rule() -> None:
    rules = [SearchRule(name=f"rule {n}", priority=9 - n, target="A" if n % 2 else "B") for n in range(5)]
    drawing = ElementTree.fromstring(rule_graph([*rules, SearchRule(name="x" * 60, target="A")]))
    texts = [node.text or "" for node in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:3] == ["any", "B", "A"] or texts[:3] == ["any", "A", "B"]
    assert texts[3:] == [*(f"{9 - n}  rule {n}" for n in reversed(range(5))), "100  " + "x" * 36 + "…"]
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}path"))) == 6
