"""May a certificate be used in the role its owner plays on this connection? (RFC 5280 4.2.1.12, RFC 5924)

Public authorities stop putting clientAuth into certificates, so a zone says how much it minds.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from .zone import ExtendedKeyUsage

SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
SIP_DOMAIN = "1.3.6.1.5.5.7.3.20"
ANY_USAGE = "2.5.29.37.0"


class UsageOutcome(Enum):
    OK = "ok"
    WARNING = "warning"
    REFUSED = "refused"


class Usage(NamedTuple):
    outcome: UsageOutcome
    text: str = ""
    """One sentence for the log; '' when ok."""


_OK = Usage(UsageOutcome.OK)


def check_usage(policy: ExtendedKeyUsage, *, inbound: bool, presented: frozenset[str] | None) -> Usage:
    """``presented``: the OIDs of the peer's extended key usage, None when its certificate has no such extension.

    ``inbound``: the peer opened the connection, so it needs clientAuth; else serverAuth.
    """
    needed = CLIENT_AUTH if inbound else SERVER_AUTH
    if policy is ExtendedKeyUsage.OFF or presented is None or presented & {needed, SIP_DOMAIN, ANY_USAGE}:
        return _OK
    text = f"the peer's certificate is not meant for {'clientAuth' if inbound else 'serverAuth'}"
    return Usage(UsageOutcome.WARNING if policy is ExtendedKeyUsage.WARN else UsageOutcome.REFUSED, text)
