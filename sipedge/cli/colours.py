"""Whether anything may be coloured at all; where the output is no terminal, nothing is."""

from __future__ import annotations

import os


def colourful() -> bool:
    """Not with NO_COLOR (no-color.org: set, and not empty), nor on a terminal that knows no colours."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
