"""Counts and rules as pictures that can be read aloud, too."""

from __future__ import annotations

from itertools import pairwise
from xml.etree.ElementTree import fromstring

import pytest
from support.decisions import PLAN, plan_of

from sipedge.console.shown.plots import answers, latency
from sipedge.console.shown.rule_graph import rule_graph
from sipedge.history.wish import Counted

SVG = "{http://www.w3.org/2000/svg}"


def _counted(good: list[int], bad: list[int], times: list[float | None]) -> Counted:
    return Counted(1_790_000_040.0, 60, {"2xx": good, "5xx": bad}, {}, {}, times, times)


def test_bars_stand_for_what_was_answered_well_and_what_was_not() -> None:
    root = fromstring(answers(_counted([10, 0, 5], [0, 0, 5], [1.0, None, 2.0])))
    bars = root.findall("rect")
    assert [bar.get("class") for bar in bars] == ["ok", "ok", "fail"]
    assert float(bars[1].get("height", "")) == pytest.approx(float(bars[2].get("height", "")))
    assert root.get("aria-label") == "20 requests, 5 of them failed; at most 10 in 1 min"
    title = bars[2].find("title")
    assert title is not None and title.text is not None and title.text.endswith(": 5 well, 5 failed")


def test_nothing_is_a_picture_too() -> None:
    empty = Counted(0.0, 60, {}, {}, {}, [], [])
    assert fromstring(answers(empty)).findall("rect") == [] and fromstring(latency(empty)).findall("polyline") == []


@pytest.mark.parametrize(("step", "words"), [(60, 5), (1440, 5), (10080, 4), (43200, 4)])
def test_words_below_the_axis_do_not_touch(step: int, words: int) -> None:
    counted = Counted(1_790_000_040.0, step, {"2xx": [1] * 61}, {}, {}, [1.0] * 61, [1.0] * 61)
    below = [text for text in fromstring(answers(counted)).findall("text") if text.get("text-anchor") is None]
    places = [float(text.get("x", "")) for text in below]
    wide = 7 * max(len(text.text or "") for text in below)
    assert all(right - left > wide for left, right in pairwise(places))
    assert words - 1 <= len(below) <= words + 1


def test_a_line_breaks_where_nothing_came() -> None:
    root = fromstring(latency(_counted([1] * 5, [0] * 5, [4.0, 8.0, None, 2.0, None])))
    assert [line.get("class") for line in root.findall("polyline")] == ["line high", "line middle"]
    assert [point.get("class") for point in root.findall("circle")] == ["high", "middle"], "alone, between two holes"
    assert "at most 8" in root.get("aria-label", "")


@pytest.mark.parametrize(
    ("top", "label"), [(0, "1"), (1, "1"), (3, "5"), (9, "10"), (11, "20"), (480, "500"), (0.3, "0.5")]
)
def test_the_axis_ends_at_a_round_number(top: float, label: str) -> None:
    root = fromstring(latency(_counted([1], [0], [top])))
    assert [text.text for text in root.findall("text")][2] == f"{label} ms"


def test_each_rule_joins_its_source_and_its_target() -> None:
    root = fromstring(rule_graph(plan_of().dialplan, {"imp": 4}))
    texts = [text.text or "" for text in root.iter("text")]
    assert "20 imp: @example.com  (4)" in texts and "IM&P" in texts and "any zone" in texts
    widths = [float(path.get("stroke-width", "")) for path in root.iter("path")]
    assert widths == [6.0, 6.0, 1.0, 1.0]


def test_what_is_odd_in_a_rule_is_text_in_the_picture() -> None:
    odd = plan_of(PLAN.replace("@example.com", "<script>@x"))
    assert "<script>" not in rule_graph(odd.dialplan, {})
