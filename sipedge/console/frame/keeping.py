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


class Keeping:
    def __init__(self, folder: str) -> None:
        """``folder``: of the console; made when something is kept."""
        database = Database(folder)
        self.accounts, self.sessions, self.tokens = Accounts(database), Sessions(database), Tokens(database)
        self.audit = AuditLog(folder)


def address_of(request: Request) -> str:
    """Of the browser or program."""
    return request.client.host if request.client else ""


async def note(keeping: Keeping, request: Request, who: str, what: str, about: str = "", revision: str = "") -> None:
    """An entry of the audit log. Raises OSError: then what it tells of must not happen."""
    await to_thread.run_sync(partial(keeping.audit.add, who, address_of(request), what, about, revision))
