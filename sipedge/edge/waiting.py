"""What is to be sent on connections that are not open yet."""

from __future__ import annotations

from sipedge.proxy.commands import Forward, Send
from zones.zone import Hop


class Waiting:
    """Commands in the order they came, for each hop."""

    def __init__(self) -> None:
        self._commands: dict[Hop, list[Forward | Send]] = {}

    def count(self, hop: Hop) -> int:
        return len(self._commands.get(hop, ()))

    def add(self, command: Forward | Send) -> None:
        self._commands.setdefault(command.hop, []).append(command)

    def take(self, hop: Hop) -> list[Forward | Send]:
        """All that wait for this hop, which then wait no more."""
        return self._commands.pop(hop, [])

    def abandon(self, branch: str) -> None:
        """Forget the request of this branch."""
        for commands in self._commands.values():
            commands[:] = [item for item in commands if not isinstance(item, Forward) or item.branch != branch]
