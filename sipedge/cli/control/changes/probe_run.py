"""Peers asked by OPTIONS, and what they said."""

from __future__ import annotations

import click

from sipedge.cli.control.asking import ask
from sipedge.cli.printing import print_json
from sipedge.control.requests import Probe
from sipedge.printable import escaped

NOT_ANSWERED = {408, 503}
"""What the edge itself says where no answer came or nobody could be connected."""


def run(config: str, zone: str, as_json: bool) -> int:
    _, probed = ask(config, Probe(zone), as_json)
    if as_json:
        print_json(probed)
    else:
        for each in probed["results"]:
            said = f"{each['peer']}  {each['status']} {each['reason']}  after {each['milliseconds']:g} ms"
            click.echo(escaped(said))
    return 1 if any(each["status"] in NOT_ANSWERED for each in probed["results"]) else 0
