"""Is a request authenticated, and what becomes of its P-Asserted-Identity? One table, Expressway's.

"Local" means that the edge is authoritative for the domain in From. An identity (RFC 3325) is believed only where the
zone trusts its peer; elsewhere it is taken out, so that nobody behind the edge believes it either.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from .zone import AuthenticationPolicy


class Identity(Enum):
    """What becomes of P-Asserted-Identity."""

    KEEP = "keep"
    REMOVE = "remove"
    INSERT = "insert"
    """The edge's own originator identity, in place of any that came."""


class Authentication(NamedTuple):
    authenticated: bool
    identity: Identity
    challenge: bool = False
    """Ask for credentials first; the other two hold once they are right, and a wrong answer is rejected."""


_CHALLENGE = Authentication(True, Identity.INSERT, challenge=True)
_ASSERTED = Authentication(True, Identity.KEEP)
_OURS = Authentication(True, Identity.INSERT)
_NOBODY = Authentication(False, Identity.KEEP)
_STRIPPED = Authentication(False, Identity.REMOVE)

_CHECK = AuthenticationPolicy.CHECK
_NO_CHECK = AuthenticationPolicy.DO_NOT_CHECK
_TREAT = AuthenticationPolicy.TREAT_AS_AUTHENTICATED

TABLE: dict[tuple[AuthenticationPolicy, bool, bool, bool], Authentication] = {
    # policy,   trust, local, identity present
    (_CHECK, False, True, False): _CHALLENGE,
    (_CHECK, False, True, True): _CHALLENGE,
    (_CHECK, False, False, False): _STRIPPED,
    (_CHECK, False, False, True): _STRIPPED,
    (_CHECK, True, True, False): _CHALLENGE,
    (_CHECK, True, True, True): _ASSERTED,
    (_CHECK, True, False, False): _NOBODY,
    (_CHECK, True, False, True): _ASSERTED,
    (_NO_CHECK, False, True, False): _STRIPPED,
    (_NO_CHECK, False, True, True): _STRIPPED,
    (_NO_CHECK, False, False, False): _STRIPPED,
    (_NO_CHECK, False, False, True): _STRIPPED,
    (_NO_CHECK, True, True, False): _NOBODY,
    (_NO_CHECK, True, True, True): _ASSERTED,
    (_NO_CHECK, True, False, False): _NOBODY,
    (_NO_CHECK, True, False, True): _ASSERTED,
    (_TREAT, False, True, False): _OURS,
    (_TREAT, False, True, True): _OURS,
    (_TREAT, False, False, False): _STRIPPED,
    (_TREAT, False, False, True): _STRIPPED,
    (_TREAT, True, True, False): _OURS,
    (_TREAT, True, True, True): _ASSERTED,
    (_TREAT, True, False, False): _NOBODY,
    (_TREAT, True, False, True): _ASSERTED,
}


def authenticate(policy: AuthenticationPolicy, *, trust: bool, local: bool, asserted: bool) -> Authentication:
    """``trust``: the zone's; ``local``: From's domain is ours; ``asserted``: the request has P-Asserted-Identity."""
    return TABLE[policy, trust, local, asserted]
