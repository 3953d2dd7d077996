"""Counts over time as pictures. What they show is said in words, too, for who does not see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import log10
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from sipedge.history.wish import Counted

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 640, 150, 46, 20, 8
"""Of the picture, and of what lies around the plot in it: pixels."""
FAILED = ("4xx", "5xx", "6xx")
DAY = 86400


def answers(counted: Counted) -> Markup:
    """Bars: what was answered well, and on top of it what was not."""
    bins = len(next(iter(counted.classes.values()), ()))
    good, bad = (_added(counted.classes, bins, failed) for failed in (False, True))
    top = max((one + other for one, other in zip(good, bad, strict=True)), default=0)
    root = _picture(
        f"{counted.total} requests, {counted.failed} of them failed; at most {top} in {counted.step // 60} min"
    )
    _axes(root, counted, bins, _round_up(top), "")
    for number, (one, other) in enumerate(zip(good, bad, strict=True)):
        x, width = _place(number, bins), max(1.0, (WIDTH - LEFT) / max(bins, 1) - 1)
        low, high = _height(one, top), _height(one + other, top)
        title = f"{_clock(counted, number)}: {one} well, {other} failed"
        for kind, start, end in (("ok", 0.0, low), ("fail", low, high)):
            if end > start:
                box = {"x": f"{x:.1f}", "y": f"{HEIGHT - BELOW - end:.1f}", "width": f"{width:.1f}"}
                bar = SubElement(root, "rect", {**box, "height": f"{end - start:.1f}", "class": kind})
                SubElement(bar, "title").text = title
    return _markup(root)


def latency(counted: Counted) -> Markup:
    """Lines: the median, and the 99th percentile."""
    bins = len(counted.median)
    known = [value for values in (counted.median, counted.high) for value in values if value is not None]
    top = max(known, default=0.0)
    highest = max((value for value in counted.high if value is not None), default=0.0)
    root = _picture(f"Milliseconds until the final answer: the median, and the 99th percentile, at most {highest:.0f}")
    _axes(root, counted, bins, _round_up(top), " ms")
    for kind, values in (("line high", counted.high), ("line", counted.median)):
        for points in _runs(values, bins, top):
            SubElement(root, "polyline", {"points": points, "class": kind})
    return _markup(root)


def _added(classes: Mapping[str, Sequence[int]], bins: int, failed: bool) -> list[int]:
    chosen = [numbers for name, numbers in classes.items() if (name in FAILED) is failed]
    return [sum(numbers[number] for numbers in chosen) for number in range(bins)]


def _picture(words: str) -> Element:
    size = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "width": str(WIDTH), "height": str(HEIGHT)}
    return Element("svg", {**size, "class": "plot", "role": "img", "aria-label": words})


def _axes(root: Element, counted: Counted, bins: int, top: float, unit: str) -> None:
    floor = HEIGHT - BELOW
    ends = {"x1": str(LEFT), "y1": str(floor), "x2": str(WIDTH), "y2": str(floor)}
    SubElement(root, "line", {**ends, "class": "axis"})
    for part in (0.0, 0.5, 1.0):
        place = {"x": str(LEFT - 5), "y": f"{floor - part * (floor - ABOVE) + 4:.0f}", "text-anchor": "end"}
        SubElement(root, "text", place).text = f"{part * top:g}{unit if part else ''}"
    for number in range(0, bins, max(1, -(-bins // 6))):
        if (x := _place(number, bins)) < WIDTH - 40:
            SubElement(root, "text", {"x": f"{x:.0f}", "y": str(HEIGHT - 5)}).text = _clock(counted, number)


def _runs(values: Sequence[float | None], bins: int, top: float) -> list[str]:
    """A line for each stretch without a hole; one point alone is a short line."""
    runs, points = list[str](), list[str]()
    for number, value in enumerate([*values, None]):
        if value is not None:
            points.append(f"{_place(number, bins) + 2:.1f},{HEIGHT - BELOW - _height(value, top):.1f}")
        elif points:
            x, _, y = points[-1].partition(",")
            runs.append(" ".join(points if len(points) > 1 else [*points, f"{float(x) + 3:.1f},{y}"]))
            points = []
    return runs


def _place(number: int, bins: int) -> float:
    return LEFT + number * (WIDTH - LEFT) / max(bins, 1)


def _height(value: float, top: float) -> float:
    return value * (HEIGHT - BELOW - ABOVE) / (_round_up(top) or 1)


def _round_up(value: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1
    power = 10.0 ** int(log10(value) if value >= 1 else log10(value) - 1)
    return next(step * power for step in (1, 2, 5, 10, 20) if step * power >= value)


def _clock(counted: Counted, number: int) -> str:
    at = datetime.fromtimestamp(counted.since + number * counted.step, UTC)
    whole = counted.step * len(counted.median)
    return at.strftime("%H:%M" if whole <= DAY else "%d %b %H:%M" if whole <= 7 * DAY else "%d %b")


def _markup(root: Element) -> Markup:
    return Markup(tostring(root, encoding="unicode"))
