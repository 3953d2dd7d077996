"""All parties, started and watched."""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.lab.run import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    keep: bool
    hidden: bool
    expressway: bool
    """Stand-ins for Expressways instead."""
    console: bool


def run(options: Options) -> int:
    """The exit status: 0 when all arrived, 1 otherwise."""
    return main(options.keep, options.hidden, options.expressway, options.console)
