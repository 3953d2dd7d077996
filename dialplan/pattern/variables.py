"""Pattern matching variables: ``%ip%``, ``%localdomains%`` and the others.

Cisco's Expressway Administrator Guide lists them in its reference material, under "Pattern matching variables". In a
pattern a variable stands for any of its values, as plain text. A replace string takes only variables with one value.
"""

from __future__ import annotations

import re

from dialplan.model import Variables
from dialplan.problem import suggestion
from dialplan.syntax import PatternError

MAX_DOMAINS = 200
VARIABLE = re.compile(r"%([A-Za-z]\w*)%", re.ASCII)

MANY = ("ip", "ipv4", "ipv6", "localdomains")
ONE = ("ipv4_1", "ipv4_2", "ipv6_1", "ipv6_2", "systemname")
_NUMBERED = re.compile(r"localdomain([1-9][0-9]{0,2})", re.ASCII)


def check_name(name: str, at: int) -> None:
    """Raises PatternError when there is no such variable. ``name``: in lower case, without percent signs."""
    numbered = _NUMBERED.fullmatch(name)
    if name in MANY or name in ONE or (numbered and int(numbered[1]) <= MAX_DOMAINS):
        return
    hint = (
        suggestion(name, (*MANY, *ONE, "localdomain1")) or f"known are %{'%, %'.join((*MANY, *ONE))}%, %localdomainN%"
    )
    raise PatternError(at, f"unknown variable %{name}%", f"{hint}; in a regex \\% is a percent sign")


def values(name: str, at: int, variables: Variables) -> tuple[str, ...]:
    """All texts that the variable stands for in a pattern; IPv6 addresses with and without brackets.

    Raises PatternError when a variable with one value has none.
    """
    if name == "localdomains":
        return variables.domains
    if name == "ip":
        return variables.ipv4 + _both_forms(variables.ipv6)
    if name == "ipv4":
        return variables.ipv4
    if name == "ipv6":
        return _both_forms(variables.ipv6)
    value = _single(name, at, variables)
    return _both_forms((value,)) if name.startswith("ipv6") else (value,)


def single_value(name: str, at: int, variables: Variables) -> str:
    """The text for a replace string. An IPv6 address is in brackets, as a URI wants it (RFC 3986 3.2.2).

    Raises PatternError when the variable has no value.
    """
    value = _single(name, at, variables)
    return f"[{value}]" if name.startswith("ipv6") else value


def check_single(name: str, at: int) -> None:
    """Raises PatternError when a replace string may not hold the variable."""
    if name in MANY:
        raise PatternError(
            at, f"%{name}% in a replace string", "it has many values; write one: %localdomain1%, %ipv4_1%"
        )


def _single(name: str, at: int, variables: Variables) -> str:
    kind, number = name, 1
    if name.startswith("localdomain"):
        kind, number = "localdomain", int(name[len("localdomain") :])
    elif name != "systemname":
        kind, number = name[:4], int(name[-1])
    known = {
        "localdomain": variables.domains,
        "ipv4": variables.ipv4,
        "ipv6": variables.ipv6,
        "systemname": (variables.system_name,) if variables.system_name else (),
    }[kind]
    if number > len(known):
        raise PatternError(at, f"%{name}% has no value here", f"{len(known)} configured")
    return known[number - 1]


def _both_forms(addresses: tuple[str, ...]) -> tuple[str, ...]:
    return addresses + tuple(f"[{address}]" for address in addresses)
