"""``sipedge lab``: all parties on loopback."""

from __future__ import annotations

from typing import Any

import click


@click.command()
@click.option("--keep", is_flag=True, help="Leave everything running until Ctrl-C.")
@click.option("--hidden", is_flag=True, help='The outside edge hides the inside: topology = "hidden".')
@click.option("--b2bua", is_flag=True, help='The outside edge ends the calls of the inside: topology = "b2bua".')
@click.option("--expressway", is_flag=True, help="Start stand-ins for Expressways instead, until Ctrl-C.")
@click.option("--console", is_flag=True, help="With --keep: a console beside each edge; its address is printed.")
def command(**options: Any) -> int:
    """Start all parties on loopback and send IM and presence both ways.

    The parties are an IM&P node, two edges, a Skype for Business Edge, a DNS server and a CA. Prints the ladder of
    every hop and a verdict.

    Exit status: 0 when all arrived, 1 otherwise.
    """
    from .lab_run import Options, run

    return run(Options(**options))
