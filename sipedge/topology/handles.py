"""Tokens that are too long for a peer, kept here, and the short handles that stand for them.

A handle is the beginning of its token: the byte that names the key and the SIV, which no two texts share (RFC 5297).
What it leads to is opened like any token, so that a handle is worth no more than what it stands for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Protocol

MARK = "."
"""Begins a handle; no token has one."""
LENGTH = 23
"""Characters: the 17 bytes of key and SIV."""
KEY = "h."
"""Begins the keys of the journal that are handles'."""
MOST = 20_000
"""Handles that are kept; the one that was used longest ago goes."""


class Board(Protocol):
    """What several workers of an edge show each other."""

    def put(self, text: str) -> None: ...

    def news(self) -> Iterable[str]:
        """What was put up since the last look."""


class Handles:
    """Found by handle; what has changed is told by ``changes``."""

    def __init__(self, board: Board | None = None) -> None:
        """``board``: where others have handles, too. A token is there before anybody can come with its handle."""
        self._board = board
        self._tokens: OrderedDict[str, str] = OrderedDict()
        self.changes: dict[str, str | None] = {}
        """Handle -> token, None for one that is gone: what has changed since ``taken``."""

    def __len__(self) -> int:
        return len(self._tokens)

    def shortened(self, token: str, longest: int) -> str:
        """The token, or its handle with MARK where it has more than ``longest`` characters; 0: any number."""
        if not longest or len(token) <= longest:
            return token
        handle = token[:LENGTH]
        if handle not in self._tokens:
            self._keep(handle, token)
            self.changes[handle] = token
            if self._board is not None:
                self._board.put(token)
        self._tokens.move_to_end(handle)
        return MARK + handle

    def _keep(self, handle: str, token: str) -> None:
        self._tokens[handle] = token
        if len(self._tokens) > MOST:
            self.changes[self._tokens.popitem(last=False)[0]] = None

    def look(self) -> None:
        """Take what others have put up."""
        for token in self._board.news() if self._board is not None else ():
            self._keep(token[:LENGTH], token)

    def whole(self, token: str) -> str:
        """The token of a handle; any other text stays, and so does a handle that nobody knows."""
        if not token.startswith(MARK):
            return token
        handle = token[len(MARK) :]
        if handle not in self._tokens:
            self.look()
        found = self._tokens.get(handle)
        if found is None:
            return token
        self._tokens.move_to_end(handle)
        return found

    def recall(self, handle: str, token: str) -> None:
        """What was kept before a restart; nothing of it is a change."""
        if handle == token[:LENGTH] and len(self._tokens) < MOST:
            self._tokens[handle] = token
            if self._board is not None:
                self._board.put(token)

    def touch_all(self) -> None:
        """All is to be written anew."""
        self.changes |= self._tokens

    def taken(self) -> dict[str, str | None]:
        """``changes``, for the last time."""
        changes, self.changes = self.changes, {}
        return changes
