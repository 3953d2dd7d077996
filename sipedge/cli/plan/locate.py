"""``sipedge locate``: where would this go, and why?"""

from __future__ import annotations

from typing import Any

import click

from sipedge.cli.arguments import FILE, PLAN


@click.command()
@PLAN
@click.argument("alias", required=False)
@click.option("--from", "source", metavar="ZONE", help="The zone it comes from; needed, but for --xmpp and --web.")
@click.option("--traffic", metavar="TYPE", help="standard, microsoft av, microsoft share or microsoft im and presence.")
@click.option("--method", metavar="METHOD", help="Gives the traffic type when --traffic does not.")
@click.option("--event", default="presence", show_default=True, help="Event of a SUBSCRIBE, NOTIFY or PUBLISH.")
@click.option("--authenticated", is_flag=True, help="The request is authenticated.")
@click.option("--message", "file", type=FILE, help="A request: gives alias and traffic type.")
@click.option(
    "--certificate",
    "names",
    multiple=True,
    metavar="NAME",
    help="With --message: a name in the sender's certificate; may be given several times. From is compared with them.",
)
@click.option("--xmpp", metavar="DOMAIN", help="Ask for the way of XMPP stanzas to a partner's domain instead.")
@click.option("--web", metavar="URL", help="Ask for the way of a request for a published web service instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--why", is_flag=True, help="With --json: add to each rule of the trace the reason, and where it is written."
)
def command(**options: Any) -> int:
    """Say where a request for ALIAS would go, by the function that the edge itself uses; nothing is sent.

    ALIAS is user@domain as the rules see it, or a whole URI (sip:user@domain;transport=tls), which loses its scheme,
    port and parameters as a Request-URI does. With --message it is found in the message. CONFIG may also be one dial
    plan (*.dialplan): then the zones are those that its rules name.

    Exit status: 0 a zone is found, 1 there is no match or the rules are not asked, 2 a file is broken. With --xmpp: 1
    the domain is not allowed; with --web: 1 nothing is published there, or the edge answers itself.
    """
    from .locate_run import Options, run

    return run(Options(**options))
