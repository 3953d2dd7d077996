"""What the console keeps of people: accounts, sessions, tokens, the audit log. It blocks: ask it in threads."""

from __future__ import annotations

from functools import partial

from anyio import to_thread
from starlette.requests import Request

from sipedge.accounts.accounts import Accounts
from sipedge.accounts.database import Database
from sipedge.accounts.sessions import Sessions
from sipedge.accounts.tokens import Tokens
from sipedge.audit.log import AuditLog
from sipedge.control.values import WentBackJson

EDGE = "(edge)"
"""Who did what the edge did by itself; no account is called so."""
LOOKED_AT = 1000
"""Entries of the audit log."""


class Keeping:
    def __init__(self, folder: str) -> None:
        """``folder``: of the console; made when something is kept."""
        database = Database(folder)
        self.accounts, self.sessions, self.tokens = Accounts(database), Sessions(database), Tokens(database)
        self.audit = AuditLog(folder)
        self._noted = 0.0
        """When the edge went back for the last time that the audit log tells of."""

    def note_way_back(self, back: WentBackJson) -> None:
        """What the edge has undone by itself is in the audit log, once. Raises OSError."""
        if back["at"] == self._noted:
            return
        known = (each.who == EDGE and each.time >= back["at"] for each in self.audit.newest(LOOKED_AT))
        if not any(known):
            self.audit.add(EDGE, "", "undone", back["why"], back["revision"])
        self._noted = back["at"]


def address_of(request: Request) -> str:
    """Of the browser or program."""
    return request.client.host if request.client else ""


async def note(keeping: Keeping, request: Request, who: str, what: str, about: str = "", revision: str = "") -> None:
    """An entry of the audit log. Raises OSError: then what it tells of must not happen."""
    await to_thread.run_sync(partial(keeping.audit.add, who, address_of(request), what, about, revision))
