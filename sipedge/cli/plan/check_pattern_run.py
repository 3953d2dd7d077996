"""One pattern tried on one alias."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import ip_address

import click

from dialplan.model import Behavior, PatternType, Variables
from dialplan.pattern.variables import VARIABLE, values
from dialplan.search.check_pattern import check_pattern
from dialplan.search.compiled_rule import ReplaceError
from dialplan.syntax import PatternError
from sipedge.cli.printing import print_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    alias: str
    kind: str
    """The value of a PatternType."""
    pattern: str
    behavior: str
    """The value of a Behavior, or the same with hyphens for blanks."""
    replace: str
    domains: tuple[str, ...]
    addresses: tuple[str, ...]
    system_name: str
    as_json: bool


def run(options: Options) -> int:
    """The exit status: 0 it matches, 1 it does not."""
    alias = _try(options, _variables(options))
    if options.as_json:
        print_json({"matched": alias is not None, "alias": alias})
    elif alias is not None:
        click.echo(f"matched: {alias}")
    else:
        click.echo("no match")
        if options.kind == PatternType.REGEX.value and _try(_anywhere(options), _variables(options)) is not None:
            click.echo(f"a part of the alias matches, but the whole alias must: write {_anywhere(options).pattern}")
    return 1 if alias is None else 0


def _anywhere(options: Options) -> Options:
    """The same with anything around the pattern."""
    return replace(options, pattern=f".*{options.pattern}.*", behavior="leave")


def _variables(options: Options) -> Variables:
    try:
        own = [ip_address(text) for text in options.addresses]
    except ValueError as error:
        raise click.UsageError(f"--ip: {error}") from None
    return Variables(
        ipv4=tuple(str(address) for address in own if address.version == 4),
        ipv6=tuple(str(address) for address in own if address.version == 6),
        domains=options.domains,
        system_name=options.system_name,
    )


def _try(options: Options, variables: Variables) -> str | None:
    """The alias that goes on, None without a match. A pattern that is refused ends the command with status 2."""
    pattern, behavior = options.pattern, Behavior(options.behavior.replace("-", " "))
    try:
        verdict = check_pattern(PatternType(options.kind), pattern, options.alias, behavior, options.replace, variables)
    except ReplaceError as error:
        raise click.UsageError(f"--replace, {error}") from None
    except PatternError as error:
        raise click.UsageError(f"--pattern, {error}") from None
    for variable in VARIABLE.finditer(pattern):
        is_literal = pattern[variable.start() - 1 : variable.start()] == "\\"
        if not is_literal and not values(variable[1].lower(), 0, variables):
            raise click.UsageError(f"{variable[0]} has no value here; give one with --domain or --ip")
    return verdict["alias"]
