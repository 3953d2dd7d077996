"""Who asks, and what he may: three roles, each of which may all that the one before it may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response


class Role(IntEnum):
    AUDITOR = 1
    """Reads."""
    OPERATOR = 2
    """Writes drafts."""
    ADMIN = 3
    """Puts something in force."""

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    role: Role
    form_token: str = ""
    """What a form of this session carries, so that no other page can send it."""


class Door(Protocol):
    """Tells who asks."""

    notice: str
    """One line on every page; '' for none."""

    def who(self, request: Request) -> Identity | Response:
        """The identity, or the answer to somebody who has none yet."""
        ...


class OpenDoor:
    """Whoever reaches a loopback address is let in: before there are accounts. The gate keeps other hosts away."""

    notice = "There are no accounts: every user of this machine can see this console."

    def who(self, request: Request) -> Identity | Response:
        return Identity("local", Role.ADMIN)
