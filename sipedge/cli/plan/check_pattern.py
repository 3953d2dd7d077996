"""``sipedge check-pattern``: does this pattern match this alias, and what becomes of it?"""

from __future__ import annotations

from typing import Any

import click

from dialplan.model import Behavior, PatternType

_BEHAVIORS = dict.fromkeys(word for value in Behavior for word in (value.value, value.value.replace(" ", "-")))
"""``add prefix`` may be written ``add-prefix``."""


@click.command()
@click.argument("alias")
@click.option(
    "--type",
    "kind",
    type=click.Choice([kind.value for kind in PatternType], case_sensitive=False),
    default=PatternType.PREFIX.value,
    show_default=True,
)
@click.option("--pattern", required=True, metavar="TEXT", help="The pattern.")
@click.option(
    "--behavior",
    type=click.Choice(list(_BEHAVIORS), case_sensitive=False),
    default="leave",
    show_default=True,
    metavar="WORD",
    help="What becomes of a matching alias: leave, strip, replace, add-prefix or add-suffix.",
)
@click.option("--replace", default="", metavar="TEXT", help="The replace string, or the prefix or suffix to add.")
@click.option("--domain", "domains", multiple=True, help="A SIP domain for %localdomains%; may be repeated.")
@click.option("--ip", "addresses", multiple=True, help="An own address for %ip%; may be repeated.")
@click.option("--system-name", default="", help="The name for %systemname%.")
@click.option(
    "--json", "as_json", is_flag=True, help='Print one JSON object: {"matched": bool, "alias": text or null}.'
)
def command(**options: Any) -> int:
    """Try one pattern on ALIAS (without sip:), as a rule would: the whole alias, case ignored.

    Exit status: 0 it matches, 1 it does not, 2 the pattern is refused.
    """
    from .check_pattern_run import Options, run

    return run(Options(**options))
