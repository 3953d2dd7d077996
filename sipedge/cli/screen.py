"""Where trees and tables are drawn."""

from __future__ import annotations

import sys
from typing import Literal

from rich.console import Console

from .colours import colourful

UNWRAPPED = 10_000
"""Columns where nobody looks at a screen."""


def console() -> Console:
    """Standard output, as wide as the terminal; lines are not wrapped where there is none."""
    width = None if sys.stdout.isatty() else UNWRAPPED
    colours: Literal["auto"] | None = "auto" if colourful() else None
    return Console(highlight=False, markup=False, emoji=False, width=width, color_system=colours)
