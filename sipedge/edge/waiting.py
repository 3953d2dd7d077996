"""What is to be sent on connections that are not open yet."""

from __future__ import annotations

from sipedge.proxy.commands import Cancel, Forward, Send
from zones.zone import Hop

ToHop = Forward | Send | Cancel
"""Commands that name a hop, whose connection may have to be opened first."""


class Waiting:
    """Commands in the order they came, for each hop."""

    def __init__(self) -> None:
        self._commands: dict[Hop, list[ToHop]] = {}

    def count(self, hop: Hop) -> int:
        return len(self._commands.get(hop, ()))

    def counts(self) -> dict[Hop, int]:
        """Of each hop for which any wait."""
        return {hop: len(commands) for hop, commands in self._commands.items()}

    def add(self, command: ToHop) -> bool:
        """Whether it is the first for its hop, so that a connection has to be opened."""
        is_first = command.hop not in self._commands
        self._commands.setdefault(command.hop, []).append(command)
        return is_first

    def take(self, hop: Hop) -> list[ToHop]:
        """All that wait for this hop, which then wait no more."""
        return self._commands.pop(hop, [])

    def abandon(self, branch: str) -> bool:
        """Forget the request of this branch; False when none waits. The connection goes on being opened."""
        for commands in self._commands.values():
            for number, command in enumerate(commands):
                if isinstance(command, Forward) and command.branch == branch:
                    del commands[number]
                    return True
        return False
