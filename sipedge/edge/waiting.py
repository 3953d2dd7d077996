"""What is to be sent on connections that are not open yet."""

from __future__ import annotations

from sipedge.proxy.commands import Cancel, Forward, Send
from zones.zone import Hop

from .others.waiting_of_all import WaitingOfAll

ToHop = Forward | Send | Cancel
"""Commands that name a hop, whose connection may have to be opened first."""


class Waiting:
    """Commands in the order they came, for each hop."""

    def __init__(self, of_all: WaitingOfAll | None = None) -> None:
        """``of_all``: where several workers have such commands."""
        self._of_all = of_all
        self._commands: dict[Hop, list[ToHop]] = {}

    def count(self, hop: Hop) -> int:
        """In all workers."""
        return len(self._commands.get(hop, ())) + (self._of_all.others(hop) if self._of_all else 0)

    def counts(self) -> dict[Hop, int]:
        """Of each hop for which any wait."""
        return {hop: len(commands) for hop, commands in self._commands.items()}

    def add(self, command: ToHop) -> bool:
        """Whether it is the first for its hop, so that a connection has to be opened."""
        is_first = command.hop not in self._commands
        self._commands.setdefault(command.hop, []).append(command)
        self._changed(command.hop)
        return is_first

    def take(self, hop: Hop) -> list[ToHop]:
        """All that wait for this hop, which then wait no more."""
        taken = self._commands.pop(hop, [])
        if taken:
            self._changed(hop)
        return taken

    def abandon(self, branch: str) -> bool:
        """Forget the request of this branch; False when none waits. The connection goes on being opened."""
        for hop, commands in self._commands.items():
            for number, command in enumerate(commands):
                if isinstance(command, Forward) and command.branch == branch:
                    del commands[number]
                    self._changed(hop)
                    return True
        return False

    def _changed(self, hop: Hop) -> None:
        if self._of_all is not None:
            self._of_all.put(hop, len(self._commands.get(hop, ())))
