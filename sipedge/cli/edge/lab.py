"""``sipedge lab``: all parties on loopback."""

from __future__ import annotations

import click


@click.command()
@click.option("--keep", is_flag=True, help="Leave everything running until Ctrl-C.")
@click.option("--hidden", is_flag=True, help='The outside edge hides the inside: topology = "hidden".')
@click.option("--b2bua", is_flag=True, help='The outside edge ends the calls of the inside: topology = "b2bua".')
@click.option("--expressway", is_flag=True, help="Start stand-ins for Expressways instead, until Ctrl-C.")
def command(keep: bool, hidden: bool, b2bua: bool, expressway: bool) -> int:
    """Start all parties on loopback and send IM and presence both ways.

    The parties are an IM&P node, two edges, a Skype for Business Edge, a DNS server and a CA. Prints the ladder of
    every hop and a verdict.

    Exit status: 0 when all arrived, 1 otherwise.
    """
    from sipedge.lab.run import main

    return main(keep, "b2bua" if b2bua else "hidden" if hidden else "open", expressway)
