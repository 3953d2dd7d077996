"""All parties, started and watched."""

from __future__ import annotations

from dataclasses import dataclass

from sipedge.lab.run import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    keep: bool
    hidden: bool
    b2bua: bool
    expressway: bool
    """Stand-ins for Expressways instead."""
    console: bool


def run(options: Options) -> int:
    """The exit status: 0 when all arrived, 1 otherwise."""
    topology = "b2bua" if options.b2bua else "hidden" if options.hidden else "open"
    return main(options.keep, topology, options.expressway, options.console)
