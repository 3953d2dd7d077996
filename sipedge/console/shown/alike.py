"""What is like one decision: from the same domain to the same domain, by the same rule, with the same answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sipedge.history.row import rule_of

_FROM = re.compile(r"<[^>]*@([^>;:?\s]+)|^[^<]*?@([^>;:?\s]+)")
"""The host of a name-addr, or of an addr-spec (RFC 3261, 25.1)."""


def alike(record: Mapping[str, Any]) -> dict[str, str]:
    """As a filter of the history has it; what the decision has not is not demanded."""
    _, at, domain = record["alias"].rpartition("@")
    sender = _FROM.search(record["from"])
    demands = {
        "destination": at and f"@{domain}",
        "sender": f"@{sender[1] or sender[2]}" if sender else "",
        "rule": rule_of(record),
        "status": str(record["status"] or ""),
    }
    return {name: text for name, text in demands.items() if text}
