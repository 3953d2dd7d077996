"""Counts over time as pictures. What they show is said in words, too, for who does not see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import log10
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from sipedge.history.wish import Counted

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 400, 150, 50, 22, 10
"""Of the picture, and of what lies around the plot in it: pixels. It is hardly wider than a small screen, on which its
words are to be read, too."""
LETTER, GAP = 7, 18
"""Pixels of a letter below the axis, and between two words there."""
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
    for kind, values in (("high", counted.high), ("middle", counted.median)):
        for points in _runs(values, bins, top):
            if len(points) > 1:
                places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
                SubElement(root, "polyline", {"points": places, "class": f"line {kind}"})
            else:
                ((x, y),) = points
                SubElement(root, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "2.5", "class": kind})
    return _markup(root)


def _added(classes: Mapping[str, Sequence[int]], bins: int, failed: bool) -> list[int]:
    chosen = [numbers for name, numbers in classes.items() if (name in FAILED) is failed]
    return [sum(numbers[number] for numbers in chosen) for number in range(bins)]


def _picture(words: str) -> Element:
    size = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "width": str(WIDTH), "height": str(HEIGHT)}
    return Element("svg", {**size, "class": "plot", "role": "img", "aria-label": words})


def _axes(root: Element, counted: Counted, bins: int, top: float, unit: str) -> None:
    floor = HEIGHT - BELOW
    for part in (0.0, 0.5, 1.0):
        y = floor - part * (floor - ABOVE)
        ends = {"x1": str(LEFT), "y1": f"{y:.0f}", "x2": str(WIDTH), "y2": f"{y:.0f}"}
        SubElement(root, "line", {**ends, "class": "axis" if part == 0 else "mark"})
        place = {"x": str(LEFT - 6), "y": f"{y + 4:.0f}", "text-anchor": "end"}
        SubElement(root, "text", place).text = f"{part * top:g}{unit if part else ''}"
    for number in range(0, bins, _every(counted, bins)):
        word = _word(counted, number)
        if (x := _place(number, bins)) + LETTER * len(word) < WIDTH:
            SubElement(root, "text", {"x": f"{x:.0f}", "y": str(HEIGHT - 5)}).text = word


def _every(counted: Counted, bins: int) -> int:
    """Bins from one word below the axis to the next one."""
    most = (WIDTH - LEFT) // (LETTER * len(_word(counted, 0)) + GAP)
    return max(1, -(-bins // most))


def _runs(values: Sequence[float | None], bins: int, top: float) -> list[list[tuple[float, float]]]:
    """The points of each stretch without a hole."""
    runs, points = list[list[tuple[float, float]]](), list[tuple[float, float]]()
    for number, value in enumerate([*values, None]):
        if value is not None:
            points.append((_place(number, bins) + 2, HEIGHT - BELOW - _height(value, top)))
        elif points:
            runs.append(points)
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
    """When a bin begins, in UTC."""
    return f"{_begin(counted, number):%d %b %H:%M}"


def _word(counted: Counted, number: int) -> str:
    """The same, as short as it can be below the axis."""
    whole = counted.step * (len(counted.median) - 1)
    return f"{_begin(counted, number):{'%H:%M' if whole <= DAY else '%d %b'}}"


def _begin(counted: Counted, number: int) -> datetime:
    return datetime.fromtimestamp(counted.since + number * counted.step, UTC)


def _markup(root: Element) -> Markup:
    return Markup(tostring(root, encoding="unicode"))
