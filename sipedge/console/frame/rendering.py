"""Templates. All text that a peer may have written passes ``escaped`` and HTML's escapes, wherever it stands."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from sipedge.control.times import moment, span_text
from sipedge.control.words import short
from sipedge.printable import escaped

FOLDER = Path(__file__).resolve().parent.parent / "templates"


def rendered(template: str, **values: object) -> str:
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    """Autoescape is on for every template, and a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "moment": moment,
        "span": span_text,
        "short": short,
        "lines": _lines,
        "since": _since,
        "exact": escape,
        "urlencode": _encoded,
        "ms": _milliseconds,
        "clock": _clock,
    }
    return made


def _shown(value: object) -> object:
    """Controls, directional marks and half characters as their escapes."""
    return escaped(value) if type(value) is str else "" if value is None else value


def _lines(text: str) -> Markup:
    """Text of more than a line, for ``pre`` and ``textarea``: each line made printable by itself."""
    return Markup("\n").join(escape(escaped(line)) for line in text.split("\n"))


def _encoded(text: str) -> str:
    """As a value in an address, half a character of a peer, too."""
    return quote(text, safe="/", errors="surrogatepass")


def _milliseconds(value: float | None) -> str:
    """Three digits tell enough."""
    return "" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _clock(epoch: float) -> str:
    """Of today the time alone."""
    day, _, hour = moment(epoch).partition(" ")
    return hour.rstrip("Z") if day == moment(time.time()).partition(" ")[0] else f"{day} {hour}"


def _since(epoch: float) -> str:
    return span_text(time.time() - epoch)
