"""What a replay could not tell, said once for all traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sipedge.cli.printing import amount, say
from sipedge.printable import escaped
from sipedge.replay.work import Part

_SHOWN = 4
"""Senders that are named."""


class Doubts:
    """Added up over all parts."""

    def __init__(self) -> None:
        self._untold: Counter[str] = Counter()
        self._not_judged = 0
        self._retold: Counter[bool] = Counter()

    def take(self, part: Part) -> None:
        self._untold.update(part.untold)
        self._not_judged += part.not_judged
        self._retold.update(part.retold)

    def tell(self, zones: Sequence[str]) -> None:
        """``zones``: those whose peers are names without a known address."""
        if self._retold:
            self._tell_retold()
        if self._not_judged:
            requests = amount(self._not_judged, "request")
            say(f"Routes not judged in {requests}: CONFIG has no secret (copy it, or set secret_file)")
        if self._untold:
            requests = amount(self._untold.total(), "request")
            names = ", ".join(f'"{escaped(zone)}"' for zone in zones)
            say(
                f"{requests} from {_senders(self._untold)} may be of {names}, whose peers are names: taken as from the "
                "Default Zone (say --name HOST=ADDRESS)"
            )

    def _tell_retold(self) -> None:
        requests = amount(self._retold.total(), "decision")
        say(
            f"{requests} of an edge made again: source zone, traffic type, authentication, signed Routes and refusals "
            "are taken as it recorded them, not judged"
        )
        if self._retold[False]:
            say(f"{amount(self._retold[False], 'decision')} of them made under another revision than CONFIG's")


def _senders(hosts: Counter[str]) -> str:
    """The busiest first."""
    named = [escaped(host) or "?" for host, _ in hosts.most_common(_SHOWN)]
    more = len(hosts) - len(named)
    return ", ".join(named) + (f" and {amount(more, 'other')}" if more else "")
