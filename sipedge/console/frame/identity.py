"""Who asks, and what he may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from sipedge.accounts.accounts import VOUCHED
from sipedge.accounts.roles import Role as Role


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    role: Role
    form_token: str = ""
    """What a form of this session carries, so that no other page can send it; '' where no cookie lets in."""
    session: int = 0
    """Its number; 0 for none."""
    by: str = ""
    """Whose token it is; '' for none."""

    @property
    def account(self) -> str:
        return self.by or self.name

    @property
    def has_password(self) -> bool:
        """Here, which he can change."""
        return bool(self.session) and not self.name.startswith(VOUCHED)


class Door(Protocol):
    """Tells who asks."""

    notice: str
    """One line on every page; '' for none."""

    async def who(self, request: Request) -> Identity | Response:
        """The identity, or the answer to somebody who has none yet."""
        ...
