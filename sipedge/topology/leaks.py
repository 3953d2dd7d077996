"""Headers of a hidden zone that are not shown, and what is left of those that peers need. One table."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import chain

from sipedge.sip.message import HeaderIndex

from .headers import Handler

DROPPED = (
    "server",  # RFC 3261 20.35: product and version
    "user-agent",  # 20.41
    "organization",  # 20.25
    "call-info",  # 20.9: URIs of hosts
    "error-info",  # 20.18
    "alert-info",  # 20.4
    "history-info",  # RFC 7044
    "path",  # RFC 3327
    "service-route",  # RFC 3608
    "p-access-network-info",  # RFC 7315
    "p-associated-uri",
    "p-charging-function-addresses",
    "p-charging-vector",
    "p-visited-network-id",
)
"""Never passed on from a hidden zone."""
MAY_NAME_HOSTS = frozenset(
    "via route record-route call-id cseq content-type content-length from to p-asserted-identity".split()
)
"""Not searched for hidden hosts: most hold none any more, and no message is whole without them; who is meant by the
last three is decided by rules and by the trust in the zone."""
_WARNING = re.compile(r'(?:^|,)\s*(\d{3})\s+[^\s,"]+\s+"')
_ERROR_ID = re.compile(r"\s*(\d+)")


def handlers(agent: str) -> dict[str, Handler]:
    """``agent``: ``host:port`` of the edge as the other side knows it."""

    def warning(value: str) -> str | None:
        """RFC 3261 20.43: the code stays."""
        return ", ".join(f'{code} {agent} "not shown"' for code in _WARNING.findall(value)) or None

    def diagnostics(value: str) -> str | None:
        """MS-OCER: the error id stays; its source and the texts name servers."""
        found = _ERROR_ID.match(value)
        return f'{found[1]};source="{agent.rpartition(":")[0]}"' if found else None

    masked = {"warning": warning, "ms-diagnostics": diagnostics, "ms-diagnostics-public": diagnostics}
    return {**dict.fromkeys(DROPPED, _dropped), **masked}


def _dropped(value: str) -> None:
    return None


def searched(index: HeaderIndex) -> tuple[int, ...]:
    """The lines that are searched for hidden hosts."""
    numbers: tuple[int, ...] | None = index.memo.get(searched)
    if numbers is None:
        found = (numbers for name, numbers in index.items() if name not in MAY_NAME_HOSTS)
        numbers = index.memo[searched] = tuple(sorted(chain.from_iterable(found)))
    return numbers


def may_name_hosts(line: bytes) -> bool:
    """Whether there is anything in a line that could be a hidden host."""
    return b"." in line or b"::" in line  # one of them is in every address and in every name that is looked for


@lru_cache(maxsize=1024)
def naming(hosts: frozenset[str], public: frozenset[str]) -> Callable[[bytes], bool]:
    """Whether a line names one of ``hosts`` (lower case). A word without a dot is not searched for.

    ``public``: hosts that count for nothing where they stand whole. So a sealed Contact at 203.0.113.10 does not name
    203.0.113.1, and one at edge.dmz.local.example does not name local.example.
    """
    wanted = [_bytes(host) for host in hosts if "." in host or ":" in host]
    whole = re.compile(b"|".join(map(_whole, sorted(public))) or rb"(?!)")

    def names(line: bytes) -> bool:
        if not may_name_hosts(line):
            return False
        text = line.lower()
        return any(host in text for host in wanted) and any(host in whole.sub(b" ", text) for host in wanted)

    return names


def _whole(host: str) -> bytes:
    """A pattern for a host that is no part of another one; a port may stand behind a name or an IPv4 address."""
    behind = rb"[\w:-]" if ":" in host else rb"[\w-]"
    return rb"(?<![\w.:-])%s(?!%s|\.\w)" % (re.escape(_bytes(host)), behind)


def _bytes(host: str) -> bytes:
    return host.encode("utf-8", "surrogateescape")
