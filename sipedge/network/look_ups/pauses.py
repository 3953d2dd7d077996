"""What the DNS was silent about, and for how long it is not asked again: pauses that double.

A time-out counts for the host, whatever service of it was asked for; a failure of the server counts for the very
question. Neither counts for the domain above: a stranger who knows one lame name below a partner's domain must not be
able to silence the partner. For the same reason a time-out for NAPTR or AAAA counts for the question only: some name
servers drop kinds that they do not know.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from zones.dns import DnsError

from .slots import Key

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
"""Seconds. A partner whose name servers have come back is asked again after at most this."""
MOST = 4096
"""Subjects that are remembered."""


@dataclass(slots=True)
class _Failures:
    error: DnsError
    in_a_row: int
    ends: float


class Pauses:
    """``now``: seconds of one clock."""

    def __init__(self) -> None:
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failures)

    def error(self, key: Key, now: float) -> DnsError:
        """How the question failed when it was asked last, while its pause lasts; '' when it may be asked."""
        for subject in (key, (_host_of(key[0]), "")):
            failures = self._failures.get(subject)
            if failures is not None and now < failures.ends:
                return failures.error
        return ""

    def failed(self, key: Key, error: DnsError, now: float) -> None:
        """Begin a pause."""
        subject = (_host_of(key[0]), "") if error == "timeout" and key[1] in ("SRV", "A") else key
        before = self._failures.pop(subject, None)
        in_a_row = 1
        if before is not None and now < before.ends + LONGEST_PAUSE:
            in_a_row = before.in_a_row + (now >= before.ends)  # what was asked at the same time counts once
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(in_a_row - 1, 8))
        self._failures[subject] = _Failures(error, in_a_row, now + pause)
        if len(self._failures) > MOST:
            self._failures.popitem(last=False)

    def answered(self, key: Key) -> None:
        """An answer came: what is known against the question and its host is forgotten."""
        self._failures.pop(key, None)
        self._failures.pop((_host_of(key[0]), ""), None)

    def clear(self) -> None:
        self._failures.clear()


def _host_of(name: str) -> str:
    """``example.com`` of ``_sip._tcp.example.com``; other names as they are."""
    service, _, rest = name.partition(".")
    protocol, _, host = rest.partition(".")
    return host if service.startswith("_") and protocol == "_tcp" and host else name
