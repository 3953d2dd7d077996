"""A ladder as SVG and as Mermaid, for tickets and pages. Pure: the same records as ladder.py takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from .ladder import Arrow, Heading, Note, Record

_COLUMN, _ROW, _TOP, _LEFT = 240, 26, 46, 110
_CHARACTER = 7.3
"""Pixels."""
_FONT = {"font-family": "monospace", "font-size": "12"}
_BLUE, _RED, _BROWN, _GREY = "#1f5fa8", "#b3261e", "#8a5a00", "#777777"
_CHALLENGES = ("401", "407")


def mermaid(records: Iterable[Record], columns: Sequence[str]) -> str:
    """A ``sequenceDiagram``."""
    names = {column: f"P{number}" for number, column in enumerate(columns, 1)}
    lines = ["sequenceDiagram", *(f"    participant {name} as {_plain(column)}" for column, name in names.items())]
    ends = ",".join(dict.fromkeys((next(iter(names.values()), ""), list(names.values())[-1] if names else "")))
    for record in records:
        match record:
            case Heading(text=text):
                lines.append(f"    Note over {ends}: {_plain(text)}")
            case Arrow(source=source, target=target, label=label):
                lines.append(f"    {names[source]}->>{names[target]}: {_plain(label)}")
            case Note(column=column, text=text):
                lines.append(f"    Note over {names[column]}: {_plain(text)}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Without line ends; characters that Mermaid takes for its own become entities."""
    escaped = text.replace("#", "#35;").replace(";", "#59;").replace("#35#59;", "#35;")
    return "".join(character if character.isprintable() else " " for character in escaped) or " "


def svg(records: Sequence[Record], columns: Sequence[str]) -> str:
    """A picture that needs nothing from elsewhere."""
    longest = max((len(record.text) for record in records if isinstance(record, Heading)), default=0)
    width = max(_LEFT + _COLUMN * max(len(columns), 1), int(longest * _CHARACTER) + 13)
    height = _TOP + _ROW * (len(records) + 2)
    root = Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "width": str(width), "height": str(height), **_FONT},
    )
    SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "white"})
    at = {name: _LEFT + _COLUMN // 2 + number * _COLUMN for number, name in enumerate(columns)}
    for name, x in at.items():
        _text(root, x, 22, _cut(name, _COLUMN), weight="bold", anchor="middle")
        _line(root, x, _TOP - 14, x, height - 8, "#cccccc")
    start = records[0].time if records else 0.0
    for number, record in enumerate(records):
        y = _TOP + _ROW * (number + 1)
        match record:
            case Heading(text=text):
                SubElement(root, "rect", {"x": "0", "y": str(y - 16), "width": "100%", "height": "22", "fill": "#eef"})
                _text(root, 6, y, text, weight="bold")
            case Arrow():
                _text(root, 6, y, f"{record.time - start:9.3f}", fill=_GREY)
                _arrow(root, at[record.source], at[record.target], y, record.label)
            case Note(column=column, text=text):
                _text(root, at[column] + 6, y - 8, _cut(text, width - at[column]), fill=_GREY)
    return tostring(root, encoding="unicode") + "\n"


def _arrow(root: Element, start: int, end: int, y: int, label: str) -> None:
    """The label stands above the line; failures are red, but a challenge is none."""
    words = label.split(" ", 2)
    status = words[1] if len(words) > 1 and words[1].isdigit() else ""
    colour = _BROWN if status in _CHALLENGES else _RED if status >= "400" else _BLUE
    _line(root, start, y, end, y, colour)
    tip = 7 if end < start else -7
    points = f"{end},{y} {end + tip},{y - 4} {end + tip},{y + 4}"
    SubElement(root, "polygon", {"points": points, "fill": colour})
    _text(root, (start + end) // 2, y - 5, _cut(label, abs(end - start) or _COLUMN), anchor="middle", fill=colour)


def _line(root: Element, x1: int, y1: int, x2: int, y2: int, colour: str) -> None:
    ends = {"x1": str(x1), "y1": str(y1), "x2": str(x2), "y2": str(y2)}
    SubElement(root, "line", {**ends, "stroke": colour})


def _text(root: Element, x: int, y: int, text: str, *, weight: str = "", anchor: str = "", fill: str = "") -> None:
    extras = {"font-weight": weight, "text-anchor": anchor, "fill": fill}
    node = SubElement(
        root, "text", {"x": str(x), "y": str(y), **{key: value for key, value in extras.items() if value}}
    )
    node.text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _cut(text: str, pixels: int) -> str:
    """As many characters as there is room for."""
    room = max(4, int((pixels - 12) / _CHARACTER))
    return text if len(text) <= room else text[: room - 1] + "…"
