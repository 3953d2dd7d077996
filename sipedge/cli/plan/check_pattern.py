"""``sipedge check-pattern``: does this pattern match this alias, and what becomes of it?"""

from __future__ import annotations

import json
from ipaddress import ip_address

import click

from dialplan.model import Behavior, PatternType, Variables

_BEHAVIORS = {word: behavior for behavior in Behavior for word in (behavior.value, behavior.value.replace(" ", "-"))}
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
def command(
    alias: str,
    kind: str,
    pattern: str,
    behavior: str,
    replace: str,
    domains: tuple[str, ...],
    addresses: tuple[str, ...],
    system_name: str,
    as_json: bool,
) -> int:
    """Try one pattern on ALIAS (without sip:), as a rule would: the whole alias, case ignored.

    Exit status: 0 it matches, 1 it does not, 2 the pattern is refused. With --json an answer of either kind is 0.
    """
    variables = _variables(domains, addresses, system_name)
    result = _try(alias, PatternType(kind), pattern, _BEHAVIORS[behavior], replace, variables)
    if as_json:
        click.echo(json.dumps({"matched": result is not None, "alias": result}))
        return 0
    if result is None:
        click.echo("no match")
        return 1
    click.echo(f"matched: {result}")
    return 0


def _variables(domains: tuple[str, ...], addresses: tuple[str, ...], system_name: str) -> Variables:
    try:
        own = [ip_address(text) for text in addresses]
    except ValueError as error:
        raise click.UsageError(f"--ip: {error}") from None
    return Variables(
        ipv4=tuple(str(address) for address in own if address.version == 4),
        ipv6=tuple(str(address) for address in own if address.version == 6),
        domains=domains,
        system_name=system_name,
    )


def _try(
    alias: str, kind: PatternType, pattern: str, behavior: Behavior, replace: str, variables: Variables
) -> str | None:
    """The alias that goes on, None without a match. A pattern that is refused ends the command with status 2."""
    from dialplan.pattern.variables import VARIABLE, values
    from dialplan.search.check_pattern import check_pattern
    from dialplan.search.compiled_rule import ReplaceError
    from dialplan.syntax import PatternError

    try:
        verdict = check_pattern(kind, pattern, alias, behavior, replace, variables)
    except ReplaceError as error:
        raise click.UsageError(f"--replace, {error}") from None
    except PatternError as error:
        raise click.UsageError(f"--pattern, {error}") from None
    for found in VARIABLE.finditer(pattern):
        if pattern[found.start() - 1 : found.start()] != "\\" and not values(found[1].lower(), 0, variables):
            raise click.UsageError(f"{found[0]} has no value here; give one with --domain or --ip")
    return verdict["alias"]
