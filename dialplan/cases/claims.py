"""Claims: statements of a case file that say never, only or always of a whole class of requests.

``claims_parser.py`` reads them, ``claims_proof.py`` proves them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dialplan.model import Location, Traffic
from dialplan.pattern.escaping import escape


class ClaimKind(Enum):
    NEVER = "never"
    """No request of the class goes to the targets."""
    ONLY = "only"
    """Every request that goes to the targets is of the class."""
    ALWAYS = "always"
    """Every request of the class goes to one of the targets at once, in the first tier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A class of requests, those that fit all conditions, and the zones that they go to."""

    kind: ClaimKind
    sources: tuple[str, ...] = ()
    """Zones; (): any."""
    domain: str = ""
    """The host in From; '': any."""
    pattern: str = ""
    """A regex for the alias before any transform; '': any."""
    traffic: Traffic | None = None
    authenticated: bool | None = None
    targets: tuple[str, ...] = ()
    """Zones; (): any zone at all."""
    text: str
    """As it is written."""
    location: Location = field(default=Location(), compare=False)


def pattern_of_glob(text: str) -> str:
    """A regex for an alias in which ``*`` stands for any text, and ``%localdomains%`` and its like for their values."""
    return escape(text, leave="*%").replace("*", ".*")
