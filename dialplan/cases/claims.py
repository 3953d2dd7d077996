"""Claims: what a plan never, always, or for these requests only does. Statements of a case file beside the cases.

Read by claims_parser.py, proved by claims_proof.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dialplan.model import Location, Traffic


class ClaimKind(Enum):
    NEVER = "never"
    """No such request goes there."""
    ONLY = "only"
    """Whatever goes there is such a request."""
    ALWAYS = "always"
    """Every such request goes there at once, in the first tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Such requests: all that fit everything said here."""

    kind: ClaimKind
    sources: tuple[str, ...] = ()
    """Zones; (): any."""
    pattern: str = ""
    """A regex for the alias as it comes in; '': any."""
    traffic: Traffic | None = None
    authenticated: bool | None = None
    targets: tuple[str, ...] = ()
    """*There*: one of these zones; (): any zone at all."""
    text: str
    """As it is written."""
    location: Location = field(default=Location(), compare=False)


SPECIAL = frozenset("\\.^$+?{}[]()|")
"""What a regex takes for something else; not % (variables) and not * (any text)."""


def pattern_of_glob(text: str) -> str:
    """A regex for an alias in which ``*`` stands for any text, and ``%localdomains%`` and its like for their values."""
    return "".join(".*" if one == "*" else f"\\{one}" if one in SPECIAL else one for one in text)
